/**
 * Hashed n-gram features beside a network: maximum-entropy direct connections (Mikolov et al. 2011, "Strategies for
 * training large scale neural network language models", section 4.5).
 *
 *   logit(w | h) += Σ_n D[(hash(last n - 1 ids) + w) mod size]     n = 1..order
 *
 * The table is shared by all n-grams; collisions are let be. A row costs O(order * V).
 */
import * as tf from "@tensorflow/tfjs-core";
import { zeroVariable } from "../output-layers/variables.ts";

export class HashedFeatures {
  readonly order: number;
  readonly vocabSize: number;
  /** `[2^bits]`, from zeros. */
  readonly weight: tf.Variable;
  readonly #mask: number;

  constructor(
    { order, bits }: { readonly order: number; readonly bits: number },
    vocabSize: number,
  ) {
    this.order = order;
    this.vocabSize = vocabSize;
    this.weight = zeroVariable([2 ** bits]);
    this.#mask = 2 ** bits - 1;
  }

  /**
   * Logits to add, `[rows, vocabSize]`; on the tape.
   *
   * @param histories - `[rows, order - 1]`, the last ids of each row, the newest last; -1 where there are none.
   */
  logits(histories: Int32Array, rows: number): tf.Tensor {
    const starts = this.#starts(histories, rows);
    const { vocabSize, order } = this;
    const mask = this.#mask;
    const lookUp = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
      const table = (args[0] as tf.Tensor).dataSync();
      const sums = new Float32Array(rows * vocabSize);
      for (let row = 0; row < rows; row++) {
        const out = sums.subarray(row * vocabSize, (row + 1) * vocabSize);
        for (let n = 0; n < order; n++) {
          const start = starts[row * order + n]!;
          if (start < 0) continue;
          for (let w = 0; w < vocabSize; w++) out[w]! += table[(start + w) & mask]!;
        }
      }
      const gradFunc = (dy: tf.Tensor): tf.Tensor[] => {
        const gradient = new Float32Array(mask + 1);
        const upstream = dy.dataSync();
        for (let row = 0; row < rows; row++) {
          const from = upstream.subarray(row * vocabSize, (row + 1) * vocabSize);
          for (let n = 0; n < order; n++) {
            const start = starts[row * order + n]!;
            if (start < 0) continue;
            for (let w = 0; w < vocabSize; w++) gradient[(start + w) & mask]! += from[w]!;
          }
        }
        return [tf.tensor1d(gradient)];
      };
      return { value: tf.tensor2d(sums, [rows, vocabSize]), gradFunc };
    });
    return lookUp(this.weight);
  }

  /** Where each row's features of each order begin in the table; -1 for a history that is too short. */
  #starts(histories: Int32Array, rows: number): Int32Array {
    const { order } = this;
    const starts = new Int32Array(rows * order).fill(-1);
    for (let row = 0; row < rows; row++) {
      let hash = 0x9e3779b9 | 0;
      for (let n = 0; n < order; n++) {
        if (n > 0) {
          const id = histories[(row + 1) * (order - 1) - n]!;
          if (id < 0) break;
          hash = Math.imul(hash ^ (id + 1), 0x85ebca6b);
          hash ^= hash >>> 15;
        }
        starts[row * order + n] = Math.imul(hash ^ n, 0xc2b2ae35) & this.#mask;
      }
    }
    return starts;
  }

  dispose(): void {
    this.weight.dispose();
  }
}

/**
 * The last `width` ids before and at each input of a batch, `[batchSize * time, width]`, from the ids that were
 * carried over; -1 where there are none.
 */
export function historiesOf(
  inputs: Int32Array,
  batchSize: number,
  time: number,
  width: number,
  carried: Int32Array | undefined,
): Int32Array {
  const histories = new Int32Array(batchSize * time * width).fill(-1);
  for (let row = 0; row < batchSize; row++) {
    for (let t = 0; t < time; t++) {
      for (let k = 0; k < width; k++) {
        const from = t - width + 1 + k;
        const id =
          from >= 0 ? inputs[row * time + from]! : (carried?.[(row + 1) * width + from] ?? -1);
        histories[(row * time + t) * width + k] = id;
      }
    }
  }
  return histories;
}
