import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countsOf, sortCounts, WordCounter, type WordCounts, wordAt } from "./word-counts.ts";

const entries = (words: WordCounts) =>
  Array.from(words.counts, (count, i) => [wordAt(words, i), count] as const);

describe("WordCounter", () => {
  test("counts distinct words in the order they were first seen", () => {
    const counter = new WordCounter();
    for (const word of ["b", "a", "b", "", "世界", "b"]) counter.addText(word);
    expect(entries(counter.toCounts())).toEqual([
      ["b", 3],
      ["a", 1],
      ["世界", 1],
    ]);
    expect(counter.size).toBe(3);
  });

  test("counts like a Map, whether added at once or merged from parts", () => {
    const words = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }));
    fc.assert(
      fc.property(words, words, (left, right) => {
        const expected = new Map<string, number>();
        for (const word of [...left, ...right]) expected.set(word, (expected.get(word) ?? 0) + 1);
        const merged = new WordCounter();
        merged.merge(countsOf(left.map((word) => [word, 1])));
        merged.merge(countsOf(right.map((word) => [word, 1])));
        expect(entries(merged.toCounts())).toEqual([...expected]);
      }),
    );
  });

  test("grows beyond its first tables", () => {
    const counter = new WordCounter();
    for (let i = 0; i < 30_000; i++) counter.addText(`word-number-${i % 20_000}`);
    const { counts } = counter.toCounts();
    expect(counts.length).toBe(20_000);
    expect([counts[0], counts[9_999], counts[10_000], counts[19_999]]).toEqual([2, 2, 1, 1]);
  });

  test("counts a lone surrogate as U+FFFD", () => {
    const counter = new WordCounter();
    counter.addText("a\ud800");
    counter.addText("a\ufffd");
    expect(entries(counter.toCounts())).toEqual([["a\ufffd", 2]]);
  });
});

test("sortCounts orders words by their bytes, which is by code point", () => {
  const words = countsOf([
    ["b", 1],
    ["ab", 2],
    ["\u{1f600}", 3],
    ["\uff5e", 4],
    ["a", 5],
  ]);
  expect(entries(sortCounts(words))).toEqual([
    ["a", 5],
    ["ab", 2],
    ["b", 1],
    ["\uff5e", 4],
    ["\u{1f600}", 3],
  ]);
});
