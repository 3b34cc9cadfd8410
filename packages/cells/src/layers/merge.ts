/** How a bidirectional layer joins what its two directions give. */
import * as tf from "@tensorflow/tfjs-core";

export const mergeNames = ["concat", "sum", "mul", "ave"] as const;

/** `"concat"`: [forward; backward], as torch; the others element by element, as Keras. */
export type MergeMode = (typeof mergeNames)[number];

/** @param forward - `[batch, time, size]`, as is `backward`. */
export function mergeDirections(
  mode: MergeMode,
  forward: tf.Tensor3D,
  backward: tf.Tensor3D,
): tf.Tensor3D {
  switch (mode) {
    case "concat":
      return tf.concat([forward, backward], 2);
    case "sum":
      return tf.add(forward, backward);
    case "mul":
      return tf.mul(forward, backward);
    case "ave":
      return tf.mul(tf.add(forward, backward), 0.5);
  }
}

/** The width of the merged output. */
export function mergedSize(mode: MergeMode, directions: 1 | 2, size: number): number {
  return mode === "concat" ? directions * size : size;
}
