/** Trainable variables with their first values. */
import { newVariable } from "@seq/cells";
import type { Rng } from "@seq/core";
import type { Variable } from "@tensorflow/tfjs-core";

/** Uniform in [-bound, bound). */
export function uniformVariable(shape: readonly number[], bound: number, rng: Rng): Variable {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = (2 * rng.uniform() - 1) * bound;
  return newVariable(values, [...shape]);
}

export function zeroVariable(shape: readonly number[]): Variable {
  return newVariable(new Float32Array(sizeOf(shape)), [...shape]);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
