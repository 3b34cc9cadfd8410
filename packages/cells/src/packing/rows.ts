/**
 * Choosing rows of a matrix, with a gradient that is again a choice of rows.
 *
 * Packing and padding only move rows (and add constant ones), so the gradient of each is the other one.
 * tfjs's own gradient of `gather` needs a kernel that its WASM backend lacks and sums duplicates that
 * cannot occur here. Cost: one copy of the chosen rows each way.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Stands in an index for "no row of the source: the fill value". */
export const fillRow = -1;

/**
 * The rows `index` of `x`, or a row of `fill` where the index is `fillRow`.
 *
 * @param x - `[rows, columns]`, any dtype; not disposed.
 * @param index - no row twice (only `fillRow` may repeat).
 * @returns `[index.length, columns]`; the caller disposes it.
 */
export function selectRows(x: tf.Tensor2D, index: Int32Array, fill = 0): tf.Tensor2D {
  const [rows] = x.shape;
  if (x.dtype !== "float32") return gatherOrFill(x, index, fill);
  const select = tf.customGrad((source) => ({
    value: gatherOrFill(source as tf.Tensor2D, index, fill),
    gradFunc: (dy: tf.Tensor) => gatherOrFill(dy as tf.Tensor2D, inverseIndex(index, rows), 0),
  }));
  return select(x) as tf.Tensor2D;
}

/** Where each of `rows` source rows went, or `fillRow` for those that went nowhere. */
function inverseIndex(index: Int32Array, rows: number): Int32Array {
  const inverse = new Int32Array(rows).fill(fillRow);
  for (let to = 0; to < index.length; to++) {
    const from = index[to] as number;
    if (from !== fillRow) inverse[from] = to;
  }
  return inverse;
}

function gatherOrFill(x: tf.Tensor2D, index: Int32Array, fill: number): tf.Tensor2D {
  return tf.tidy((): tf.Tensor2D => {
    const [rows, columns] = x.shape;
    if (!index.includes(fillRow)) return tf.gather(x, tf.tensor1d(index, "int32"));
    const filling = tf.fill([1, columns], fill, x.dtype as "float32") as tf.Tensor2D;
    const source: tf.Tensor2D = tf.concat([x, filling], 0);
    const ids = index.map((from) => (from === fillRow ? rows : from));
    return tf.gather(source, tf.tensor1d(ids, "int32"));
  });
}
