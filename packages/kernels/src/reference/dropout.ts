/**
 * The mask of dropout: bits of a keyed counter, so that element number n is kept or not whatever thread or
 * backend asks. The same bits as `assembly/dropout.ts`.
 */

/** 32 random bits for an element number. */
export function dropoutBits(number: number, key0: number, key1: number): number {
  let h = (Math.imul(number, 0x9e3779b1) + key0) | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x21f0aaad);
  h ^= (h >>> 15) ^ key1;
  h = Math.imul(h, 0x735a2d97);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

export interface DropoutMask {
  readonly key0: number;
  readonly key1: number;
  /** An element stays where its bits are below this number, of 2^32. */
  readonly keep: number;
  /** What stays is multiplied by it. */
  readonly scale: number;
}

/** Factors for elements 0..size-1: `scale` or 0. */
export function referenceDropoutMask(
  size: number,
  { key0, key1, keep, scale }: DropoutMask,
): Float32Array {
  const mask = new Float32Array(size);
  for (let i = 0; i < size; i++) mask[i] = dropoutBits(i, key0, key1) < keep ? scale : 0;
  return mask;
}
