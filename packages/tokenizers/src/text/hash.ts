/** The hash of all byte-keyed tables here: FNV-1a over the bytes, then one mixing step. 32 bits. */
export function hashBytes(bytes: Uint8Array, begin: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = begin; i < end; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

/** The least power of two that is not below n (at least 16). */
export function powerOfTwo(n: number): number {
  let size = 16;
  while (size < n) size *= 2;
  return size;
}
