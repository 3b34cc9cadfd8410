/** Tensors that lie in a buffer with strides, as contiguous row-major bytes. */
import { FormatError } from "@seq/core";

/**
 * @param storage - the whole buffer.
 * @param strides - in items, as PyTorch and NumPy count them; none negative.
 * @param offset - of the first item, in items.
 * @returns a view when the tensor is contiguous, else a copy.
 * @throws {FormatError} `STRIDES` when it reaches beyond the buffer or repeats items.
 */
export function contiguousBytes(
  where: string,
  storage: Uint8Array,
  itemSize: number,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): Uint8Array {
  const items = storage.length / itemSize;
  const count = shape.reduce((product, size) => product * size, 1);
  if (count === 0) return new Uint8Array(0);
  const last = shape.reduce(
    (sum, size, axis) => sum + (size - 1) * (strides[axis] as number),
    offset,
  );
  if (!(count <= items) || !(last < items)) {
    throw new FormatError(
      `${where}: shape [${shape.join(", ")}] with strides [${strides.join(", ")}] from item ${offset} does not fit in ${items} items.`,
      { code: "STRIDES", details: { shape, strides, offset, items } },
    );
  }
  if (isContiguous(shape, strides)) {
    return storage.subarray(offset * itemSize, (offset + count) * itemSize);
  }
  const out = new Uint8Array(count * itemSize);
  const position = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    out.set(storage.subarray(from * itemSize, (from + 1) * itemSize), to * itemSize);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      from += stride;
      position[axis] = (position[axis] as number) + 1;
      if ((position[axis] as number) < (shape[axis] as number)) break;
      from -= stride * (shape[axis] as number);
      position[axis] = 0;
    }
  }
  return out;
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] as number;
  }
  return true;
}
