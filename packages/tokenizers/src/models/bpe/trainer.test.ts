import { readFileSync } from "node:fs";
import { Rng, SeqError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runToEnd } from "../../training/progress.ts";
import { learnMergesSlowly } from "../../training/reference.ts";
import { countsOf, WordCounter } from "../../training/word-counts.ts";
import { type BpeTrainingOptions, learnBpe } from "./trainer.ts";

const learn = (words: Record<string, number>, options: BpeTrainingOptions) =>
  runToEnd(learnBpe(countsOf(Object.entries(words)), options));

const mini = { hug: 10, pug: 5, pun: 12, bun: 4, hugs: 5 };

function errorOf(body: () => unknown): SeqError {
  try {
    body();
  } catch (error) {
    if (SeqError.is(error)) return error;
  }
  throw new Error("expected a SeqError");
}

describe("learnBpe", () => {
  test("learns the merges of the course's mini corpus: ug 20, un 16, hug 15", () => {
    const { tokens, merges } = learn(mini, { vocabSize: 10 });
    expect(merges).toEqual([
      ["u", "g"],
      ["u", "n"],
      ["h", "ug"],
    ]);
    expect(tokens).toEqual(["b", "g", "h", "n", "p", "s", "u", "ug", "un", "hug"]);
    const { steps } = learnMergesSlowly(countsOf(Object.entries(mini)), { vocabSize: 10 });
    expect(steps.map(({ value }) => value)).toEqual([20, 16, 15]);
  });

  test("compresses aaabdaaabac as the encyclopedia's example does", () => {
    const { merges } = learn({ aaabdaaabac: 1 }, { vocabSize: 7, minFrequency: 1 });
    // (a, a) stands four times. Then (aa, a) and (a, b) tie at two: a has the smaller id than aa.
    expect(merges.map((pair) => pair.join(""))).toEqual(["aa", "ab", "aaab"]);
  });

  test("merges equally frequent pairs by the smaller left id, then the smaller right id", () => {
    const { merges } = learn({ dc: 3, ab: 3, cd: 3, ba: 3 }, { vocabSize: 7 });
    expect(merges).toEqual([
      ["a", "b"],
      ["b", "a"],
      ["c", "d"],
    ]);
  });

  test("merges overlapping pairs from the left", () => {
    expect(learn({ aaaaa: 2 }, { vocabSize: 4 }).tokens).toEqual(["a", "aa", "aaa", "aaaaa"]);
  });

  test("equals the reference version on random corpora, with markers, special tokens and limits", () => {
    const word = fc.string({
      unit: fc.constantFrom("a", "b", "c", "😂"),
      minLength: 1,
      maxLength: 10,
    });
    const entries = fc.array(fc.tuple(word, fc.integer({ min: 1, max: 9 })), { maxLength: 25 });
    const options = fc.record({
      vocabSize: fc.integer({ min: 16, max: 45 }),
      minFrequency: fc.integer({ min: 0, max: 4 }),
      continuingSubwordPrefix: fc.constantFrom("", "##"),
      endOfWordSuffix: fc.constantFrom("", "</w>"),
      limitAlphabet: fc.constantFrom(2, 3, 4),
      specialTokens: fc.constantFrom([], ["<unk>"], ["ab", "<unk>"]),
    });
    fc.assert(
      fc.property(entries, options, (words, given) => {
        const { tokens, merges } = learnMergesSlowly(countsOf(words), given);
        expect(runToEnd(learnBpe(countsOf(words), given))).toEqual({ tokens, merges });
      }),
      { numRuns: 200 },
    );
  });

  test("gives the same tokens and merges for any order of the corpus", () => {
    const entries = Object.entries({ ...mini, hugging: 3, bugs: 3, pugs: 3, sun: 3, nuts: 3 });
    const expected = runToEnd(learnBpe(countsOf(entries), { vocabSize: 25 }));
    const rng = new Rng(7);
    for (let i = 0; i < 20; i++) {
      const shuffled = rng.shuffle([...entries]);
      expect(runToEnd(learnBpe(countsOf(shuffled), { vocabSize: 25 }))).toEqual(expected);
    }
  });

  test("puts special tokens first, then byte tokens, the alphabet by code point, merges", () => {
    const options = { vocabSize: 300, specialTokens: ["<pad>", "<unk>"], byteFallback: true };
    const { tokens } = learn(mini, options);
    expect(tokens.slice(0, 3)).toEqual(["<pad>", "<unk>", "<0x00>"]);
    expect(tokens[257]).toBe("<0xFF>");
    expect(tokens.slice(258, 267)).toEqual(["b", "g", "h", "n", "p", "s", "u", "ug", "un"]);
  });

  test("never spells a special token by merging text", () => {
    const { tokens, merges } = learn({ "<s>": 50 }, { vocabSize: 20, specialTokens: ["<s>"] });
    expect(tokens).toEqual(["<s>", "<", ">", "s", "<s"]);
    expect(merges).toEqual([["<", "s"]]);
  });

  test("keeps tokens within maxTokenLength characters and maxPieceWords words", () => {
    const text = { "of the king of the hill": 9, "of the": 9 };
    const short = learn(text, { vocabSize: 200, maxTokenLength: 4 });
    expect(Math.max(...short.tokens.map((token) => token.length))).toBe(4);
    const words = (token: string) => token.split(" ").filter((part) => part !== "").length;
    const two = learn(text, { vocabSize: 200, maxPieceWords: 2 });
    expect(Math.max(...two.tokens.map(words))).toBe(2);
    expect(two.tokens).toContain("of the");
    const all = learn(text, { vocabSize: 200 });
    expect(all.tokens).toContain("of the king of the hill");
  });

  test("splits words at characters outside a limited alphabet and merges nothing across", () => {
    // Ten times a and b, but only once side by side: less than the minimum of 2.
    const { tokens } = learn({ "a?b": 9, ab: 1 }, { vocabSize: 20, limitAlphabet: 2 });
    expect(tokens).toEqual(["a", "b"]);
  });

  test("covers the wanted share of characters and the initial alphabet", () => {
    const covered = learn({ aaab: 10, c: 1 }, { vocabSize: 9, characterCoverage: 0.9 });
    expect(covered.tokens.slice(0, 2)).toEqual(["a", "b"]);
    expect(covered.tokens).not.toContain("c");
    const initial = learn({ a: 1 }, { vocabSize: 9, initialAlphabet: ["xyz"] });
    expect(initial.tokens).toEqual(["a", "x", "y", "z"]);
  });

  test("gives a smaller vocabulary than asked by default, and an error with strictVocabSize", () => {
    expect(learn(mini, { vocabSize: 1000 }).tokens.length).toBe(14);
    const error = errorOf(() => learn(mini, { vocabSize: 1000, strictVocabSize: true }));
    expect(error.code).toBe("VOCAB_SIZE");
    expect(error.message).toBe(
      "BPETrainer: the corpus gives a vocabulary of at most 14 tokens, vocabSize is 1000; lower vocabSize to 14, add text, or leave strictVocabSize off.",
    );
  });

  test("refuses a vocabulary smaller than the alphabet, an unknown option, a repeated token", () => {
    expect(errorOf(() => learn(mini, { vocabSize: 5 })).message).toBe(
      "BPETrainer: vocabSize is 5, but special tokens and alphabet alone are 7 tokens; raise vocabSize, or lower the alphabet with limitAlphabet or characterCoverage.",
    );
    const misspelt = { vocabSize: 9, minfrequency: 1 } as BpeTrainingOptions;
    expect(errorOf(() => learn(mini, misspelt)).code).toBe("UNKNOWN_OPTION");
    expect(errorOf(() => learn(mini, { vocabSize: 9, specialTokens: ["a", "a"] })).message).toBe(
      'BPETrainer: specialTokens has "a" twice; expected distinct tokens that are not empty.',
    );
  });

  test("stops at an aborted signal", () => {
    const control = { signal: AbortSignal.abort() };
    const run = learnBpe(countsOf(Object.entries(mini)), { vocabSize: 10 });
    expect(errorOf(() => runToEnd(run, control)).code).toBe("ABORTED");
  });
});

describe("learnBpe against Hugging Face's trainer", () => {
  const gpt2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
  const cases: [string, number, BpeTrainingOptions][] = [
    ["bytelevel_bpe600", 2500, { vocabSize: 600, specialTokens: ["<|endoftext|>"] }],
    ["node_bytelevel_bpe", 400, { vocabSize: 30000, minFrequency: 0, allBytes: false }],
  ];

  test.each(cases)("%s: equal vocabulary and merges", (name, lines, options) => {
    const counter = new WordCounter();
    const text = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8");
    for (const line of text.split("\n").slice(0, lines)) {
      for (const word of `${line}\n`.match(gpt2) ?? []) counter.addText(word);
    }
    const { tokens, merges } = runToEnd(learnBpe(counter.toCounts(), { unit: "byte", ...options }));
    const golden = JSON.parse(readFileSync(sharedPath(`goldens/hf/${name}.tokenizer.json`), "utf8"))
      .model as { vocab: Record<string, number>; merges: (string | string[])[] };
    const split = golden.merges.map((m) => (typeof m === "string" ? m.split(" ") : m));
    expect(merges).toEqual(split);
    const byId = Object.entries(golden.vocab).sort(([, a], [, b]) => a - b);
    expect(tokens).toEqual(byId.map(([token]) => token));
  });
});
