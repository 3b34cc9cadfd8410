import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Chrf, corpusChrf } from "./chrf.ts";

describe("corpusChrf", () => {
  test("averages over existing orders by default and over all orders with epsilon smoothing", () => {
    expect(corpusChrf(["a b c"], ["a b c"]).value).toBe(100);
    expect(corpusChrf(["a b c"], ["a b c"], { epsilonSmoothing: true }).value).toBeCloseTo(50, 10);
  });

  test("weighs recall by beta in the hand-computed case of abc against abcd", () => {
    // Order 1: 3 of 3 and 3 of 4; order 2: 2 of 2 and 2 of 3. P = 1, R = (3/4 + 2/3) / 2 = 17/24.
    const p = 1;
    const r = 17 / 24;
    const { value } = corpusChrf(["abc"], ["abcd"], { charOrder: 2, beta: 2 });
    expect(value).toBeCloseTo((100 * 5 * p * r) / (4 * p + r), 10);
  });

  test("counts code points, not code units", () => {
    // U+1F600 and U+1F601 share their high surrogate: by code units a quarter would match.
    expect(corpusChrf(["\u{1f600}"], ["\u{1f601}"]).value).toBe(0);
    expect(corpusChrf(["\u{1f600}b"], ["\u{1f600}c"], { charOrder: 1 }).value).toBeCloseTo(50, 10);
  });

  test("names itself by beta and word order, with the settings in the signature", () => {
    const score = corpusChrf(["a"], ["a"], { wordOrder: 2, lowercase: true, whitespace: true });
    expect(score.name).toBe("chrF2++");
    expect(score.signature).toBe(
      "nrefs:1|case:lc|eff:yes|nc:6|nw:2|space:yes|version:2.6.0+seq.0.1.0",
    );
  });

  test("takes of several references the one of highest F", () => {
    const both = corpusChrf(["abc def"], [["xyz"], ["abc dex"]]);
    expect(both.value).toBe(corpusChrf(["abc def"], ["abc dex"]).value);
  });

  test("refuses options out of range", () => {
    expect(() => new Chrf({ charOrder: 0 })).toThrowError(
      "Chrf: charOrder is 0, expected a whole number from 1 to 100.",
    );
    expect(() => new Chrf({ epsSmoothing: true } as never)).toThrowError(/unknown option/);
  });

  test("lies in 0..100 and is 100 for any text with a character against itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (one, two) => {
        const { value } = corpusChrf([one], [two], { wordOrder: 2 });
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(100 + 1e-9);
        const own = corpusChrf([`x${one}`], [`x${one}`], { wordOrder: 2 }).value;
        expect(own).toBeCloseTo(100, 9);
      }),
    );
  });
});
