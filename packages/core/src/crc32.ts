/** CRC-32 (IEEE 802.3, as in gzip and PNG): finds torn writes and flipped bits, not forgeries. */

let table: Uint32Array | undefined;

function buildTable(): Uint32Array {
  const built = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    built[n] = c;
  }
  return built;
}

/** @example crc32(new TextEncoder().encode("123456789")).toString(16) // "cbf43926" */
export function crc32(bytes: Uint8Array): number {
  table ??= buildTable();
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    c = table[(c ^ (bytes[i] as number)) & 0xff]! ^ (c >>> 8);
  }
  return (c ^ 0xffffffff) >>> 0;
}
