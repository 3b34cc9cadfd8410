/** seqeval: spans, precision, recall, F1, accuracy and reports, lenient and strict. */
import {
  classificationReport,
  detectScheme,
  lenientSpans,
  type PrecisionRecall,
  type SpanF1Score,
  spanF1,
  type TagScheme,
} from "@seq/eval";
import { Checks, differenceOfLists, differenceOfNumbers } from "../check.ts";
import type { Area, OracleFile, Verdict } from "../types.ts";

const tolerance = 1e-6;

// biome-ignore lint/suspicious/noExplicitAny: oracle files are read as they come.
type Json = any;

function optionsOf(c: Json, mode: string, zeroDivision: 0 | 1) {
  return {
    suffix: c.suffix as boolean,
    zeroDivision,
    ...(mode === "strict" ? { scheme: c.scheme as TagScheme } : {}),
  };
}

/** The score, or what went wrong: where the reference raises, we must throw. */
function scoreOrError(c: Json, mode: string, zeroDivision: 0 | 1): SpanF1Score | Error {
  try {
    return spanF1(c.y_pred, c.y_true, optionsOf(c, mode, zeroDivision));
  } catch (error) {
    return error as Error;
  }
}

function valuesOf(score: SpanF1Score, average: string | null): readonly PrecisionRecall[] {
  if (average === null) return Array.from(score.types.values());
  return [score[average as "micro" | "macro" | "weighted"]];
}

function resultDifference(c: Json, result: Json): string | undefined {
  const score = scoreOrError(c, result.mode, result.zero_division);
  const name = `${result.mode} ${result.average} zero ${result.zero_division}`;
  if ("error" in result) {
    return score instanceof Error ? undefined : `${name}: scored, expected ${result.error}`;
  }
  if (score instanceof Error) return `${name}: ${score.message}`;
  const own = valuesOf(score, result.average);
  for (const key of ["precision", "recall", "f1", "support"] as const) {
    const expected = [result[key]].flat();
    const difference = differenceOfNumbers(
      `${name} ${key}`,
      own.map((v) => v[key]),
      expected,
      tolerance,
    );
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function reportDifference(c: Json, mode: string): string | undefined {
  const expected = c[`report_${mode}`];
  // Without any entity the reference fails to lay out its table; ours has the averages only.
  if (expected === undefined || typeof expected === "object") return undefined;
  const score = scoreOrError(c, mode, 0);
  if (score instanceof Error) return `report_${mode}: ${score.message}`;
  return differenceOfLists(
    `report_${mode} line`,
    classificationReport(score, { digits: 4 }).split("\n"),
    expected.split("\n"),
  );
}

function tagsDifference(c: Json): string | undefined {
  const score = scoreOrError(c, "default", 0);
  if (score instanceof Error) return undefined; // compared as a result above
  const {
    truePositives: TP,
    falsePositives: FP,
    falseNegatives: FN,
    trueNegatives: TN,
  } = score.tags;
  const expected = c.performance_measure;
  return (
    (typeof c.accuracy === "number"
      ? differenceOfNumbers("accuracy", [score.accuracy], [c.accuracy], tolerance)
      : undefined) ??
    ("error" in expected
      ? undefined
      : differenceOfLists(
          "tags",
          [TP, FP, FN, TN],
          [expected.TP, expected.FP, expected.FN, expected.TN],
        ))
  );
}

/** Spans of each true sentence; the reference's ends are inclusive here. */
function spansDifference(c: Json): string | undefined {
  for (const [i, expected] of c.entities_default_true.entries()) {
    const got = lenientSpans(c.y_true[i], c.suffix).map(({ type, start, end }) => [
      type,
      start,
      end - 1,
    ]);
    if (JSON.stringify(got) !== JSON.stringify(expected)) {
      return `spans of sentence ${i} are ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`;
    }
  }
  return undefined;
}

function schemeDifference(c: Json): string | undefined {
  if (c.auto_detect_true === undefined) return undefined;
  let got: string;
  try {
    got = detectScheme(c.y_true, c.suffix);
  } catch {
    got = "none";
  }
  const expected = typeof c.auto_detect_true === "string" ? c.auto_detect_true : "none";
  return differenceOfLists("scheme", [got], [expected]);
}

export const seqeval: Area = {
  name: "seqeval",
  recognises: ({ json }: OracleFile) =>
    json.meta?.tool === "seqeval" && Array.isArray(json.cases?.[0]?.y_true),
  async run({ json }: OracleFile): Promise<Verdict> {
    const checks = new Checks();
    for (const c of json.cases) {
      await checks.run(c.name, () => {
        for (const result of c.results) {
          const difference = resultDifference(c, result);
          if (difference !== undefined) return difference;
        }
        return (
          spansDifference(c) ??
          tagsDifference(c) ??
          schemeDifference(c) ??
          reportDifference(c, "default") ??
          reportDifference(c, "strict")
        );
      });
    }
    return checks.verdict();
  },
};
