/**
 * Signature strings: which settings produced a score, in sacreBLEU's form
 * `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:...`.
 *
 * The last field marks ours: `version:2.6.0+seq.0.1.0` says "the numbers of sacreBLEU 2.6.0, computed by
 * @seq/eval 0.1.0" (the part after `+` is build metadata in semantic versioning). A signature of the
 * reference tool is thus a prefix of ours. Metrics that sacreBLEU does not have say `version:seq.0.1.0`.
 */
import { packageVersion, sacrebleuVersion } from "./version.ts";

export type SignatureFields = readonly (readonly [key: string, value: string | number | boolean])[];

/** @example formatSignature([["nrefs", 1], ["eff", false]], "sacrebleu") // "nrefs:1|eff:no|version:2.6.0+seq.0.1.0" */
export function formatSignature(fields: SignatureFields, origin: "sacrebleu" | "seq"): string {
  const version =
    origin === "sacrebleu" ? `${sacrebleuVersion}+seq.${packageVersion}` : `seq.${packageVersion}`;
  return [...fields, ["version", version] as const]
    .map(([key, value]) => `${key}:${typeof value === "boolean" ? (value ? "yes" : "no") : value}`)
    .join("|");
}
