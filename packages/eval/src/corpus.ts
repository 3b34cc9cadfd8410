/** From a list of hypotheses and lists of references to a score: the loop behind all text metrics. */
import { FormatError, type Score, ShapeError } from "@seq/core";
import { RunningScore, type SummedMetric, segmentStatistics } from "./running-score.ts";

/** A metric of a hypothesis against one or more references. */
export type TextMetric<S extends Score = Score> = SummedMetric<string, readonly string[], S>;

/**
 * The references of a corpus: one list (`references[i]` belongs to segment i), or several
 * (`references[k][i]` is reference k of segment i), where `null` says that segment i has no reference k.
 */
export type References = readonly string[] | readonly (readonly (string | null)[])[];

/**
 * Scores a corpus.
 *
 * @throws {ShapeError} `SEGMENT_COUNT` when the numbers of segments differ or there are none,
 *   `NO_REFERENCE` when a segment has none.
 * @throws {FormatError} `SEGMENT_TYPE` when a segment is not a string.
 */
export function scoreCorpus<S extends Score>(
  metric: TextMetric<S>,
  hypotheses: readonly string[],
  references: References,
): S {
  const running = new RunningScore(metric);
  for (const [hypothesis, own] of segments(metric.name, hypotheses, references)) {
    running.add(hypothesis, own);
  }
  return running.score();
}

/** The statistics of each segment, for significance tests: row i is segment i. Throws as `scoreCorpus`. */
export function corpusStatistics(
  metric: TextMetric,
  hypotheses: readonly string[],
  references: References,
): readonly Float64Array[] {
  const rows: Float64Array[] = [];
  for (const [hypothesis, own] of segments(metric.name, hypotheses, references)) {
    rows.push(segmentStatistics(metric, rows.length + 1, hypothesis, own));
  }
  return rows;
}

/** Each hypothesis with the references that it has. */
function* segments(
  where: string,
  hypotheses: readonly string[],
  references: References,
): Generator<readonly [hypothesis: string, references: readonly string[]]> {
  const streams = referenceStreams(where, references);
  for (const [k, stream] of streams.entries()) {
    if (stream.length === hypotheses.length) continue;
    const which = streams.length > 1 ? `reference ${k + 1}` : "the reference";
    throw new ShapeError(
      `${where}: ${hypotheses.length} hypotheses, but ${which} has ${stream.length} segments; give one per hypothesis, in the same order.`,
      {
        code: "SEGMENT_COUNT",
        details: { hypotheses: hypotheses.length, references: stream.length, stream: k + 1 },
      },
    );
  }
  for (let i = 0; i < hypotheses.length; i++) {
    const own: string[] = [];
    for (const stream of streams) {
      const reference = stream[i];
      if (reference !== null) own.push(reference as string);
    }
    yield [hypotheses[i] as string, own];
  }
}

function referenceStreams(
  where: string,
  references: References,
): readonly (readonly (string | null)[])[] {
  if (!Array.isArray(references) || references.length === 0) {
    throw new ShapeError(
      `${where}: no references; give a list of strings, or several such lists.`,
      {
        code: "NO_REFERENCE",
      },
    );
  }
  const nested = references.some((item) => Array.isArray(item));
  return (nested ? references : [references]) as readonly (readonly (string | null)[])[];
}

/**
 * What every text metric checks before it counts a segment.
 *
 * @throws {FormatError} `SEGMENT_TYPE`
 * @throws {ShapeError} `NO_REFERENCE`
 */
export function checkTexts(
  where: string,
  hypothesis: unknown,
  references: readonly unknown[],
): void {
  if (typeof hypothesis !== "string") throw notText(where, "hypothesis", hypothesis);
  if (references.length === 0) {
    throw new ShapeError(`${where}: there is no reference; give at least one.`, {
      code: "NO_REFERENCE",
    });
  }
  for (const reference of references) {
    if (typeof reference !== "string") throw notText(where, "reference", reference);
  }
}

function notText(where: string, what: string, value: unknown): FormatError {
  const came = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  return new FormatError(`${where}: the ${what} is ${came}, expected a string.`, {
    code: "SEGMENT_TYPE",
    details: { what, came },
  });
}
