/** Weights on disk in float32, float16 or int8. In memory they are float32 again. */
import {
  entryToFloat32,
  FormatError,
  readSafetensors,
  type SafetensorsInput,
  writeSafetensors,
} from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";

export type Precision = "float32" | "float16" | "int8";

const scaleSuffix = ".scale";

/**
 * Parameters as a safetensors file.
 *
 * int8: matrices have one scale per row, w ≈ scale * q with q in -127..127 (`name` as I8, `name.scale` as F32); vectors
 * stay float32. float16: rounded to nearest, ties to even; beyond ±65504 becomes infinite.
 */
export function encodeWeights(
  parameters: ReadonlyMap<string, tf.Tensor>,
  precision: Precision,
): Uint8Array {
  const entries: [string, SafetensorsInput][] = [];
  for (const [name, tensor] of parameters) {
    const { shape } = tensor;
    const values = tensor.dataSync<"float32">();
    if (precision === "float16") {
      entries.push([name, { dtype: "F16", shape, data: Uint16Array.from(values, float16Bits) }]);
    } else if (precision === "int8" && shape.length === 2) {
      const { quantized, scales } = quantizeRows(values, shape[0]!);
      entries.push([name, { dtype: "I8", shape, data: quantized }]);
      entries.push([`${name}${scaleSuffix}`, { dtype: "F32", shape: [shape[0]!], data: scales }]);
    } else entries.push([name, { dtype: "F32", shape, data: values }]);
  }
  return writeSafetensors(entries, { precision });
}

/**
 * Assigns every parameter from a file that `encodeWeights` wrote, or none.
 *
 * @param where - the file, for messages.
 * @throws {FormatError} `SAFETENSORS`, or `WEIGHTS_MISMATCH` naming what does not fit.
 */
export function decodeWeights(
  parameters: ReadonlyMap<string, tf.Variable>,
  file: Uint8Array,
  where = "weights",
): void {
  const { tensors } = readSafetensors(file, where);
  const faults: string[] = [];
  const expected = new Set(parameters.keys());
  for (const [name, { shape }] of parameters) {
    const found = tensors.get(name);
    if (found === undefined) faults.push(`"${name}" is missing`);
    else if (found.shape.join() !== shape.join()) {
      faults.push(`"${name}" is [${found.shape.join(", ")}], expected [${shape.join(", ")}]`);
    }
    if (found?.dtype === "I8") {
      expected.add(`${name}${scaleSuffix}`);
      const scale = tensors.get(`${name}${scaleSuffix}`);
      if (scale?.shape.join() !== String(shape[0])) faults.push(`"${name}" has no scales`);
    }
  }
  for (const name of tensors.keys())
    if (!expected.has(name)) faults.push(`"${name}" is not of this model`);
  if (faults.length > 0) {
    throw new FormatError(`${where}: does not fit the model: ${faults.join("; ")}.`, {
      code: "WEIGHTS_MISMATCH",
      details: { faults },
    });
  }
  const values = new Map<string, Float32Array>();
  for (const name of parameters.keys()) {
    const entry = tensors.get(name)!;
    const scale = tensors.get(`${name}${scaleSuffix}`);
    if (entry.dtype === "I8") {
      values.set(name, dequantize(new Int8Array(entry.bytes), entryToFloat32(scale!, where)));
    } else values.set(name, entryToFloat32(entry, where));
  }
  tf.tidy(() => {
    for (const [name, variable] of parameters) {
      variable.assign(tf.tensor(values.get(name)!, variable.shape, "float32"));
    }
  });
}

function quantizeRows(values: Float32Array, rows: number) {
  const columns = values.length / rows;
  const quantized = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++)
      largest = Math.max(largest, Math.abs(values[i]!));
    const scale = Math.fround(largest / 127) || 1;
    scales[row] = scale;
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      quantized[i] = Math.max(-127, Math.min(127, Math.round(values[i]! / scale)));
    }
  }
  return { quantized, scales };
}

function dequantize(quantized: Int8Array, scales: Float32Array): Float32Array {
  const columns = quantized.length / scales.length;
  return Float32Array.from(quantized, (q, i) => q * scales[Math.floor(i / columns)]!);
}

/** The bits of the nearest IEEE binary16, ties to even. @example float16Bits(1) // 0x3c00 */
export function float16Bits(value: number): number {
  const sign = Object.is(Math.sign(value), -0) || value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24); // subnormal; 1024 of them is the first normal
  const exponent = Math.floor(Math.log2(size));
  // log2 may round up at the edge of a power of two.
  const e = size < 2 ** exponent ? exponent - 1 : exponent;
  return sign | (roundToEven((size / 2 ** e - 1) * 1024) + ((e + 15) << 10)); // a carry moves the exponent on
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
