/** The table of precision, recall, F1 and support that scikit-learn and seqeval print. */
import { checkInteger, checkOptions } from "@seq/core";
import { formatFixed } from "../format.ts";
import type { PrecisionRecall } from "./averages.ts";

export interface ReportedScore {
  readonly types: ReadonlyMap<string, PrecisionRecall>;
  readonly micro: PrecisionRecall;
  readonly macro: PrecisionRecall;
  readonly weighted: PrecisionRecall;
}

/**
 * The table, character by character as seqeval's `classification_report`.
 *
 * @param options.digits - after the point. Default 2.
 */
export function classificationReport(
  score: ReportedScore,
  options: { readonly digits?: number } = {},
): string {
  checkOptions("classificationReport", options, ["digits"]);
  const digits = checkInteger("classificationReport", "digits", options.digits ?? 2, {
    min: 0,
    max: 20,
  });
  const names = Array.from(score.types.keys());
  const width = Math.max(
    "weighted avg".length,
    digits,
    ...names.map((name) => Array.from(name).length),
  );
  const row = (name: string, { precision, recall, f1, support }: PrecisionRecall) =>
    `${padName(name, width)}  ${[
      ...[precision, recall, f1].map((value) => formatFixed(value, digits)),
      String(support),
    ]
      .map((cell) => cell.padStart(9))
      .join(" ")}`;
  const header = ["precision", "recall", "f1-score", "support"].map((cell) => cell.padStart(9));
  return [
    `${" ".repeat(width)}  ${header.join(" ")}`,
    "",
    ...Array.from(score.types, ([name, own]) => row(name, own)),
    "",
    row("micro avg", score.micro),
    row("macro avg", score.macro),
    row("weighted avg", score.weighted),
    "",
  ].join("\n");
}

/** Right-aligned by code points, as Python aligns. */
function padName(name: string, width: number): string {
  return " ".repeat(Math.max(0, width - Array.from(name).length)) + name;
}
