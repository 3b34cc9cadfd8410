/** The share of examples whose true class is among the k of highest score. */
import { checkInteger, FormatError, type Metric, type Score, ShapeError } from "@seq/core";
import { RunningScore } from "../running-score.ts";
import { formatSignature } from "../signature.ts";
import { addStatistics } from "../statistics.ts";

export interface TopKScore extends Score {
  /** 0 to 1. */
  readonly value: number;
  readonly hits: number;
  readonly examples: number;
}

/** Top-k accuracy: a segment is one list of scores (logits, probabilities: any order-keeping measure) and the true class. */
export class TopK implements Metric<ArrayLike<number>, number, Float64Array, TopKScore> {
  readonly name: string;
  readonly signature: string;
  readonly #k: number;

  constructor(k: number) {
    this.#k = checkInteger("TopK", "k", k, { min: 1 });
    this.name = `top${k}`;
    this.signature = formatSignature([["k", k]], "seq");
  }

  /**
   * Of equal scores the class of lower number comes first.
   *
   * @throws {FormatError} `SCORE` for NaN; {ShapeError} `CLASS_RANGE` for a class without a score.
   */
  statistics(scores: ArrayLike<number>, target: number): Float64Array {
    if (!Number.isInteger(target) || target < 0 || target >= scores.length) {
      throw new ShapeError(
        `TopK: the true class is ${target}, expected 0 to ${scores.length - 1}.`,
        {
          code: "CLASS_RANGE",
        },
      );
    }
    const own = scores[target]!;
    let before = 0;
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i]!;
      if (Number.isNaN(score)) {
        throw new FormatError(`TopK: the score of class ${i} is NaN.`, { code: "SCORE" });
      }
      if (score > own || (score === own && i < target)) before++;
    }
    return Float64Array.of(1, before < this.#k ? 1 : 0);
  }

  merge(left: Float64Array, right: Float64Array): Float64Array {
    return addStatistics(left, right);
  }

  empty(): Float64Array {
    return new Float64Array(2);
  }

  score(statistics: Float64Array): TopKScore {
    const [examples, hits] = statistics as unknown as [number, number];
    return { name: this.name, value: hits / examples, signature: this.signature, hits, examples };
  }
}

/**
 * Top-k accuracy of a list of examples.
 *
 * @throws {ShapeError} `SEGMENT_COUNT` when the lists differ in length or are empty.
 * @example topKAccuracy([[0.1, 0.7, 0.2]], [2], 2).value // 1
 */
export function topKAccuracy(
  scores: readonly ArrayLike<number>[],
  targets: ArrayLike<number>,
  k: number,
): TopKScore {
  if (scores.length !== targets.length) {
    throw new ShapeError(
      `topKAccuracy: ${scores.length} lists of scores for ${targets.length} true classes; give one for each.`,
      { code: "SEGMENT_COUNT" },
    );
  }
  const running = new RunningScore(new TopK(k));
  for (const [i, own] of scores.entries()) running.add(own, targets[i] as number);
  return running.score();
}
