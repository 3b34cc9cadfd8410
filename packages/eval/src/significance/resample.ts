/** Scores of resampled corpora from the statistics of segments: no text is counted twice. */
import { type Score, ShapeError } from "@seq/core";
import type { SummedMetric } from "../running-score.ts";

/** Statistics of all segments of one system, row by row: [segments, width]. */
export interface StatisticsTable {
  readonly values: Float64Array;
  readonly segments: number;
  readonly width: number;
}

/** What a resampling needs of a metric: the score of a sum. */
export type ScoringMetric = Pick<SummedMetric<never, never, Score>, "score" | "name">;

/** @throws {ShapeError} `SEGMENT_COUNT` when there are no rows. */
export function statisticsTable(rows: readonly Float64Array[]): StatisticsTable {
  const first = rows[0];
  if (first === undefined) {
    throw new ShapeError("significance: no segments to resample.", { code: "SEGMENT_COUNT" });
  }
  const values = new Float64Array(rows.length * first.length);
  for (const [i, row] of rows.entries()) values.set(row, i * first.length);
  return { values, segments: rows.length, width: first.length };
}

/** The score of the whole. */
export function scoreOfTable(metric: ScoringMetric, table: StatisticsTable): Score {
  const sum = new Float64Array(table.width);
  for (let i = 0; i < table.segments; i++) addRow(sum, table, i);
  return metric.score(sum);
}

/**
 * One score per resample.
 *
 * @param indices - which segments each resample holds: [samples, segments].
 */
export function resampledScores(
  metric: ScoringMetric,
  table: StatisticsTable,
  indices: Uint32Array,
): Float64Array {
  const samples = indices.length / table.segments;
  const scores = new Float64Array(samples);
  const sum = new Float64Array(table.width);
  for (let s = 0; s < samples; s++) {
    sum.fill(0);
    const begin = s * table.segments;
    for (let i = 0; i < table.segments; i++) addRow(sum, table, indices[begin + i]!);
    scores[s] = metric.score(sum).value;
  }
  return scores;
}

/**
 * Absolute differences of two systems after swapping some of their segments.
 *
 * @param keep - 1 where the segment stays with its system: [samples, segments].
 */
export function swappedDifferences(
  metric: ScoringMetric,
  baseline: StatisticsTable,
  system: StatisticsTable,
  keep: Uint8Array,
): Float64Array {
  const { segments, width } = baseline;
  const samples = keep.length / segments;
  const differences = new Float64Array(samples);
  const left = new Float64Array(width);
  const right = new Float64Array(width);
  for (let s = 0; s < samples; s++) {
    left.fill(0);
    right.fill(0);
    for (let i = 0; i < segments; i++) {
      const stays = keep[s * segments + i] === 1;
      addRow(left, stays ? baseline : system, i);
      addRow(right, stays ? system : baseline, i);
    }
    differences[s] = Math.abs(metric.score(left).value - metric.score(right).value);
  }
  return differences;
}

function addRow(sum: Float64Array, { values, width }: StatisticsTable, row: number): void {
  const begin = row * width;
  for (let k = 0; k < width; k++) sum[k]! += values[begin + k]!;
}
