import { readFileSync } from "node:fs";
import { SeqError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import { expect, test } from "vitest";
import { BPE } from "../models/bpe/model.ts";
import { trainTokenizer } from "./train.ts";
import { truncate } from "./truncate.ts";

const text = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8");
const lines = text.split("\n").slice(0, 800);

test.each(["gpt2", "gpt", "llama", "bert"] as const)(
  "%s: truncating equals training at the smaller size",
  (preset) => {
    const large = trainTokenizer(lines, { preset, vocabSize: 700 });
    for (const vocabSize of [400, 555, 700]) {
      const small = trainTokenizer(lines, { preset, vocabSize });
      const cut = truncate(large, vocabSize);
      expect([...cut.parts.model.vocab.entries()]).toEqual([...small.parts.model.vocab.entries()]);
      if (cut.parts.model instanceof BPE && small.parts.model instanceof BPE) {
        expect([...cut.parts.model.merges()]).toEqual([...small.parts.model.merges()]);
      }
      expect([...cut.encode("Speak, speak!").ids]).toEqual([...small.encode("Speak, speak!").ids]);
    }
  },
);

test("words and characters are cut by frequency", () => {
  const words = trainTokenizer(["b a b c b a"], { objective: "word", vocabSize: 4 });
  expect(truncate(words, 2).encode("b a").tokens).toEqual(["b", "<unk>"]);
  const characters = trainTokenizer(["babcba"], { objective: "char", vocabSize: 4 });
  expect(truncate(characters, 3).encode("abc").tokens).toEqual(["a", "b", "<unk>"]);
});

test("refuses to lose the alphabet, and models whose vocabularies are not nested", () => {
  const codeOf = (body: () => unknown) => {
    try {
      body();
    } catch (error) {
      if (SeqError.is(error)) return [error.code, error.message];
    }
    return undefined;
  };
  const bytes = trainTokenizer(lines, { preset: "gpt2", vocabSize: 300 });
  expect(codeOf(() => truncate(bytes, 200))?.[0]).toBe("OPTION_RANGE");
  const gpt = trainTokenizer(["ab ab ab"], { preset: "gpt", vocabSize: 9 });
  expect(codeOf(() => truncate(gpt, 2))).toEqual([
    "OPTION_RANGE",
    'truncate: vocabSize is 2, but "b" (id 2) is no merge; give at least 3.',
  ]);
  const unigram = trainTokenizer(lines, { preset: "t5", vocabSize: 300 });
  expect(codeOf(() => truncate(unigram, 200))?.[0]).toBe("OPTION_CONFLICT");
  expect(codeOf(() => truncate(unigram, 301))?.[0]).toBe("OPTION_RANGE");
});
