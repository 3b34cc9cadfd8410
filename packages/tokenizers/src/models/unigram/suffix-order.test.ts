import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseAlphabet } from "../../training/alphabet.ts";
import { countsOf } from "../../training/word-counts.ts";
import { sharedPrefix, sortSuffixes } from "./suffix-order.ts";
import { cutRuns } from "./training-text.ts";

test("sorts the suffixes of words as strings sort, down to the depth", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 20 });
  const words = fc.uniqueArray(word, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 20 }), (list, depth) => {
      const counts = countsOf(list.map((w) => [w, 1]));
      const corpus = cutRuns(counts, chooseAlphabet(counts));
      const suffixes = list.flatMap((w) => Array.from(w, (_, i) => w.slice(i)));
      const order = [...sortSuffixes(corpus, depth)];
      const heads = order.map((i) => (suffixes[i] as string).slice(0, depth));
      expect(heads).toEqual([...heads].sort());
      expect([...order].sort((a, b) => a - b)).toEqual(suffixes.map((_, i) => i));
    }),
  );
});

test("sharedPrefix stops at the limit and at the end of a word", () => {
  const counts = countsOf([
    ["abab", 1],
    ["ab", 1],
  ]);
  const corpus = cutRuns(counts, chooseAlphabet(counts));
  expect(sharedPrefix(corpus, 0, 2, 9)).toBe(2);
  expect(sharedPrefix(corpus, 2, 4, 9)).toBe(2);
  expect(sharedPrefix(corpus, 2, 4, 1)).toBe(1);
  expect(sharedPrefix(corpus, 0, 1, 9)).toBe(0);
});
