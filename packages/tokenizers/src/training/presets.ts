/**
 * The rows of the course's table of tokenizers, and their relatives, as training options. Only the
 * method is theirs: vocabularies come from your corpus.
 */
import { BertNormalizer } from "../normalizers/bert.ts";
import { Lowercase } from "../normalizers/case.ts";
import { Nmt } from "../normalizers/characters.ts";
import { Replace } from "../normalizers/replace.ts";
import { NormalizerSequence } from "../normalizers/sequence.ts";
import { UnicodeNormalizer } from "../normalizers/unicode.ts";
import type { TableOptions } from "./train.ts";

export const trainingPresetNames = [
  "gpt",
  "gpt2",
  "cl100k",
  "o200k",
  "llama",
  "llama3",
  "jurassic",
  "bert",
  "t5",
] as const;

export type TrainingPreset = (typeof trainingPresetNames)[number];

/** The options a preset stands for; options given beside it win. */
export function trainingPreset(name: TrainingPreset): TableOptions {
  switch (name) {
    case "gpt":
      return {
        objective: "bpe",
        spaces: false,
        preTokenize: true,
        unit: "char",
        normalizer: new Lowercase(),
        specialTokens: ["<unk>"],
      };
    case "gpt2":
      return byteLevel("gpt2", ["<|endoftext|>"]);
    case "cl100k":
      return byteLevel("cl100k", ["<|endoftext|>"]);
    case "o200k":
      return byteLevel("o200k", ["<|endoftext|>"]);
    case "llama3":
      return byteLevel("cl100k", ["<|begin_of_text|>", "<|end_of_text|>"]);
    case "llama":
      return {
        objective: "bpe",
        spaces: true,
        preTokenize: true,
        unit: "char",
        escapeSpaces: true,
        byteFallback: true,
        characterCoverage: 0.9995,
        specialTokens: ["<unk>", "<s>", "</s>"],
      };
    case "jurassic":
      return { objective: "bpe", spaces: true, preTokenize: false, unit: "byte" };
    case "bert":
      return {
        objective: "wordpiece",
        spaces: false,
        preTokenize: true,
        unit: "char",
        normalizer: new BertNormalizer(),
        specialTokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
      };
    case "t5":
      return {
        objective: "unigram",
        spaces: true,
        preTokenize: false,
        unit: "char",
        normalizer: sentencePieceNormalizer(),
        characterCoverage: 0.9995,
        specialTokens: ["<pad>", "</s>", "<unk>"],
      };
  }
}

function byteLevel(
  preTokenize: "gpt2" | "cl100k" | "o200k",
  specialTokens: readonly string[],
): TableOptions {
  return { objective: "bpe", spaces: true, preTokenize, unit: "byte", specialTokens };
}

/** What SentencePiece's `nmt_nfkc` does, by its parts; runs of spaces become one. */
function sentencePieceNormalizer(): NormalizerSequence {
  return new NormalizerSequence([
    new Nmt(),
    new UnicodeNormalizer("NFKC"),
    new Replace({ pattern: / {2,}/gu, content: " ", source: " {2,}" }),
  ]);
}
