import { ShapeError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Checks `[batch, time, inputSize]` and returns its steps, each `[batch, inputSize]`.
 *
 * @throws {ShapeError} `SHAPE_MISMATCH`
 */
export function stepsOf(where: string, xs: tf.Tensor, inputSize: number): tf.Tensor[] {
  const [batch, time, size] = xs.shape;
  if (xs.rank !== 3 || size !== inputSize || time === 0 || batch === 0) {
    throw new ShapeError(
      `${where}: xs has shape [${xs.shape.join(", ")}], expected [batch, time, ${inputSize}] (inputSize).`,
      { code: "SHAPE_MISMATCH", details: { shape: xs.shape } },
    );
  }
  return Array.from({ length: time as number }, (_, t) =>
    tf.squeeze(tf.slice(xs, [0, t, 0], [-1, 1, -1]), [1]),
  );
}

/** `tf.tidy` for any record of tensors: its own type wants index signatures. */
export function tidy<T>(body: () => T): T {
  return tf.tidy(body as unknown as () => tf.TensorContainer) as T;
}
