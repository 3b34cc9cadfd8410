import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digamma, exp, log, powerOf2, xLogX } from "./portable-math.ts";

describe("portable math", () => {
  test("log agrees with the engine's to 3e-16 relative or absolute", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        const expected = Math.log(x);
        expect(Math.abs(log(x) - expected)).toBeLessThan(3e-16 * Math.max(1, Math.abs(expected)));
      }),
      { numRuns: 2000 },
    );
  });

  test("log is exact at 1, at powers of two near enough, and has its limits", () => {
    expect(log(1)).toBe(0);
    expect(log(2)).toBe(Math.LN2);
    expect(log(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(log(-1)).toBeNaN();
  });

  test("exp agrees with the engine's to 1e-15 relative", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-15);
      }),
      { numRuns: 2000 },
    );
    expect(exp(0)).toBe(1);
    expect(exp(-800)).toBe(0);
  });

  test("digamma gives the known values: -γ at 1, -γ - 2 ln 2 at 1/2, and its recurrence", () => {
    const gamma = 0.5772156649015329;
    expect(digamma(1)).toBeCloseTo(-gamma, 9);
    expect(digamma(0.5)).toBeCloseTo(-gamma - 2 * Math.LN2, 9);
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (x) => {
        const step = digamma(x + 1) - digamma(x);
        expect(Math.abs(step - 1 / x)).toBeLessThan(1e-9 + 1e-12 / x);
      }),
    );
  });

  test("powerOf2 and xLogX have their simple values", () => {
    expect(powerOf2(-3)).toBe(0.125);
    expect(powerOf2(1000)).toBe(2 ** 1000);
    expect(xLogX(0)).toBe(0);
    expect(xLogX(1)).toBe(0);
    expect(xLogX(2)).toBe(2 * Math.LN2);
  });
});
