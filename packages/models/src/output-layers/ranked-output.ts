import { OptionError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import type { OutputContext, OutputLayer } from "./output-layer.types.ts";

/**
 * Lets any ids use a layer that needs them sorted by frequency: id -> rank before the layer, rank -> id after it.
 */
export class RankedOutput implements OutputLayer {
  readonly kind: string;
  readonly inputSize: number;
  readonly vocabSize: number;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #layer: OutputLayer;
  readonly #ranks: Int32Array;

  /** @param ranks - rank of each id, 0 the most frequent; a permutation. */
  constructor(layer: OutputLayer, ranks: ArrayLike<number>) {
    const seen = new Set(Array.from(ranks));
    const isPermutation =
      ranks.length === layer.vocabSize &&
      seen.size === ranks.length &&
      Array.from(ranks).every((r) => Number.isInteger(r) && r >= 0 && r < ranks.length);
    if (!isPermutation) {
      throw new OptionError(
        `RankedOutput: ranks has ${ranks.length} entries, expected each of 0..${layer.vocabSize - 1} once.`,
        { code: "OPTION_RANGE", details: { option: "ranks" } },
      );
    }
    this.kind = layer.kind;
    this.inputSize = layer.inputSize;
    this.vocabSize = layer.vocabSize;
    this.parameters = layer.parameters;
    this.#layer = layer;
    this.#ranks = Int32Array.from(ranks);
  }

  loss(x: tf.Tensor, targets: Int32Array, context: OutputContext): tf.Tensor {
    return this.#layer.loss(x, this.#ranked(targets), context);
  }

  targetLogProbs(x: tf.Tensor, targets: Int32Array): tf.Tensor {
    return this.#layer.targetLogProbs(x, this.#ranked(targets));
  }

  logProbs(x: tf.Tensor): tf.Tensor {
    return tf.gather(this.#layer.logProbs(x), tf.tensor1d(this.#ranks, "int32"), 1);
  }

  dispose(): void {
    this.#layer.dispose();
  }

  #ranked(targets: Int32Array): Int32Array {
    return targets.map((id) => this.#ranks[id]!);
  }
}

/**
 * The rank of each id by falling count, equal counts in the order of the ids.
 *
 * @example ranksOf([1, 5, 3]) // [2, 0, 1]
 */
export function ranksOf(counts: ArrayLike<number>): Int32Array {
  const order = Array.from(counts, (_, id) => id).sort((a, b) => counts[b]! - counts[a]! || a - b);
  const ranks = new Int32Array(order.length);
  order.forEach((id, rank) => {
    ranks[id] = rank;
  });
  return ranks;
}
