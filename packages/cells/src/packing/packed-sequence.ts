/**
 * A batch of sequences of different lengths without padding, as PyTorch packs it: all first steps, then
 * all second steps, and so on, the longest sequence first. Step t holds the `batchSizes[t]` sequences
 * that are longer than t.
 */
import type { Tensor } from "@tensorflow/tfjs-core";

export class PackedSequence {
  /** `[sum of lengths, ...features]`; owned by this object. */
  readonly data: Tensor;
  /** How many sequences each step has, falling: `[3, 2, 1]`. */
  readonly batchSizes: Int32Array;
  /** `sortedIndices[k]` = the row of the caller's batch that stands k-th here; null when already sorted. */
  readonly sortedIndices: Int32Array | null;
  /** The inverse: `unsortedIndices[row]` = its place here; null when already sorted. */
  readonly unsortedIndices: Int32Array | null;

  /**
   * Takes ownership of `data`. Build one with `packSequence` or `packPaddedSequence`.
   */
  constructor(data: Tensor, batchSizes: Int32Array, sortedIndices: Int32Array | null) {
    this.data = data;
    this.batchSizes = batchSizes;
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = sortedIndices === null ? null : invertPermutation(sortedIndices);
  }

  get batchSize(): number {
    return this.batchSizes[0] ?? 0;
  }

  /** The length of the longest sequence. */
  get time(): number {
    return this.batchSizes.length;
  }

  /** The lengths in the order of the caller's batch. */
  get lengths(): Int32Array {
    const lengths = new Int32Array(this.batchSize);
    for (const size of this.batchSizes) {
      for (let place = 0; place < size; place++) {
        const row = this.sortedIndices === null ? place : (this.sortedIndices[place] as number);
        lengths[row] = (lengths[row] as number) + 1;
      }
    }
    return lengths;
  }

  /** The same packing around other data of as many rows; takes ownership of `data`. */
  withData(data: Tensor): PackedSequence {
    return new PackedSequence(data, this.batchSizes, this.sortedIndices);
  }

  dispose(): void {
    this.data.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @example invertPermutation(Int32Array.of(2, 0, 1)) // [1, 2, 0] */
export function invertPermutation(permutation: Int32Array): Int32Array {
  const inverse = new Int32Array(permutation.length);
  for (let place = 0; place < permutation.length; place++) {
    inverse[permutation[place] as number] = place;
  }
  return inverse;
}

/** How many of the lengths (falling) are longer than each step. @example batchSizesOf([3, 1]) // [2, 1, 1] */
export function batchSizesOf(sortedLengths: ArrayLike<number>): Int32Array {
  const time = sortedLengths[0] as number;
  const sizes = new Int32Array(time);
  let count = sortedLengths.length;
  for (let t = 0; t < time; t++) {
    while ((sortedLengths[count - 1] as number) <= t) count--;
    sizes[t] = count;
  }
  return sizes;
}
