/** Small helpers on tensors that the models share. */

import { type LossContext, OptionError, type Rng, type SequenceBatch } from "@seq/core";
import { dropout, embedding } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";

/** What a forward pass needs to know of its surroundings. */
export interface Mode {
  readonly training: boolean;
  /** Required when training with dropout. */
  readonly rng?: Rng;
}

/**
 * The mode of a loss.
 *
 * @throws {OptionError} `MISSING_OPTION` when dropout is on and nothing drives it.
 */
export function lossMode(where: string, { training, rng }: LossContext, dropout: number): Mode {
  if (rng !== undefined) return { training, rng };
  if (training && dropout > 0) {
    throw new OptionError(`${where}.loss: training with dropout needs an rng.`, {
      code: "MISSING_OPTION",
      details: { option: "rng" },
    });
  }
  return { training };
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

/** A parameter map under a prefix: `weight` of "output" becomes `output.weight`. */
export function prefixed<T>(prefix: string, map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].map(([name, value]) => [`${prefix}.${name}`, value]);
}

/** The positions of a padded `[batchSize, time]` that are no padding, row-major. */
export function truePositions(lengths: Int32Array, time: number): Int32Array {
  const positions = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  let k = 0;
  lengths.forEach((length, row) => {
    for (let t = 0; t < length; t++) positions[k++] = row * time + t;
  });
  return positions;
}
