import { readFileSync } from "node:fs";
import { sharedPath } from "@seq-internal/test-utils";
import { describe, expect, test } from "vitest";
import { readTiktoken } from "./formats/tiktoken/read.ts";
import { measureFit, oddTokens, traceLattice, traceMerges, unusedTokens } from "./inspect.ts";
import { BPE } from "./models/bpe/model.ts";
import { Unigram } from "./models/unigram/model.ts";
import { Tokenizer } from "./tokenizer.ts";

const hugs = new Tokenizer({
  model: new BPE({
    vocab: ["h", "u", "g", "s", "ug", "hug", " ", "x"],
    merges: [["u", "g"], ["h", "ug"]], // biome-ignore format: short
  }),
});

describe("measureFit", () => {
  test("counts words, characters and tokens", () => {
    const fit = measureFit(hugs, ["hug hugs"]);
    expect(fit).toMatchObject({ texts: 1, words: 2, characters: 8, bytes: 8, tokens: 4 });
    expect(fit.fertility).toBe(2);
    expect(fit.charactersPerToken).toBe(2);
    expect(fit.splitWordShare).toBe(0.5);
  });
});

test("unusedTokens lists what a text never uses", () => {
  expect(unusedTokens(hugs, ["hug hugs"]).map(({ token }) => token)).toEqual([
    "h",
    "u",
    "g",
    "ug",
    "x",
  ]);
});

test("oddTokens finds the names that GPT-2's corpus repeated", () => {
  const r50k = readTiktoken(
    readFileSync(sharedPath("data/tokenizers/tiktoken/r50k_base.tiktoken")),
    "r50k_base",
  );
  const odd = oddTokens(r50k);
  const texts = odd.map(({ text }) => text);
  for (const name of [" SolidGoldMagikarp", "GoldMagikarp", " TheNitromeFan", "PsyNetMessage"]) {
    expect(texts).toContain(name);
  }
  expect(odd.find(({ text }) => text === " SolidGoldMagikarp")).toMatchObject({
    id: 43453,
    kind: "joined-words",
  });
  expect(texts).not.toContain(" the");
});

test("traceMerges shows every merge", () => {
  const [trace] = traceMerges(hugs, "hugs");
  expect(trace?.steps).toEqual([
    { tokens: ["h", "u", "g", "s"], at: 1, rank: 0, result: "ug" },
    { tokens: ["h", "ug", "s"], at: 0, rank: 1, result: "hug" },
  ]);
  expect(trace?.tokens).toEqual(["hug", "s"]);
});

test("traceLattice shows all pieces that fit and the best way", () => {
  const pieces = [["<unk>", 0], ["a", -1], ["b", -1], ["ab", -1.5]] as const; // biome-ignore format: a table
  const tokenizer = new Tokenizer({ model: new Unigram({ pieces, unknownId: 0 }) });
  const [trace] = traceLattice(tokenizer, "ab");
  expect(trace?.best).toEqual(["ab"]);
  expect(trace?.score).toBe(-1.5);
  expect(trace?.nodes.map(({ token }) => token).sort()).toEqual(["a", "ab", "b"]);
  expect(() => traceLattice(hugs, "a")).toThrowError(/expected a Unigram model/);
  expect(() => traceMerges(tokenizer, "a")).toThrowError(/expected a BPE model/);
});
