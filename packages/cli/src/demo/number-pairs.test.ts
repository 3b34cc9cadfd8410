import { describe, expect, test } from "vitest";
import { numberPair, numberPairs } from "./number-pairs.ts";

describe("numberPairs", () => {
  test("writes numbers as people do", () => {
    expect(numberPair(21)).toEqual({ source: "twenty-one", target: "einundzwanzig" });
    expect(numberPair(0)).toEqual({ source: "zero", target: "null" });
    expect(numberPair(16_017).target).toBe("sechzehntausendsiebzehn");
  });

  test("says einhunderteintausend, which the number package gets wrong", () => {
    expect(numberPair(101_000).target).toBe("einhunderteintausend");
    expect(numberPair(1_000).target).toBe("eintausend");
    expect(numberPair(101_101).target).toBe("einhunderteintausendeinhunderteins");
  });

  test("gives parts of the sizes asked that share no number, the same for the same seed", () => {
    const sizes = { seed: 5, train: 14_000, dev: 100, test: 300 };
    const pairs = numberPairs(sizes);
    const names = (part: readonly { source: string }[]) => part.map(({ source }) => source);
    expect([pairs.train.length, pairs.dev.length, pairs.test.length]).toEqual([14_000, 100, 300]);
    const heldOut = new Set([...names(pairs.dev), ...names(pairs.test)]);
    expect(heldOut.size).toBe(400);
    expect(names(pairs.train).filter((name) => heldOut.has(name))).toEqual([]);
    expect(numberPairs(sizes)).toEqual(pairs);
  });

  test("trains on the small and round numbers that are not held out, several times", () => {
    const {
      train,
      dev,
      test: tested,
    } = numberPairs({ seed: 5, train: 14_000, dev: 100, test: 300 });
    const heldOut = new Set([...dev, ...tested].map(({ source }) => source));
    for (const n of [...Array(1000).keys(), 1000, 7000, 300_000, 999_000]) {
      const { source } = numberPair(n);
      const count = train.filter((pair) => pair.source === source).length;
      expect(count).toBe(heldOut.has(source) ? 0 : n < 100 ? 40 : 5);
    }
  });
});
