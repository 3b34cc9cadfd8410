import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countEdits } from "./ter/shifts.ts";
import { corpusTer, Ter } from "./ter.ts";

const edits = (hypothesis: string, reference: string) =>
  corpusTer([hypothesis], [reference], { caseSensitive: true }).edits;

describe("corpusTer", () => {
  test("counts the example of Snover et al. 2006: one shift, two insertions and one substitution", () => {
    const score = corpusTer(
      ["THIS WEEK THE SAUDIS denied information published in the new york times"],
      ["SAUDI ARABIA denied THIS WEEK information published in the AMERICAN new york times"],
    );
    expect(score.edits).toBe(4);
    expect(score.value).toBeCloseTo((100 * 4) / 13, 10);
  });

  test("counts a moved run as one edit and never more than without shifts", () => {
    expect(edits("b c a", "a b c")).toBe(1);
    expect(edits("e f g a b c d", "a b c d e f g")).toBe(1);
    expect(edits("a x", "a")).toBe(1);
    expect(edits("", "a b")).toBe(2);
    expect(edits("a b", "")).toBe(2);
  });

  test("takes the nearest reference over the mean length", () => {
    const score = corpusTer(["a b c"], [["a b c d"], ["x y"]]);
    expect(score).toMatchObject({ edits: 1, referenceLength: 3 });
  });

  test("splits references twice as the reference tool does", () => {
    // sacreBLEU 2.6.0: 4 edits over 11 words; once would be 6 over 10.
    const score = corpusTer(
      ["straße istanbul οδος οδυσσευς don't we'll cats' cat's"],
      ["straße cats' cat's. οδυσσευς don't : we'll istanbul οδος"],
      { normalized: true },
    );
    expect(score).toMatchObject({ edits: 4, referenceLength: 11 });
  });

  test("is 0 for two empty texts and 100 for words against nothing", () => {
    expect(corpusTer([""], [""]).value).toBe(0);
    expect(corpusTer(["a"], [""]).value).toBe(100);
  });

  test("names its settings", () => {
    expect(corpusTer(["a"], ["a"], { normalized: true, noPunctuation: true }).signature).toBe(
      "nrefs:1|case:lc|tok:tercom|norm:yes|punct:no|asian:no|version:2.6.0+seq.0.1.0",
    );
    expect(() => new Ter({ noPunct: true } as never)).toThrowError(/unknown option "noPunct"/);
  });
});

describe("countEdits", () => {
  const words = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 14 });

  /** Levenshtein distance, the plain way. */
  function levenshtein(a: readonly number[], b: readonly number[]): number {
    let above = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++) {
        const replace = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
        row.push(Math.min(replace, above[j]! + 1, row[j - 1]! + 1));
      }
      above = row;
    }
    return above[b.length]!;
  }

  test("lies between the difference in word counts and the edit distance without shifts", () => {
    fc.assert(
      fc.property(words, words, (hypothesis, reference) => {
        const counted = countEdits(Int32Array.from(hypothesis), Int32Array.from(reference));
        expect(counted).toBeLessThanOrEqual(levenshtein(hypothesis, reference));
        expect(counted).toBeGreaterThanOrEqual(Math.abs(hypothesis.length - reference.length));
        expect(countEdits(Int32Array.from(reference), Int32Array.from(reference))).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test("looks near the diagonal only, in a beam that widens for texts of very different lengths", () => {
    // The numbers of sacreBLEU 2.6.0: word 7 of 400 lies too far from the middle to be found.
    const long = Int32Array.from({ length: 400 }, (_, i) => i);
    expect(countEdits(Int32Array.from([200, 300]), long)).toBe(398);
    expect(countEdits(Int32Array.from([7, 300]), long)).toBe(399);
    expect(countEdits(long, Int32Array.from([7]))).toBe(399);
  });
});
