/**
 * Reads ZIP archives from memory: what `.pt` and `.npz` files are. Stored and deflated entries; no
 * encryption, no ZIP64, no parts. Sizes are checked before anything is unpacked, sums afterwards.
 *
 * @see PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16
 */
import { crc32, FormatError } from "@seq/core";
import { Inflate } from "fflate";

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

export interface ZipLimits {
  /** Bytes of all entries together, unpacked. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

const defaultLimits: ZipLimits = { maxBytes: 8 * 2 ** 30, maxEntries: 100_000 };

export interface ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** The bytes of an entry; a view into the archive when it is stored. */
  read(name: string): Uint8Array;
}

/** True for a buffer that begins like a ZIP archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * @param where - the file, for messages.
 * @throws {FormatError} `ZIP` on any contradiction, and above the limits.
 */
export function openZip(bytes: Uint8Array, where: string, limits = defaultLimits): ZipArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view, where);
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  if (count === 0xffff || start === 0xffffffff) throw fail(where, "ZIP64 archives are not read");
  if (count > limits.maxEntries) {
    throw fail(where, `${count} entries, the limit is ${limits.maxEntries}`);
  }
  const entries = new Map<string, ZipEntry>();
  let total = 0;
  let position = start;
  for (let i = 0; i < count; i++) {
    const { entry, next } = readDirectoryEntry(view, bytes, position, where);
    if (entries.has(entry.name)) throw fail(where, `two entries are named "${entry.name}"`);
    entries.set(entry.name, entry);
    total += entry.size;
    position = next;
  }
  if (total > limits.maxBytes) {
    throw fail(where, `the entries unpack to ${total} bytes, the limit is ${limits.maxBytes}`);
  }
  return { entries, read: (name) => readEntry(view, bytes, entries.get(name), name, where) };
}

function findEnd(view: DataView, where: string): number {
  const lowest = Math.max(0, view.byteLength - 22 - 0xffff);
  for (let at = view.byteLength - 22; at >= lowest; at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  throw fail(where, "no end of a ZIP directory; the file is cut off or no ZIP archive");
}

function readDirectoryEntry(view: DataView, bytes: Uint8Array, at: number, where: string) {
  if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) {
    throw fail(where, `the directory is broken at byte ${at}`);
  }
  const nameLength = view.getUint16(at + 28, true);
  const rest = view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  if (at + 46 + nameLength > view.byteLength) throw fail(where, `the directory is cut off`);
  const entry: ZipEntry = {
    name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    compressedSize: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    headerOffset: view.getUint32(at + 42, true),
  };
  const flags = view.getUint16(at + 8, true);
  if (flags & 1) throw fail(where, `"${entry.name}" is encrypted`);
  if (entry.size === 0xffffffff || entry.compressedSize === 0xffffffff) {
    throw fail(where, "ZIP64 archives are not read");
  }
  return { entry, next: at + 46 + nameLength + rest };
}

function readEntry(
  view: DataView,
  bytes: Uint8Array,
  entry: ZipEntry | undefined,
  name: string,
  where: string,
): Uint8Array {
  if (entry === undefined) throw fail(where, `there is no entry "${name}"`);
  const at = entry.headerOffset;
  if (at + 30 > view.byteLength || view.getUint32(at, true) !== 0x04034b50) {
    throw fail(where, `"${name}" has no header at byte ${at}`);
  }
  const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  const packed = bytes.subarray(start, start + entry.compressedSize);
  if (packed.length !== entry.compressedSize) throw fail(where, `"${name}" is cut off`);
  const data = unpack(packed, entry, where);
  if (crc32(data) !== entry.crc) throw fail(where, `"${name}" fails its checksum`);
  return data;
}

function unpack(packed: Uint8Array, entry: ZipEntry, where: string): Uint8Array {
  if (entry.method === 0) {
    if (entry.compressedSize !== entry.size) throw fail(where, `"${entry.name}" has two sizes`);
    return packed;
  }
  if (entry.method !== 8) {
    throw fail(where, `"${entry.name}" uses method ${entry.method}, expected stored or deflated`);
  }
  return inflate(packed, entry, where);
}

/** Stops as soon as more comes out than the directory promised. */
function inflate(packed: Uint8Array, { name, size }: ZipEntry, where: string): Uint8Array {
  // Deflate cannot do better than 1032 to 1: a larger claim would only make us allocate.
  if (size > 1032 * packed.length + 1024) {
    throw fail(where, `"${name}" claims ${size} bytes from ${packed.length}`);
  }
  const data = new Uint8Array(size);
  let filled = 0;
  const stream = new Inflate((chunk) => {
    if (filled + chunk.length > size)
      throw fail(where, `"${name}" unpacks to more than ${size} bytes`);
    data.set(chunk, filled);
    filled += chunk.length;
  });
  try {
    const step = 1 << 16;
    for (let at = 0; at < packed.length; at += step) {
      stream.push(packed.subarray(at, at + step), at + step >= packed.length);
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(`${where}: "${name}" does not unpack: ${(cause as Error).message}.`, {
      code: "ZIP",
      cause,
    });
  }
  if (filled !== size) throw fail(where, `"${name}" unpacks to ${filled} bytes, expected ${size}`);
  return data;
}

function fail(where: string, what: string): FormatError {
  return new FormatError(`${where}: ${what}.`, { code: "ZIP" });
}
