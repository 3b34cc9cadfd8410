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

  test("gives disjoint parts of the sizes asked, the same for the same seed", () => {
    const pairs = numberPairs({ seed: 5, train: 2000, dev: 100, test: 300 });
    const all = [...pairs.train, ...pairs.dev, ...pairs.test].map((pair) => pair.source);
    expect([pairs.train.length, pairs.dev.length, pairs.test.length]).toEqual([2000, 100, 300]);
    expect(new Set(all).size).toBe(2400);
    expect(numberPairs({ seed: 5, train: 2000, dev: 100, test: 300 })).toEqual(pairs);
  });
});
