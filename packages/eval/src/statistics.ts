/**
 * Statistics of a segment as one `Float64Array` of numbers that add up: scores of corpora, shards, streams
 * and resamples are all scores of sums. Counts stay exact up to 2^53.
 *
 * Text metrics begin theirs with [segments, references, references²]: these add up too, and all segments
 * have the same number of references exactly when segments * Σ references² = (Σ references)².
 */
import { ShapeError } from "@seq/core";

export const headerLength = 3;

export function writeHeader(statistics: Float64Array, references: number): void {
  statistics[0] = 1;
  statistics[1] = references;
  statistics[2] = references * references;
}

/** Number of references per segment, or `"var"`, as signatures show it. */
export function referencesPerSegment(statistics: Float64Array): number | "var" {
  const [segments, references, squares] = statistics as unknown as [number, number, number];
  if (segments === 0) return 0;
  return segments * squares === references * references ? references / segments : "var";
}

/**
 * left + right, a new array.
 *
 * @throws {ShapeError} `STATISTICS_SIZE` for statistics of different metrics or settings.
 */
export function addStatistics(left: Float64Array, right: Float64Array): Float64Array {
  if (left.length !== right.length) {
    throw new ShapeError(
      `merge: statistics of ${left.length} and ${right.length} numbers; sum shards of one metric with one setting.`,
      { code: "STATISTICS_SIZE" },
    );
  }
  const sum = Float64Array.from(left);
  for (let i = 0; i < sum.length; i++) sum[i]! += right[i]!;
  return sum;
}
