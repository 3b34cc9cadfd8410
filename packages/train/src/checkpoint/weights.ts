/** Parameters to and from safetensors files; names and shapes are checked, what does not fit is reported. */
import {
  entryToFloat32,
  FormatError,
  readSafetensors,
  type SafetensorsInput,
  ShapeError,
  writeSafetensors,
} from "@seq/core";
import { type Tensor, tensor, tidy, type Variable } from "@tensorflow/tfjs-core";

/** A tensor outside of the tensor engine. */
export interface TensorValues {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A copy of the tensors' values, in their order. */
export function copyTensors(tensors: ReadonlyMap<string, Tensor>): Map<string, TensorValues> {
  return new Map(
    [...tensors].map(([name, t]) => [
      name,
      // A backend may hand out its own array: copy it.
      { shape: [...t.shape], values: new Float32Array(t.dataSync() as Float32Array) },
    ]),
  );
}

/** @param metadata - texts for the file's header. */
export function encodeTensors(
  tensors: ReadonlyMap<string, TensorValues>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = [...tensors].map(([name, { shape, values }]): [string, SafetensorsInput] => [
    name,
    { dtype: "F32", shape, data: values },
  ]);
  return writeSafetensors(entries, metadata);
}

/** @throws {FormatError} `SAFETENSORS` */
export function decodeTensors(where: string, bytes: Uint8Array): Map<string, TensorValues> {
  const { tensors } = readSafetensors(bytes, where);
  return new Map(
    [...tensors].map(([name, entry]) => [
      name,
      { shape: entry.shape, values: entryToFloat32(entry, where) },
    ]),
  );
}

/** All parameters of a model as one safetensors file. */
export function saveWeights(
  parameters: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return encodeTensors(copyTensors(parameters), metadata);
}

export interface LoadWeightsOptions {
  /** The file, for messages (default `"weights"`). */
  readonly where?: string;
  /** Load what is there and report the rest, instead of refusing a file that does not fit (default false). */
  readonly partial?: boolean;
  /** The parameter's name for a name in the file; `undefined` leaves the entry out. */
  readonly rename?: (name: string) => string | undefined;
}

export interface LoadWeightsReport {
  readonly loaded: readonly string[];
  /** Parameters of the model that the file does not have; they keep their values. */
  readonly missing: readonly string[];
  /** Entries of the file that the model does not have. */
  readonly unexpected: readonly string[];
}

/**
 * Sets parameters from a safetensors file (ours or another tool's), converting float16, bfloat16 and float64.
 *
 * @returns which names were loaded, missing, unexpected; nothing is changed when it throws.
 * @throws {FormatError} `WEIGHTS_MISMATCH` naming missing and unexpected entries, unless `partial`; `SAFETENSORS`.
 * @throws {ShapeError} `SHAPE_MISMATCH` also with `partial`.
 */
export function loadWeights(
  parameters: ReadonlyMap<string, Variable>,
  bytes: Uint8Array,
  options: LoadWeightsOptions = {},
): LoadWeightsReport {
  const { where = "weights", partial = false, rename = (name: string) => name } = options;
  const found = new Map<string, TensorValues>();
  for (const [name, values] of decodeTensors(where, bytes)) {
    const ours = rename(name);
    if (ours !== undefined) found.set(ours, values);
  }
  const missing = [...parameters.keys()].filter((name) => !found.has(name));
  const unexpected = [...found.keys()].filter((name) => !parameters.has(name));
  if (!partial && (missing.length > 0 || unexpected.length > 0)) {
    throw new FormatError(
      `${where}: does not fit the model: missing ${list(missing)}; unexpected ${list(unexpected)}. Load with partial: true to take what fits.`,
      { code: "WEIGHTS_MISMATCH", details: { missing, unexpected } },
    );
  }
  const loaded = [...parameters.keys()].filter((name) => found.has(name));
  for (const name of loaded) {
    const { shape } = parameters.get(name) as Variable;
    const { shape: given } = found.get(name) as TensorValues;
    if (shape.join() !== given.join()) {
      throw new ShapeError(
        `${where}: "${name}" has shape [${given.join(", ")}], the model expects [${shape.join(", ")}].`,
        { code: "SHAPE_MISMATCH", details: { name, found: given, expected: shape } },
      );
    }
  }
  for (const name of loaded) {
    const { shape, values } = found.get(name) as TensorValues;
    tidy(() => (parameters.get(name) as Variable).assign(tensor(values, [...shape])));
  }
  return { loaded, missing, unexpected };
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const shown = names.slice(0, 5).map((name) => `"${name}"`);
  return shown.join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
}
