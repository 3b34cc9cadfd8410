/** Picking rows out of a batch and putting results back. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * The rows of x that belong to one group.
 *
 * @returns their numbers, and `[rows, size]`; `x` itself when it is all rows, `undefined` when there are none.
 */
export function groupRows(
  x: tf.Tensor,
  groups: Int32Array,
  group: number,
): { readonly rows: Int32Array; readonly x: tf.Tensor | undefined } {
  const rows = Int32Array.from(groups.keys()).filter((row) => groups[row] === group);
  if (rows.length === 0) return { rows, x: undefined };
  if (rows.length === groups.length) return { rows, x };
  return { rows, x: tf.gather(x, tf.tensor1d(rows, "int32")) };
}

/** `[rows]` values to their places among `length` zeros. */
export function scatterRows(values: tf.Tensor, rows: Int32Array, length: number): tf.Tensor {
  if (rows.length === length) return values;
  return tf.unsortedSegmentSum(values, tf.tensor1d(rows, "int32"), length);
}
