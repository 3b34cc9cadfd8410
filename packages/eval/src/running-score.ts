/**
 * A score that is still being summed: add segments as they come, sum shards apart and merge them. Keeps one
 * sum, whatever the number of segments.
 */
import { type Metric, OptionError, type Score, SeqError, ShapeError } from "@seq/core";

/** A metric whose statistics are numbers in one `Float64Array`: the ones that can be resampled. */
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
export class RunningScore<Hypothesis, Reference, Statistics, S extends Score> {
  readonly metric: Metric<Hypothesis, Reference, Statistics, S>;
  #sum: Statistics;
  #segments = 0;

  constructor(metric: Metric<Hypothesis, Reference, Statistics, S>) {
    this.metric = metric;
    this.#sum = metric.empty();
  }

  /** Number of segments so far. */
  get segments(): number {
    return this.#segments;
  }

  /** The sum so far, to send to another process or thread; see `addStatistics`. Not changed by later segments. */
  get statistics(): Statistics {
    return this.#sum;
  }

  /** @throws {SeqError} what the metric throws, with the number of the segment (from 1) in front. */
  add(hypothesis: Hypothesis, reference: Reference): void {
    const own = segmentStatistics(this.metric, this.#segments + 1, hypothesis, reference);
    this.addStatistics(own, 1);
  }

  /** Adds the sum of a shard that was counted elsewhere by a metric of the same settings. */
  addStatistics(statistics: Statistics, segments: number): void {
    this.#sum = this.metric.merge(this.#sum, statistics);
    this.#segments += segments;
  }

  /** @throws {OptionError} `METRIC_MISMATCH` when the other metric has other settings. */
  merge(other: RunningScore<Hypothesis, Reference, Statistics, S>): void {
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
    return this.metric.score(this.#sum);
  }
}

/** The statistics of one segment; an error gets the segment's number (from 1, as lines are counted). */
export function segmentStatistics<Hypothesis, Reference, Statistics>(
  metric: Metric<Hypothesis, Reference, Statistics>,
  segment: number,
  hypothesis: Hypothesis,
  reference: Reference,
): Statistics {
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
