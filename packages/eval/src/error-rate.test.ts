import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alignmentEdits } from "./edit-distance.ts";
import { characterErrorRate, wordErrorRate } from "./error-rate.ts";

describe("error rates", () => {
  test("count substitutions, deletions and insertions of words", () => {
    const score = wordErrorRate(["the cat sit the mat today"], ["the cat sat on the mat"]);
    // sat -> sit, "on" missing, "today" too many.
    expect(score).toMatchObject({
      substitutions: 1,
      deletions: 1,
      insertions: 1,
      referenceLength: 6,
    });
    expect(score.value).toBeCloseTo(3 / 6, 12);
    expect(score.signature).toBe("nrefs:1|case:mixed|version:seq.0.1.0");
  });

  test("give the distance of kitten and sitting over characters, by code points", () => {
    expect(characterErrorRate(["sitting"], ["kitten"])).toMatchObject({
      value: 0.5,
      substitutions: 2,
      insertions: 1,
      deletions: 0,
    });
    expect(characterErrorRate(["\u{1f600}"], ["\u{1f601}"]).value).toBe(1);
  });

  test("sum over the corpus before dividing, and take the reference of lowest rate", () => {
    expect(wordErrorRate(["a", "a b c"], ["b", "a b c"]).value).toBe(0.25);
    expect(wordErrorRate(["a b"], [["x y z"], ["a b c d"]])).toMatchObject({
      deletions: 2,
      referenceLength: 4,
    });
  });

  test("are infinite for words against nothing, not 0", () => {
    expect(wordErrorRate(["a"], [""]).value).toBe(Number.POSITIVE_INFINITY);
    expect(wordErrorRate([""], [""]).value).toBe(0);
  });

  test("fold case only when asked", () => {
    expect(wordErrorRate(["A"], ["a"]).value).toBe(1);
    expect(wordErrorRate(["A"], ["a"], { lowercase: true }).value).toBe(0);
  });
});

test("alignmentEdits finds the fewest edits, and they turn one length into the other", () => {
  const words = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 7 });
  /** By definition, without a table. */
  const distance = (a: readonly number[], b: readonly number[]): number => {
    if (a.length === 0 || b.length === 0) return a.length + b.length;
    const [x, y] = [a.slice(1), b.slice(1)];
    if (a[0] === b[0]) return distance(x, y);
    return 1 + Math.min(distance(x, y), distance(x, b), distance(a, y));
  };
  fc.assert(
    fc.property(words, words, (a, b) => {
      const { substitutions, deletions, insertions } = alignmentEdits(
        Int32Array.from(a),
        Int32Array.from(b),
      );
      expect(substitutions + deletions + insertions).toBe(distance(a, b));
      expect(a.length - insertions + deletions).toBe(b.length);
    }),
  );
});
