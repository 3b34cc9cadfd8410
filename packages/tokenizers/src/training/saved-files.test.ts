import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Rng } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import { describe, expect, test } from "vitest";
import { readTokenizerJson } from "../formats/tokenizer-json/read.ts";
import { writeTokenizerJson } from "../formats/tokenizer-json/write.ts";
import { trainingPresetNames } from "./presets.ts";
import { type TrainTokenizerOptions, trainTokenizer } from "./train.ts";

const text = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8");
const lines = text.split("\n").slice(0, 500);
const samples = [
  "Before we proceed any further, hear me speak.",
  "  two  spaces, 12345 numbers\nand lines\n\n",
  "Ünïcödé 世界 😂 don't DON'T",
  "",
];

const pipelines: [string, TrainTokenizerOptions][] = [
  ...trainingPresetNames.map((preset): [string, TrainTokenizerOptions] => [
    preset,
    { preset, vocabSize: 600 },
  ]),
  ["characters and spaces", { objective: "bpe", unit: "char", vocabSize: 300 }],
  ["no pre-tokenization", { objective: "bpe", unit: "char", preTokenize: false, vocabSize: 300 }],
  ["prefix @@", { objective: "bpe", unit: "char", spaces: false, continuingSubwordPrefix: "@@", vocabSize: 300 }],
  ["WordPiece with spaces", { objective: "wordpiece", spaces: true, vocabSize: 300 }],
  ["Unigram across spaces", { objective: "unigram", crossSpaces: true, byteFallback: true, vocabSize: 500 }],
  ["Unigram within punctuation", { objective: "unigram", preTokenize: true, vocabSize: 300 }],
  ["words", { objective: "word", vocabSize: 300 }],
]; // biome-ignore format: a table

describe("a trained tokenizer, saved as tokenizer.json and loaded", () => {
  test.each(pipelines)("%s: gives the same ids, text and file", (_, options) => {
    const trained = trainTokenizer(lines, options);
    const saved = writeTokenizerJson(trained);
    const loaded = readTokenizerJson(saved);
    expect(writeTokenizerJson(loaded)).toBe(saved);
    expect(loaded.vocabSize).toBe(trained.vocabSize);
    for (const sample of [...samples, ...lines.slice(0, 30)]) {
      const ids = [...trained.encode(sample).ids];
      expect([...loaded.encode(sample).ids]).toEqual(ids);
      expect(loaded.decode(ids)).toBe(trained.decode(ids));
    }
  });
});

test("the file's bytes are the same over 20 runs with the lines in any order", () => {
  const rng = new Rng(2);
  const sha = (corpus: readonly string[], preset: "gpt2" | "bert" | "t5") => {
    const tokenizer = trainTokenizer(corpus, { preset, vocabSize: 400 });
    return createHash("sha256").update(writeTokenizerJson(tokenizer)).digest("hex");
  };
  for (const preset of ["gpt2", "bert", "t5"] as const) {
    const corpus = lines.slice(0, 150);
    const expected = sha(corpus, preset);
    for (let run = 0; run < 20; run++) {
      expect(sha(rng.shuffle([...corpus]), preset)).toBe(expected);
    }
  }
});
