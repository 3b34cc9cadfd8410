/** Score lines and JSON in sacreBLEU's form, so that scripts that read them carry over. */
import { checkInteger, checkOptions, type Score } from "@seq/core";

export interface FormatOptions {
  /** Digits after the point. Default 2 (sacreBLEU's command line prints 1 for BLEU and TER). */
  readonly digits?: number;
  /** Mean and half-width of the 95 % confidence interval, from `bootstrapConfidence`. */
  readonly confidence?: { readonly mean: number; readonly halfWidth: number };
}

type VerboseScore = Score & { readonly verbose?: string };

/**
 * The score in one line.
 *
 * @example formatScore(corpusBleu(hypotheses, references))
 * // "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0+seq.0.1.0 = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ...)"
 */
export function formatScore(score: VerboseScore, options: FormatOptions = {}): string {
  const { number, spread } = parts(score, options);
  const value = spread === undefined ? number : `${number} (${spread.text})`;
  const verbose = score.verbose === undefined ? "" : ` ${score.verbose}`;
  return `${score.name}|${score.signature} = ${value}${verbose}`;
}

/** The score as plain data, with the fields and their order of `sacrebleu --format json`. */
export function scoreToJson(
  score: VerboseScore,
  options: FormatOptions = {},
): Readonly<Record<string, string | number>> {
  const { number, spread } = parts(score, options);
  const fields = new Map<string, string | number>([
    ["name", score.name],
    ["score", Number(number)],
    ["signature", score.signature],
  ]);
  if (spread !== undefined) {
    fields.set("confidence_mean", Number(spread.mean));
    fields.set("confidence_var", Number(spread.halfWidth));
    fields.set("confidence", spread.text);
  }
  if (score.verbose !== undefined) fields.set("verbose_score", score.verbose);
  for (const field of score.signature.split("|")) {
    const colon = field.indexOf(":");
    fields.set(field.slice(0, colon), field.slice(colon + 1));
  }
  return Object.fromEntries(fields);
}

function parts(score: Score, options: FormatOptions) {
  checkOptions("formatScore", options, ["digits", "confidence"]);
  const digits = checkInteger("formatScore", "digits", options.digits ?? 2, { min: 0, max: 100 });
  const number = formatFixed(score.value, digits);
  if (options.confidence === undefined) return { number, spread: undefined };
  const mean = formatFixed(options.confidence.mean, digits);
  const halfWidth = formatFixed(options.confidence.halfWidth, digits);
  return { number, spread: { mean, halfWidth, text: `μ = ${mean} ± ${halfWidth}` } };
}

/**
 * A number with a fixed number of digits after the point, rounded as Python and C do it: an exact half
 * goes to the even digit, where `toFixed` takes the larger.
 *
 * @example formatFixed(0.125, 2) // "0.12", where (0.125).toFixed(2) is "0.13"
 */
export function formatFixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  }
  const text = value.toFixed(digits);
  // value lies exactly between two decimals only when it is an odd multiple of 2^-(digits + 1).
  const scaled = value * 2 ** (digits + 1);
  if (Number.isInteger(scaled) && scaled % 2 !== 0) {
    const below = Math.floor(value * 10 ** digits); // exact: the half is representable
    const even = below % 2 === 0 ? below : below + 1;
    return (even / 10 ** digits).toFixed(digits);
  }
  return text;
}
