/** Small ZIP archives, pickles and arrays, written by the tests to be read back (or refused). */
import { crc32 } from "@seq/core";
import { deflateSync } from "fflate";

export interface WrittenEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Lies for the tests of refusals. */
  readonly claim?: { readonly size?: number; readonly crc?: number; readonly flags?: number };
}

export function writeZip(entries: readonly WrittenEntry[]): Uint8Array {
  const parts: number[] = [];
  const directory: number[] = [];
  const u16 = (v: number) => [v & 255, (v >>> 8) & 255];
  const u32 = (v: number) => [...u16(v), ...u16(v >>> 16)];
  for (const { name, data, deflate = false, claim = {} } of entries) {
    const packed = deflate ? deflateSync(data) : data;
    const size = claim.size ?? data.length;
    const bytes = [...new TextEncoder().encode(name)];
    const common = [
      ...u16(20),
      ...u16(claim.flags ?? 0),
      ...u16(deflate ? 8 : 0),
      ...u32(0),
      ...u32(claim.crc ?? crc32(data)),
      ...u32(packed.length),
      ...u32(size),
      ...u16(bytes.length),
      ...u16(0),
    ];
    directory.push(
      ...u32(0x02014b50),
      ...u16(20),
      ...common,
      ...u16(0),
      ...u16(0),
      ...u16(0),
      ...u32(0),
      ...u32(parts.length),
      ...bytes,
    );
    parts.push(...u32(0x04034b50), ...common, ...bytes, ...packed);
  }
  const end = [
    ...u32(0x06054b50),
    ...u16(0),
    ...u16(0),
    ...u16(entries.length),
    ...u16(entries.length),
    ...u32(directory.length),
    ...u32(parts.length),
    ...u16(0),
  ];
  return Uint8Array.from([...parts, ...directory, ...end]);
}

/** Raw opcodes: strings become SHORT_BINUNICODE, numbers are bytes. */
export function pickle(...pieces: (string | number | { line: string })[]): Uint8Array {
  const out: number[] = [0x80, 2];
  for (const piece of pieces) {
    if (typeof piece === "number") out.push(piece);
    else if (typeof piece === "string") {
      const bytes = new TextEncoder().encode(piece);
      out.push(0x8c, bytes.length, ...bytes);
    } else out.push(...new TextEncoder().encode(`${piece.line}\n`));
  }
  return Uint8Array.from(out);
}

/** An `.npy` array. */
export function writeNpy(
  descr: string,
  shape: string,
  data: ArrayBufferView,
  fortran = false,
): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${shape}, }\n`;
  const header = new TextEncoder().encode(text);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Uint8Array.from([
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    header.length & 255,
    header.length >>> 8,
    ...header,
    ...bytes,
  ]);
}
