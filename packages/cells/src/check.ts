/** Checks of tensors at public functions: one line that names the call, the tensor and both shapes. */
import { KernelError, OptionError, ShapeError } from "@seq/core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** @example shapeText([2, 3]) // "[2, 3]" */
export function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

/**
 * Checks that a tensor is alive, float32 and of a shape.
 *
 * @param where - the call, as the message names it: `"LSTMCell.step"`.
 * @param expected - a number must be met; a word stands for any size: `["batch", 32]`.
 * @param note - what the sizes mean, in brackets at the end: `"inputSize"`.
 * @throws {ShapeError} `SHAPE_MISMATCH`, `DTYPE_MISMATCH`
 * @throws {KernelError} `TENSOR_DISPOSED`
 */
export function checkTensor(
  where: string,
  name: string,
  tensor: Tensor,
  expected: readonly (number | string)[],
  note = "",
): void {
  checkAlive(where, name, tensor);
  const { shape } = tensor;
  const same =
    shape.length === expected.length &&
    expected.every((size, axis) => typeof size === "string" || size === shape[axis]);
  if (!same) {
    const remark = note === "" ? "" : ` (${note})`;
    throw new ShapeError(
      `${where}: ${name} has shape ${shapeText(shape)}, expected ${shapeText(expected)}${remark}.`,
      { code: "SHAPE_MISMATCH", details: { name, shape, expected } },
    );
  }
  if (tensor.dtype !== "float32") {
    throw new ShapeError(`${where}: ${name} is ${tensor.dtype}, expected float32.`, {
      code: "DTYPE_MISMATCH",
      details: { name, dtype: tensor.dtype },
    });
  }
}

/** @throws {KernelError} `TENSOR_DISPOSED`; {ShapeError} when it is no tensor at all. */
export function checkAlive(where: string, name: string, tensor: Tensor): void {
  if (typeof tensor !== "object" || tensor === null || !Array.isArray(tensor.shape)) {
    throw new ShapeError(`${where}: ${name} is ${describeValue(tensor)}, expected a tensor.`, {
      code: "NOT_A_TENSOR",
      details: { name },
    });
  }
  if (tensor.isDisposed) {
    throw new KernelError(
      `${where}: ${name} of shape ${shapeText(tensor.shape)} was disposed before the call; keep it with tf.keep or use it earlier.`,
      { code: "TENSOR_DISPOSED", details: { name } },
    );
  }
}

/**
 * Checks the lengths of a padded batch and returns them as an Int32Array (the same array if it is one).
 *
 * @throws {ShapeError} `LENGTHS` when their number is not the batch size or one lies outside 1..time.
 */
export function checkLengths(
  where: string,
  lengths: ArrayLike<number>,
  batchSize: number,
  time: number,
): Int32Array {
  if (lengths.length !== batchSize) {
    throw new ShapeError(
      `${where}: ${lengths.length} lengths for a batch of ${batchSize}, expected one per row.`,
      { code: "LENGTHS", details: { lengths: lengths.length, batchSize } },
    );
  }
  for (let row = 0; row < batchSize; row++) {
    const length = lengths[row] as number;
    if (!Number.isInteger(length) || length < 1 || length > time) {
      throw new ShapeError(
        `${where}: lengths[${row}] is ${length}, expected a whole number from 1 to ${time} (time).`,
        { code: "LENGTHS", details: { row, length, time } },
      );
    }
  }
  return lengths instanceof Int32Array ? lengths : Int32Array.from(lengths);
}

/**
 * Checks that a tensor holds no NaN and no infinity; reads it from the backend.
 *
 * @param lengths - for `[batch, time, ...]`: what lies beyond a row's length is not looked at.
 * @throws {KernelError} `NOT_FINITE`, naming the first place.
 */
export function checkFinite(
  where: string,
  name: string,
  tensor: Tensor,
  lengths?: ArrayLike<number>,
): void {
  const values = tensor.dataSync();
  const rowSize = tensor.size / (tensor.shape[0] ?? 1);
  const stepSize = rowSize / (tensor.shape[1] ?? 1);
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const row = Math.floor(i / rowSize);
    if (lengths !== undefined && i % rowSize >= (lengths[row] as number) * stepSize) continue;
    throw new KernelError(
      `${where}: ${name} of shape ${shapeText(tensor.shape)} holds ${values[i]} at value ${i} (row ${row}), expected finite numbers.`,
      { code: "NOT_FINITE", details: { name, at: i, row, value: values[i] } },
    );
  }
}

/** @throws {OptionError} `OPTION_RANGE` unless true or false. */
export function checkBoolean(where: string, option: string, value: unknown): boolean {
  if (typeof value !== "boolean") {
    throw new OptionError(`${where}: ${option} is ${String(value)}, expected true or false.`, {
      code: "OPTION_RANGE",
      details: { option, value },
    });
  }
  return value;
}

function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : String(value);
}
