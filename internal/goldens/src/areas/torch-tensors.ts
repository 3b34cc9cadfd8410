/** Tensors of PyTorch's oracle files, and losses with their gradients on both backends. */
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { type Checks, differenceOfLists, differenceOfNumbers } from "../check.ts";
import type { OracleFile } from "../types.ts";

/** A tensor as the files write it. */
export interface OracleTensor {
  readonly shape: number[];
  readonly data: readonly (number | string)[];
  readonly dtype?: string;
}

export const outputTolerance = 1e-5;
export const gradientTolerance = 1e-4;

/** A file of PyTorch whose first case (or first case of its first group) has these keys. */
export function isTorchFile({ json }: OracleFile, keys: readonly string[]): boolean {
  if (json.meta?.tool !== "pytorch") return false;
  const first = json.cases?.[0] ?? json.groups?.[0];
  return first !== undefined && keys.every((key) => Object.hasOwn(first, key));
}

/** Runs a body under each backend, so that every case is checked twice. */
export async function onBothBackends(
  body: (backend: "wasm" | "cpu") => void | Promise<void>,
): Promise<void> {
  for (const backend of ["wasm", "cpu"] as const) {
    await loadKernels({ backend });
    await body(backend);
  }
}

/** Counts a case that fails when it throws, returns a difference, or leaves tensors behind. */
export async function runCase(
  checks: Checks,
  label: string,
  body: () => string | undefined,
): Promise<void> {
  await checks.run(label, () => {
    const before = tf.memory().numTensors;
    const difference = body();
    const left = tf.memory().numTensors - before;
    return difference ?? (left === 0 ? undefined : `${left} tensors left behind`);
  });
}

export function toTensor({ shape, data, dtype }: OracleTensor): tf.Tensor {
  const numbers = data.map(Number);
  return dtype?.startsWith("int")
    ? tf.tensor(Int32Array.from(numbers), shape, "int32")
    : tf.tensor(Float32Array.from(numbers), shape, "float32");
}

export function toVariable(tensor: OracleTensor): tf.Variable {
  const initial = toTensor(tensor);
  const variable = tf.variable(initial, true);
  initial.dispose();
  return variable;
}

export function differenceOfTensor(
  name: string,
  got: tf.Tensor | undefined,
  expected: OracleTensor,
  tolerance: number,
): string | undefined {
  if (got === undefined) return `${name} is missing`;
  return (
    differenceOfLists(`${name}.shape`, got.shape, expected.shape) ??
    differenceOfNumbers(name, got.dataSync() as Float32Array, expected.data, tolerance)
  );
}

/** The first difference of several. */
export function firstDifference(differences: Iterable<string | undefined>): string | undefined {
  for (const difference of differences) if (difference !== undefined) return difference;
  return undefined;
}

/** <output, weights> summed over all values. */
export function weighted(output: tf.Tensor, weights: OracleTensor): tf.Scalar {
  return tf.sum(tf.mul(output, toTensor(weights)));
}

/**
 * A loss and its gradients with respect to variables by name; a variable without a gradient gets zeros.
 * The caller disposes the gradients.
 */
export function lossAndGradients(
  loss: () => tf.Scalar,
  variables: ReadonlyMap<string, tf.Variable>,
): { loss: number; gradients: Map<string, tf.Tensor> } {
  const { value, grads } = tf.variableGrads(loss, [...variables.values()]);
  const gradients = new Map<string, tf.Tensor>();
  for (const [name, variable] of variables) {
    gradients.set(name, grads[variable.name] ?? tf.zerosLike(variable));
  }
  const number = value.dataSync()[0] as number;
  value.dispose();
  return { loss: number, gradients };
}

/** Compares gradients with a record of expected ones and disposes them. */
export function differenceOfGradients(
  gradients: ReadonlyMap<string, tf.Tensor>,
  expected: Readonly<Record<string, OracleTensor>>,
): string | undefined {
  const difference = firstDifference(
    Object.entries(expected).map(([name, tensor]) =>
      differenceOfTensor(`gradient of ${name}`, gradients.get(name), tensor, gradientTolerance),
    ),
  );
  tf.dispose([...gradients.values()]);
  return difference;
}
