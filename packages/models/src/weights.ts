/** Weights of any model to and from safetensors: what is saved is what `parameters` names. */

import type { SafetensorsInput } from "@seq/core";
import { entryToFloat32, FormatError, readSafetensors, writeSafetensors } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";

type Parameters = ReadonlyMap<string, tf.Variable>;

/** All parameters as one safetensors file, float32, under their names. */
export function weightsToSafetensors(
  parameters: Parameters,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = [...parameters].map(([name, value]): [string, SafetensorsInput] => [
    name,
    { dtype: "F32", shape: value.shape, data: value.dataSync<"float32">() },
  ]);
  return writeSafetensors(entries, metadata);
}

/**
 * Assigns every parameter from a safetensors file, or none.
 *
 * @param where - the file, for messages.
 * @throws {FormatError} `WEIGHTS_MISMATCH`, naming the missing, unexpected and wrongly shaped tensors.
 */
export function loadSafetensorsWeights(
  parameters: Parameters,
  file: Uint8Array,
  where = "weights",
): void {
  const { tensors } = readSafetensors(file, where);
  const faults: string[] = [];
  for (const [name, { shape }] of parameters) {
    const found = tensors.get(name);
    if (found === undefined) faults.push(`"${name}" is missing`);
    else if (found.shape.join() !== shape.join()) {
      faults.push(
        `"${name}" has shape [${found.shape.join(", ")}], expected [${shape.join(", ")}]`,
      );
    }
  }
  for (const name of tensors.keys()) {
    if (!parameters.has(name)) faults.push(`"${name}" is not of this model`);
  }
  if (faults.length > 0) {
    throw new FormatError(`${where}: does not fit the model: ${faults.join("; ")}.`, {
      code: "WEIGHTS_MISMATCH",
      details: { faults },
    });
  }
  tf.tidy(() => {
    for (const [name, variable] of parameters) {
      const entry = tensors.get(name);
      if (entry === undefined) continue;
      variable.assign(tf.tensor(entryToFloat32(entry, where), variable.shape, "float32"));
    }
  });
}
