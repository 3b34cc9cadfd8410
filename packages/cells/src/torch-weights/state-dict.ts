/** Parameters by name to and from plain values, under PyTorch's `state_dict` names. */
import { checkOptions, entryToFloat32, FormatError, type SafetensorsEntry } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { shapeText } from "../check.ts";

/** Values by name, as `readSafetensors`, `readTorchFile` and `readNpz` give them. */
export type StateDict = ReadonlyMap<string, SafetensorsEntry>;

/** Values by name, as `writeSafetensors` takes them. */
export type WritableStateDict = Map<
  string,
  { readonly dtype: "F32"; readonly shape: readonly number[]; readonly data: Float32Array }
>;

export interface LoadStateDictOptions {
  /** What the names in the file begin with: `"rnn."`. Default nothing. */
  readonly prefix?: string;
  /**
   * True (default): an entry with the prefix that no parameter takes is an error. False: it is left out;
   * a missing one is an error all the same.
   */
  readonly strict?: boolean;
}

/** Copies of the values of parameters, their names after a prefix. */
export function parametersToStateDict(
  parameters: ReadonlyMap<string, tf.Tensor>,
  prefix = "",
): WritableStateDict {
  const stateDict: WritableStateDict = new Map();
  for (const [name, tensor] of parameters) {
    const data = (tensor.dataSync() as Float32Array).slice();
    stateDict.set(`${prefix}${name}`, { dtype: "F32", shape: [...tensor.shape], data });
  }
  return stateDict;
}

/**
 * Sets parameters from a state dict; all is checked before anything changes.
 *
 * @param where - the call, for messages.
 * @param parameters - variables.
 * @throws {FormatError} `STATE_DICT` on a missing, unexpected or misshapen entry.
 */
export function loadParameters(
  where: string,
  parameters: ReadonlyMap<string, tf.Tensor>,
  stateDict: StateDict,
  options: LoadStateDictOptions = {},
): void {
  checkOptions(where, options, ["prefix", "strict"]);
  const { prefix = "", strict = true } = options;
  const values = [...parameters].map(([name, parameter]) => {
    const entry = stateDict.get(`${prefix}${name}`);
    if (entry === undefined) {
      throw fail(`${where}: the file has no "${prefix}${name}"`, stateDict);
    }
    if (shapeText(entry.shape) !== shapeText(parameter.shape)) {
      throw new FormatError(
        `${where}: "${prefix}${name}" has shape ${shapeText(entry.shape)}, expected ${shapeText(parameter.shape)}.`,
        { code: "STATE_DICT", details: { name, shape: entry.shape, expected: parameter.shape } },
      );
    }
    return { parameter: parameter as tf.Variable, data: entryToFloat32(entry, where) };
  });
  if (strict) {
    const taken = new Set([...parameters.keys()].map((name) => `${prefix}${name}`));
    for (const name of stateDict.keys()) {
      if (name.startsWith(prefix) && !taken.has(name)) {
        throw fail(
          `${where}: no parameter takes "${name}" (strict: false leaves it out)`,
          parameters,
        );
      }
    }
  }
  for (const { parameter, data } of values) {
    tf.tidy(() => parameter.assign(tf.tensor(data, parameter.shape)));
  }
}

function fail(what: string, known: ReadonlyMap<string, unknown>): FormatError {
  const names = [...known.keys()];
  const listed = names.slice(0, 8).join(", ") + (names.length > 8 ? ", ..." : "");
  return new FormatError(`${what}; there are ${listed || "none"}.`, {
    code: "STATE_DICT",
    details: { names },
  });
}
