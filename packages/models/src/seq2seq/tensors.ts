/** Small helpers on tensors that the encoder and the decoder share. */

import type { Rng, SequenceBatch } from "@seq/core";
import { dropout, embedding } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";

/** What a forward pass needs to know of its surroundings. */
export interface Mode {
  readonly training: boolean;
  /** Required when training with dropout. */
  readonly rng?: Rng;
}

/** A trainable variable from plain values; the caller owns it. */
export function newVariable(values: Float32Array, shape: number[]): tf.Variable {
  const initial = tf.tensor(values, shape, "float32");
  const variable = tf.variable(initial, true);
  initial.dispose();
  return variable;
}

/** Dropout where it applies: `x` itself in evaluation or at rate 0. */
export function dropoutIn(mode: Mode, x: tf.Tensor, rate: number): tf.Tensor {
  if (!mode.training || rate === 0) return x;
  if (mode.rng === undefined) throw new Error("dropout needs an Rng");
  return dropout(x, rate, mode.rng);
}

/** `[batchSize, time, embeddingSize]` */
export function embedIds(
  weight: tf.Tensor,
  ids: Int32Array,
  { batchSize, time }: Pick<SequenceBatch, "batchSize" | "time">,
): tf.Tensor3D {
  return embedding(weight, tf.tensor2d(ids, [batchSize, time], "int32")) as tf.Tensor3D;
}
