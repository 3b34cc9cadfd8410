/** Shared by the tests: random tensors, comparison, leaks, plain float64 arithmetic. */
import { Rng, SeqError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** Gaussian values from a seed. */
export function randomTensor(seed: number, shape: number[]): tf.Tensor {
  const rng = new Rng(seed);
  const size = shape.reduce((product, axis) => product * axis, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => rng.normal()),
    shape,
  );
}

/** Same shape, and every value within `tolerance * max(1, |expected|)`. */
export function expectClose(
  got: tf.Tensor,
  expected: tf.Tensor | ArrayLike<number>,
  tolerance = 1e-5,
): void {
  if (expected instanceof tf.Tensor) expect(got.shape).toEqual(expected.shape);
  const values = got.dataSync();
  const wanted = expected instanceof tf.Tensor ? expected.dataSync() : expected;
  expect(values.length).toBe(wanted.length);
  for (let i = 0; i < values.length; i++) {
    const difference = Math.abs((values[i] as number) - (wanted[i] as number));
    const allowed = tolerance * Math.max(1, Math.abs(wanted[i] as number));
    if (!(difference <= allowed)) {
      expect.fail(`value ${i} is ${values[i]}, expected ${wanted[i]} (tolerance ${tolerance})`);
    }
  }
}

/** The tensors that a body leaves behind. */
export function tensorsLeftBy(body: () => void): number {
  const before = tf.memory().numTensors;
  body();
  return tf.memory().numTensors - before;
}

/** Runs a body that must throw an error of ours; returns its code and message. */
export function refusal(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (SeqError.is(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error("expected a refusal, but the call went through");
}

/** A matrix-vector product in float64; the matrix is row-major. */
export function product(matrix: ArrayLike<number>, vector: readonly number[]): number[] {
  const columns = vector.length;
  return Array.from({ length: matrix.length / columns }, (_, row) =>
    vector.reduce((sum, value, k) => sum + (matrix[row * columns + k] as number) * value, 0),
  );
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export function values(tensor: tf.Tensor | undefined): number[] {
  return Array.from((tensor as tf.Tensor).dataSync());
}

/** Central differences of a float64 function. */
export function numericalGradient(f: (x: number[]) => number, at: readonly number[]): number[] {
  const step = 1e-5;
  return at.map((value, i) => {
    const moved = [...at];
    moved[i] = value + step;
    const above = f(moved);
    moved[i] = value - step;
    return (above - f(moved)) / (2 * step);
  });
}
