/** What the tests of this package share: seeded values, comparisons, central differences. */
import { Rng } from "@seq/core";
import { expect } from "vitest";

/** Float32 values between -scale and scale, the same on every run. */
export function randomValues(seed: number, length: number, scale = 1): Float32Array {
  const rng = new Rng(seed);
  return Float32Array.from({ length }, () => (2 * rng.uniform() - 1) * scale);
}

/**
 * Fails unless every pair differs by at most `tolerance` times the larger of 1 and the largest expected value.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "values",
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  let size = 1;
  for (let i = 0; i < expected.length; i++) size = Math.max(size, Math.abs(expected[i] as number));
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(difference <= tolerance * size)) {
      expect.fail(`${what}[${i}] is ${actual[i]}, expected ${expected[i]} (± ${tolerance * size})`);
    }
  }
}

/** The gradient of a float64 function by central differences, one value at a time. */
export function centralDifferences(
  f: (values: Float64Array) => number,
  at: ArrayLike<number>,
  step = 1e-5,
): Float64Array {
  const values = Float64Array.from(at);
  return values.map((value, i) => {
    values[i] = value + step;
    const above = f(values);
    values[i] = value - step;
    const below = f(values);
    values[i] = value;
    return (above - below) / (2 * step);
  });
}

/** Whole numbers from 0 to bound - 1, the same on every run. */
export function randomIntegers(seed: number, length: number, bound: number): Int32Array {
  const rng = new Rng(seed);
  return Int32Array.from({ length }, () => rng.integer(bound));
}
