import { describe, expect, test } from "vitest";
import { SeqError } from "./errors.ts";
import { Rng } from "./rng.ts";

describe("Rng", () => {
  test("continues exactly from a serialised state", () => {
    const rng = new Rng(42);
    for (let i = 0; i < 100; i++) rng.uniform();
    const copy = Rng.fromState(JSON.parse(JSON.stringify(rng.state)));
    for (let i = 0; i < 100; i++) expect(copy.nextUint32()).toBe(rng.nextUint32());
  });

  test("follows xoshiro128** as published", () => {
    // State 1, 2, 3, 4: the first outputs of the authors' C code.
    const rng = Rng.fromState({ algorithm: "xoshiro128**", words: [1, 2, 3, 4] });
    expect([rng.nextUint32(), rng.nextUint32(), rng.nextUint32()]).toEqual([11520, 0, 5927040]);
  });

  test("seeds differ in their high words too", () => {
    expect(new Rng(1).nextUint32()).not.toBe(new Rng(1 + 2 ** 32).nextUint32());
  });

  test("uniform, integer and normal have the moments they should", () => {
    const rng = new Rng(7);
    const n = 200_000;
    let sum = 0;
    let square = 0;
    let uniform = 0;
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < n; i++) {
      const x = rng.normal();
      sum += x;
      square += x * x;
      uniform += rng.uniform();
      counts[rng.integer(6)]!++;
    }
    expect(Math.abs(sum / n)).toBeLessThan(0.01);
    expect(Math.abs(square / n - 1)).toBeLessThan(0.015);
    expect(Math.abs(uniform / n - 0.5)).toBeLessThan(0.003);
    for (const count of counts) expect(Math.abs(count / n - 1 / 6)).toBeLessThan(0.005);
  });

  test("a split is independent of how much the other is used", () => {
    const a = new Rng(3);
    const b = new Rng(3);
    const childOfA = a.split();
    const childOfB = b.split();
    b.uniform();
    expect(childOfA.nextUint32()).toBe(childOfB.nextUint32());
  });

  test("shuffle keeps all items", () => {
    const order = [...new Rng(1).permutation(1000)].sort((x, y) => x - y);
    expect(order).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test("refuses a broken state and a fractional seed", () => {
    expect(() => new Rng(0.5)).toThrow("Rng: seed is 0.5, expected a whole number.");
    try {
      Rng.fromState({ algorithm: "xoshiro128**", words: [0, 0, 0, 0] });
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("RNG_STATE");
    }
  });
});
