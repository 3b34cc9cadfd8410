/**
 * TensorBoard's event files: records of protocol buffers, each with its length and two masked CRC-32C sums (TFRecord).
 * Only what scalar charts need: `tensorflow/core/util/event.proto`, `framework/summary.proto`.
 */

let table: Uint32Array | undefined;

/** CRC-32C (Castagnoli). @example crc32c(new TextEncoder().encode("123456789")) // 0xe3069283 */
export function crc32c(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0x82f63b78 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  let c = 0xffffffff;
  for (const byte of bytes) c = table[(c ^ byte) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** One record: length, its sum, data, its sum. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, masked(crc32c(record.subarray(0, 8))), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return record;
}

/** Sums are turned and shifted, since a sum over data that holds sums is weak. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/**
 * The first record of every file: the version of the format.
 *
 * @param wallTime - seconds since 1970.
 */
export function versionRecord(wallTime: number): Uint8Array {
  const version = new TextEncoder().encode("brain.Event:2");
  return tfRecord(message([double(1, wallTime), bytesField(3, version)]));
}

/** Tells TensorBoard that a run was resumed: later steps of earlier files are forgotten. */
export function restartRecord(wallTime: number, step: number): Uint8Array {
  const start = message([varint(1, 1)]); // SessionLog.status = START
  return tfRecord(message([double(1, wallTime), varint(2, step), bytesField(7, start)]));
}

/** The scalars of one step; names with a slash are grouped: `"train/loss"`. */
export function scalarRecord(
  wallTime: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytesField(1, message([bytesField(1, new TextEncoder().encode(tag)), float(2, value)])),
  );
  return tfRecord(message([double(1, wallTime), varint(2, step), bytesField(5, message(values))]));
}

function message(fields: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0));
  let at = 0;
  for (const field of fields) {
    joined.set(field, at);
    at += field.length;
  }
  return joined;
}

/** Base-128, lowest group first; whole numbers of up to 53 bits. */
function digits(value: number): number[] {
  const found: number[] = [];
  let rest = value;
  while (rest >= 128) {
    found.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...found, rest];
}

function varint(field: number, value: number): Uint8Array {
  return Uint8Array.from([field * 8, ...digits(value)]);
}

function bytesField(field: number, value: Uint8Array): Uint8Array {
  return message([Uint8Array.from([field * 8 + 2, ...digits(value.length)]), value]);
}

function double(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = field * 8 + 1;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = field * 8 + 5;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return bytes;
}
