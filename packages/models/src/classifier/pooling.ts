/** Many states to one vector; padding counts in none of them. */
import { newVariable, xavierUniform } from "@seq/cells";
import type { Rng } from "@seq/core";
import { linear } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import type { RecurrentState } from "../recurrent-cell.ts";

export type PoolingName = "last" | "mean" | "max" | "attention";

/** 1 at true positions, 0 at pads: `[batch, time, 1]`. */
export function paddingMask(lengths: Int32Array, time: number): tf.Tensor {
  const mask = new Float32Array(lengths.length * time);
  lengths.forEach((length, row) => {
    mask.fill(1, row * time, row * time + length);
  });
  return tf.tensor(mask, [lengths.length, time, 1]);
}

/** (1/n) Σ_i h_i over true positions. */
export function meanPool(states: tf.Tensor, lengths: Int32Array): tf.Tensor {
  return tf.tidy(() => {
    const kept = tf.mul(states, paddingMask(lengths, states.shape[1] as number));
    const counts = tf.tensor2d(Float32Array.from(lengths), [lengths.length, 1]);
    return tf.div(tf.sum(kept, 1), counts);
  });
}

/** The element-wise maximum over true positions. */
export function maxPool(states: tf.Tensor, lengths: Int32Array): tf.Tensor {
  return tf.tidy(() => tf.max(lowerPads(states, lengths), 1));
}

/** Pads at a value that no maximum and no softmax sees. */
function lowerPads(x: tf.Tensor, lengths: Int32Array): tf.Tensor {
  const mask = paddingMask(lengths, x.shape[1] as number);
  return tf.add(tf.mul(x, mask), tf.mul(tf.sub(mask, 1), 1e30));
}

/**
 * The states at the two ends: h_n of the forward and h_1 of the backward direction, each after the whole
 * sequence, whatever the padding.
 */
export function lastPool(finalState: readonly RecurrentState[], directions: number): tf.Tensor {
  const top = finalState.slice(-directions).map((state) => state.h);
  return top.length === 1 ? (top[0] as tf.Tensor).clone() : tf.concat(top, 1);
}

/**
 * A learned weighting: α = softmax over true positions of v·tanh(W h_i + b), result Σ α_i h_i.
 *
 * @see Yang et al. 2016, eq. 5-7.
 */
export class AttentionPool {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #weight: tf.Variable;
  readonly #bias: tf.Variable;
  readonly #score: tf.Variable;

  constructor(size: number, rng: Rng) {
    this.#weight = newVariable(xavierUniform()(size, size, rng), [size, size]);
    this.#bias = newVariable(new Float32Array(size), [size]);
    this.#score = newVariable(xavierUniform()(1, size, rng), [1, size]);
    this.parameters = new Map([
      ["weight", this.#weight],
      ["bias", this.#bias],
      ["score", this.#score],
    ]);
  }

  /** @returns the pooled states `[batch, size]` and the weights `[batch, time]`. */
  pool(states: tf.Tensor, lengths: Int32Array): { pooled: tf.Tensor; weights: tf.Tensor } {
    return tf.tidy(() => {
      const keys = tf.tanh(linear(states, this.#weight, this.#bias));
      const scores = lowerPads(linear(keys, this.#score), lengths); // [batch, time, 1]
      const weights = tf.softmax(tf.squeeze(scores, [2]));
      const pooled = tf.sum(tf.mul(states, tf.expandDims(weights, 2)), 1);
      return { pooled, weights };
    });
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}
