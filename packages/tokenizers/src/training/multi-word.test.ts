import { expect, test } from "vitest";
import { multiWordTokens } from "./multi-word.ts";
import { trainTokenizer } from "./train.ts";

const corpus = Array(50).fill("the lord of the rings and the king of the hill");

test("reports the tokens that span words, and their share", () => {
  const jurassic = trainTokenizer(corpus, { preset: "jurassic", vocabSize: 300 });
  const { tokens, share } = multiWordTokens(jurassic);
  expect(tokens).toContain(" of the ");
  expect(tokens.length).toBeGreaterThan(5);
  expect(share).toBe(tokens.length / jurassic.vocabSize);
});

test("finds none where tokens keep to words, and counts no special token", () => {
  const within = trainTokenizer(corpus, { preset: "gpt2", vocabSize: 300 });
  expect(multiWordTokens(within)).toEqual({ tokens: [], share: 0 });
  const across = trainTokenizer(corpus, { preset: "t5", vocabSize: 60, crossSpaces: true });
  const { tokens, share } = multiWordTokens(across);
  expect(tokens.length).toBeGreaterThan(0);
  expect(share).toBe(tokens.length / (across.vocabSize - 3));
});
