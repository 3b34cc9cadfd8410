/**
 * A score that is still being summed: add segments as they come, sum shards apart and merge them. Keeps one
 * array of sums, whatever the number of segments.
 */
import { type Metric, OptionError, type Score, SeqError, ShapeError } from "@seq/core";

/** A metric whose statistics are numbers in a `Float64Array`: all metrics of this package. */
export type SummedMetric<Hypothesis, Reference, S extends Score = Score> = Metric<
  Hypothesis,
  Reference,
  Float64Array,
  S
>;

/**
 * @example
 * const running = new RunningScore(new Bleu());
 * for await (const [hypothesis, reference] of pairs) running.add(hypothesis, [reference]);
 * running.score().value;
 */
export class RunningScore<Hypothesis, Reference, S extends Score> {
  readonly metric: SummedMetric<Hypothesis, Reference, S>;
  readonly #sum: Float64Array;
  #segments = 0;

  constructor(metric: SummedMetric<Hypothesis, Reference, S>) {
    this.metric = metric;
    this.#sum = metric.empty();
  }

  /** Number of segments so far. */
  get segments(): number {
    return this.#segments;
  }

  /** A copy of the sums, to send to another process or thread; see `addStatistics`. */
  get statistics(): Float64Array {
    return this.#sum.slice();
  }

  /** @throws {SeqError} what the metric throws, with the number of the segment (from 1) in front. */
  add(hypothesis: Hypothesis, reference: Reference): void {
    this.#segments++;
    this.#accumulate(segmentStatistics(this.metric, this.#segments, hypothesis, reference));
  }

  /**
   * Adds the sums of a shard that was counted elsewhere by an equal metric.
   *
   * @throws {ShapeError} `STATISTICS_SIZE`
   */
  addStatistics(statistics: Float64Array, segments: number): void {
    if (statistics.length !== this.#sum.length) {
      throw new ShapeError(
        `${this.metric.name}: statistics of ${statistics.length} numbers, expected ${this.#sum.length}; sum shards of one metric with one setting.`,
        { code: "STATISTICS_SIZE" },
      );
    }
    this.#accumulate(statistics);
    this.#segments += segments;
  }

  /** @throws {OptionError} `METRIC_MISMATCH` when the other metric has other settings. */
  merge(other: RunningScore<Hypothesis, Reference, S>): void {
    const [mine, its] = [this.metric, other.metric];
    if (mine.name !== its.name || mine.signature !== its.signature) {
      throw new OptionError(
        `RunningScore: cannot merge ${its.name}|${its.signature} into ${mine.name}|${mine.signature}; use one metric with one setting.`,
        { code: "METRIC_MISMATCH" },
      );
    }
    this.addStatistics(other.#sum, other.#segments);
  }

  /** @throws {ShapeError} `SEGMENT_COUNT` when nothing was added. */
  score(): S {
    if (this.#segments === 0) {
      throw new ShapeError(`${this.metric.name}: no segments to score.`, { code: "SEGMENT_COUNT" });
    }
    return this.metric.score(this.#sum.slice());
  }

  #accumulate(statistics: Float64Array): void {
    for (let i = 0; i < this.#sum.length; i++) this.#sum[i]! += statistics[i]!;
  }
}

/** The statistics of one segment; an error gets the segment's number (from 1, as lines are counted). */
export function segmentStatistics<Hypothesis, Reference>(
  metric: SummedMetric<Hypothesis, Reference>,
  segment: number,
  hypothesis: Hypothesis,
  reference: Reference,
): Float64Array {
  try {
    return metric.statistics(hypothesis, reference);
  } catch (error) {
    if (!SeqError.is(error)) throw error;
    const Class = error.constructor as typeof SeqError;
    throw new Class(`segment ${segment}: ${error.message}`, {
      code: error.code,
      details: { ...error.details, segment },
      cause: error,
    });
  }
}
