/**
 * The safetensors format (huggingface/safetensors): 8 bytes little-endian header size, a JSON header,
 * then the raw little-endian data of all tensors without gaps. Nothing in it is executed.
 */
import { FormatError } from "./errors.ts";

const itemSize = {
  F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1,
} as const; // biome-ignore format: a table

export type SafetensorsType = keyof typeof itemSize;

export interface SafetensorsEntry {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** Little-endian bytes; a view into the file that was read. */
  readonly bytes: Uint8Array;
}

export interface Safetensors {
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

const maxHeaderBytes = 100_000_000; // the reference reader's limit

/**
 * Reads a safetensors buffer without copying the tensors.
 *
 * @param where - the file name, for messages.
 * @throws {FormatError} `SAFETENSORS` on any contradiction: sizes, overlaps, gaps, unknown types.
 */
export function readSafetensors(bytes: Uint8Array, where = "safetensors"): Safetensors {
  const fail = (what: string): never => {
    throw new FormatError(`${where}: ${what}.`, { code: "SAFETENSORS" });
  };
  if (bytes.byteLength < 8) fail(`${bytes.byteLength} bytes, expected at least 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (headerBytes > maxHeaderBytes || headerBytes > bytes.byteLength - 8) {
    fail(`the header claims ${headerBytes} bytes, the file has ${bytes.byteLength}`);
  }
  const data = bytes.subarray(8 + headerBytes);
  let header: unknown;
  try {
    const json = new TextDecoder("utf-8", { fatal: true }).decode(
      bytes.subarray(8, 8 + headerBytes),
    );
    header = JSON.parse(json);
  } catch (cause) {
    throw new FormatError(`${where}: the header is not JSON: ${(cause as Error).message}.`, {
      code: "SAFETENSORS",
      cause,
    });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    fail("the header is not an object");
  }

  const tensors = new Map<string, SafetensorsEntry>();
  const ranges: [begin: number, end: number, name: string][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header as Record<string, unknown>)) {
    if (name === "__metadata__") {
      const valid = typeof value === "object" && value !== null;
      if (!valid || Object.values(value).some((text) => typeof text !== "string")) {
        fail("__metadata__ is not a map of strings");
      }
      metadata = value as Record<string, string>;
      continue;
    }
    const { dtype, shape, data_offsets: range } = (value ?? {}) as Record<string, unknown>;
    if (typeof dtype !== "string" || !Object.hasOwn(itemSize, dtype)) {
      fail(
        `tensor "${name}" has type ${JSON.stringify(dtype)}, expected ${Object.keys(itemSize).join(" ")}`,
      );
    }
    if (!isNaturalList(shape)) fail(`tensor "${name}" has no valid shape`);
    if (!isNaturalList(range) || (range as number[]).length !== 2) {
      fail(`tensor "${name}" has no valid data_offsets`);
    }
    const [begin, end] = range as [number, number];
    const size =
      (shape as number[]).reduce((a, b) => a * b, 1) * itemSize[dtype as SafetensorsType];
    if (begin > end || end > data.byteLength || end - begin !== size) {
      fail(
        `tensor "${name}" of ${dtype} [${(shape as number[]).join(", ")}] needs ${size} bytes, its offsets are [${begin}, ${end}] of ${data.byteLength}`,
      );
    }
    ranges.push([begin, end, name]);
    tensors.set(name, {
      dtype: dtype as SafetensorsType,
      shape: shape as number[],
      bytes: data.subarray(begin, end),
    });
  }

  ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let covered = 0;
  for (const [begin, end, name] of ranges) {
    if (begin !== covered) fail(`tensor "${name}" begins at ${begin}, expected ${covered}`);
    covered = end;
  }
  if (covered !== data.byteLength) fail(`${data.byteLength - covered} bytes belong to no tensor`);
  return { tensors, metadata };
}

export interface SafetensorsInput {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** Values in the machine's (little-endian) order. */
  readonly data: ArrayBufferView;
}

/**
 * Writes a safetensors file. Tensors keep their order; the header is padded to 8 bytes with spaces so
 * that the data is aligned, as the reference writer does.
 *
 * @throws {FormatError} when a shape and its data disagree.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: SafetensorsInput]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = [...tensors];
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let offset = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    const size = shape.reduce((a, b) => a * b, 1) * itemSize[dtype];
    if (size !== data.byteLength) {
      throw new FormatError(
        `writeSafetensors: tensor "${name}" of ${dtype} [${shape.join(", ")}] needs ${size} bytes, its data has ${data.byteLength}.`,
        { code: "SAFETENSORS", details: { name } },
      );
    }
    const description = { dtype, shape, data_offsets: [offset, offset + size] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(description)}`);
    offset += size;
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const padded = Math.ceil(header.byteLength / 8) * 8;
  const file = new Uint8Array(8 + padded + offset);
  file.fill(0x20, 8, 8 + padded);
  file.set(header, 8);
  new DataView(file.buffer).setUint32(0, padded, true);
  let position = 8 + padded;
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

/**
 * The values of an entry as float32, converted where needed (float16, bfloat16, float64).
 *
 * @throws {FormatError} for integer and boolean entries.
 */
export function entryToFloat32(entry: SafetensorsEntry, where = "safetensors"): Float32Array {
  const { bytes, dtype } = entry;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength / itemSize[dtype];
  const out = new Float32Array(length);
  switch (dtype) {
    case "F32":
      for (let i = 0; i < length; i++) out[i] = view.getFloat32(i * 4, true);
      return out;
    case "F64":
      for (let i = 0; i < length; i++) out[i] = view.getFloat64(i * 8, true);
      return out;
    case "F16":
      for (let i = 0; i < length; i++) out[i] = float16ToNumber(view.getUint16(i * 2, true));
      return out;
    case "BF16": {
      const words = new Uint32Array(out.buffer);
      for (let i = 0; i < length; i++) words[i] = view.getUint16(i * 2, true) << 16;
      return out;
    }
    default:
      throw new FormatError(`${where}: a tensor of type ${dtype} cannot be read as float32.`, {
        code: "SAFETENSORS",
        details: { dtype },
      });
  }
}

/** IEEE binary16 bits to a number. @example float16ToNumber(0x3c00) // 1 */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function isNaturalList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
