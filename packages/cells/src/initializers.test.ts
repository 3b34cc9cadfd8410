import { Rng } from "@seq/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  constantInitializer,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  orthogonalInitializer,
  uniformInitializer,
  xavierNormal,
  xavierUniform,
} from "./initializers.ts";
import { orthogonalMatrix } from "./orthogonal.ts";

function variance(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

describe("initializers", () => {
  test.each<[string, Initializer, number]>([
    ["xavierUniform", xavierUniform(), 2 / (200 + 300)],
    ["xavierUniform with gain 2", xavierUniform(2), 8 / (200 + 300)],
    ["xavierNormal", xavierNormal(), 2 / (200 + 300)],
    ["kaimingUniform", kaimingUniform(), 2 / 300],
    ["kaimingNormal", kaimingNormal(), 2 / 300],
    ["uniform within 0.3", uniformInitializer(0.3), 0.3 ** 2 / 3],
  ])("%s has the variance of its formula", (_, initializer, expected) => {
    const values = initializer(200, 300, new Rng(1));
    expect(values.length).toBe(60_000);
    expect(variance(values) / expected).toBeGreaterThan(0.97);
    expect(variance(values) / expected).toBeLessThan(1.03);
  });

  test("uniform stays within its bound", () => {
    const values = uniformInitializer(0.25)(100, 100, new Rng(2));
    expect(Math.max(...values)).toBeLessThanOrEqual(0.25);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.25);
  });

  test("equal seeds give equal weights, other seeds others", () => {
    const draw = (seed: number) => xavierNormal()(4, 5, new Rng(seed));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test("constant is constant", () => {
    expect(constantInitializer(1.5)(1, 3, new Rng(0))).toEqual(Float32Array.of(1.5, 1.5, 1.5));
  });
});

describe("orthogonal matrices", () => {
  test("have orthonormal columns when tall and rows when wide, to 1e-12", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (rows, columns) => {
          const q = orthogonalMatrix(rows, columns, new Rng(rows * 31 + columns));
          const at = (i: number, j: number) => q[i * columns + j] as number;
          const tall = rows >= columns;
          const [few, many] = tall ? [columns, rows] : [rows, columns];
          for (let a = 0; a < few; a++) {
            for (let b = 0; b < few; b++) {
              let dot = 0;
              for (let k = 0; k < many; k++)
                dot += tall ? at(k, a) * at(k, b) : at(a, k) * at(b, k);
              expect(Math.abs(dot - (a === b ? 1 : 0))).toBeLessThan(1e-12);
            }
          }
        },
      ),
    );
  });

  test("1 x 1 is 1 or -1, each about half of the time", () => {
    const rng = new Rng(3);
    let positive = 0;
    for (let i = 0; i < 400; i++) if ((orthogonalMatrix(1, 1, rng)[0] as number) > 0) positive++;
    expect(positive).toBeGreaterThan(160);
    expect(positive).toBeLessThan(240);
  });

  test("entries of a large one have mean 0: the signs are set by R, not by the reflections", () => {
    const q = orthogonalMatrix(64, 64, new Rng(5));
    let diagonal = 0;
    for (let i = 0; i < 64; i++) diagonal += q[i * 64 + i] as number;
    expect(Math.abs(diagonal)).toBeLessThan(4); // of standard deviation 1
  });

  test("the initializer scales by its gain", () => {
    const [a, b] = orthogonalInitializer(3)(2, 1, new Rng(6)) as unknown as [number, number];
    expect(Math.hypot(a, b)).toBeCloseTo(3, 5);
  });
});
