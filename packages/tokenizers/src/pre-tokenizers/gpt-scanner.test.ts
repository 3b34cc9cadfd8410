import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { translateRegex } from "../text/foreign-regex.ts";
import { decodeUtf8, encodeUtf8 } from "../text/utf8.ts";
import {
  cl100kPattern,
  gpt2Pattern,
  gptRegexSource,
  o200kPattern,
  recogniseGptPattern,
} from "./gpt-patterns.ts";
import { type GptPattern, GptScanner } from "./gpt-scanner.ts";

const patterns: [string, GptPattern][] = [
  ["gpt2", gpt2Pattern],
  ["cl100k", cl100kPattern],
  ["cl100k with trailing space", { ...cl100kPattern, trailing: true }],
  ["qwen", { ...cl100kPattern, digits: 1 }],
  ["o200k", o200kPattern],
  ["tekken", { ...o200kPattern, digits: 1, contractions: "none" }],
];

function scan(scanner: GptScanner, text: string): string[] {
  const bytes = encodeUtf8(text);
  const words: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = scanner.scan(bytes, at, bytes.length);
    words.push(decodeUtf8(bytes.subarray(at, end)));
    at = end;
  }
  return words;
}

/** Texts full of what the patterns tell apart: cases, marks, digits, spaces, breaks, apostrophes. */
const tricky = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "a", "B", "Zz", "é", "É", "ß", "ſ", "ǅ", "ʰ", "日", "ん", "́", "̃", "ः", "1", "٣", "½", "²",
        " ", "  ", "\n", "\r\n", "\t", " ", "　", "\u2028", "\u0085", "\ufeff", "​", "'", "'s", "'S",
        "'ll", "'RE", "'ſ", "!", "?!", "/", "_", "-", "😀", "👍🏽", "\u200d", "🇩🇪", "ABCdef", "iPhone",
      ), // biome-ignore format: a list
      fc.string({ unit: "grapheme", maxLength: 3 }),
      fc
        .integer({ min: 0, max: 0x10ffff })
        .filter((c) => c < 0xd800 || c > 0xdfff)
        .map((c) => String.fromCodePoint(c)),
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(""));

describe.each(patterns)("the scanner of %s", (_, pattern) => {
  const scanner = new GptScanner(pattern);
  const regex = translateRegex(gptRegexSource(pattern), "oniguruma", "test");

  test("finds the words of the regular expression", () => {
    fc.assert(
      fc.property(tricky, (text) => {
        expect(scan(scanner, text)).toEqual(text.match(regex) ?? []);
      }),
      { numRuns: 4000 },
    );
  });
});

test.each(patterns.filter(([name]) => ["gpt2", "cl100k", "o200k"].includes(name)))(
  "the scanner of %s classifies every assigned block as the regular expression does",
  (_, pattern) => {
    const scanner = new GptScanner(pattern);
    const regex = translateRegex(gptRegexSource(pattern), "oniguruma", "test");
    const different: string[] = [];
    for (let block = 0; block < 0x34000; block += 256) {
      let text = "";
      for (let c = block; c < block + 256; c++) {
        if (c < 0xd800 || c > 0xdfff) text += `x${String.fromCodePoint(c)}A `;
      }
      const expected = (text.match(regex) ?? []).join("|");
      if (scan(scanner, text).join("|") !== expected) different.push(block.toString(16));
    }
    expect(different).toEqual([]);
  },
);

describe("recognising patterns", () => {
  test("knows what it writes itself", () => {
    for (const pattern of [gpt2Pattern, cl100kPattern, o200kPattern]) {
      expect(recogniseGptPattern(gptRegexSource(pattern))).toEqual(pattern);
    }
  });

  test("leaves others to the engine", () => {
    expect(recogniseGptPattern("\\w+|\\s+")).toBeUndefined();
  });
});

test("words of GPT-2's pattern are those of its paper's example", () => {
  expect(scan(new GptScanner(gpt2Pattern), "Hello, world! I'll  go")).toEqual([
    "Hello", ",", " world", "!", " I", "'ll", " ", " go",
  ]); // biome-ignore format: a list
});
