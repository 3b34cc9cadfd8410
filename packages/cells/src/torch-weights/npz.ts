/** Reads NumPy archives (`.npz`): a ZIP of `.npy` arrays. Arrays of Python objects are refused. */
import { FormatError, type SafetensorsType } from "@seq/core";
import type { StateDict } from "./state-dict.ts";
import { contiguousBytes } from "./strided.ts";
import type { FileTensor } from "./torch-file.ts";
import { openZip } from "./zip.ts";

/**
 * The arrays of an archive by name (without `.npy`).
 *
 * @param where - the file name, for messages.
 * @throws {FormatError} `NPY`, `ZIP`, `STRIDES`
 * @see numpy.lib.format
 */
export function readNpz(bytes: Uint8Array, where = "npz file"): StateDict {
  const archive = openZip(bytes, where);
  const arrays = new Map<string, FileTensor>();
  for (const name of archive.entries.keys()) {
    if (!name.endsWith(".npy")) continue;
    arrays.set(name.slice(0, -4), readNpy(archive.read(name), `${where}: ${name}`));
  }
  return arrays;
}

/** One array. @throws {FormatError} `NPY` */
export function readNpy(bytes: Uint8Array, where: string): FileTensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw fail(where, "this is no .npy array");
  }
  const wide = (bytes[6] as number) >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (start + length > bytes.length) throw fail(where, "the header is cut off");
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const { dtype, itemSize, shape, fortran } = readHeader(header, where);
  const data = bytes.subarray(start + length);
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count * itemSize) {
    throw fail(where, `${data.length} bytes of data, expected ${count * itemSize}`);
  }
  const strides = fortran ? columnMajor(shape) : columnMajor([...shape].reverse()).reverse();
  return { dtype, shape, bytes: contiguousBytes(where, data, itemSize, shape, strides, 0) };
}

/** The header is a Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (20, 4), } */
function readHeader(header: string, where: string) {
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined) {
    throw fail(where, `the header is not read: ${header.trim().slice(0, 100)}`);
  }
  const type = npyType(descr);
  if (type === undefined) throw fail(where, `arrays of type ${descr} are not read`);
  const shape = sizes
    .split(",")
    .filter((size) => size.trim() !== "")
    .map(Number);
  return { ...type, shape, fortran: order === "True" };
}

function npyType(descr: string): { dtype: SafetensorsType; itemSize: number } | undefined {
  switch (descr) {
    case "<f4":
      return { dtype: "F32", itemSize: 4 };
    case "<f8":
      return { dtype: "F64", itemSize: 8 };
    case "<f2":
      return { dtype: "F16", itemSize: 2 };
    case "<i8":
      return { dtype: "I64", itemSize: 8 };
    case "<i4":
      return { dtype: "I32", itemSize: 4 };
    case "<i2":
      return { dtype: "I16", itemSize: 2 };
    case "|i1":
      return { dtype: "I8", itemSize: 1 };
    case "|u1":
      return { dtype: "U8", itemSize: 1 };
    case "|b1":
      return { dtype: "BOOL", itemSize: 1 };
    default:
      return undefined;
  }
}

/** Strides where the first axis runs fastest. @example columnMajor([2, 3]) // [1, 2] */
function columnMajor(shape: readonly number[]): number[] {
  let stride = 1;
  return shape.map((size) => {
    const own = stride;
    stride *= size;
    return own;
  });
}

function fail(where: string, what: string): FormatError {
  return new FormatError(`${where}: ${what}.`, { code: "NPY" });
}
