import { readFileSync } from "node:fs";
import { Rng, SeqError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteLevelDecoder } from "../decoders/decoders.ts";
import { BPE } from "../models/bpe/model.ts";
import { Unigram } from "../models/unigram/model.ts";
import { WordPiece } from "../models/wordpiece/model.ts";
import { ByteLevel } from "../pre-tokenizers/byte-level.ts";
import { recogniseGptPattern } from "../pre-tokenizers/gpt-patterns.ts";
import { GptSplit } from "../pre-tokenizers/gpt-split.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { type TrainingPreset, trainingPreset, trainingPresetNames } from "./presets.ts";
import type { TrainingProgress } from "./progress.ts";
import { type TrainTokenizerOptions, train, trainTokenizer } from "./train.ts";
import { BPETrainer } from "./trainers.ts";
import { countsOf } from "./word-counts.ts";

const shakespeare = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8").split("\n");
const lines = shakespeare.slice(0, 2000);

async function errorOf(body: () => unknown): Promise<SeqError> {
  try {
    await body();
  } catch (error) {
    if (SeqError.is(error)) return error;
  }
  throw new Error("expected a SeqError");
}

/** Ids in order, tokens and merges: all that training decides. */
function fingerprint(tokenizer: Tokenizer): string {
  const { model } = tokenizer.parts;
  const merges = model instanceof BPE ? [...model.merges()] : [];
  const scores = model instanceof Unigram ? [...model.scores] : [];
  return JSON.stringify([[...model.vocab.entries()], merges, scores]);
}

describe("trainTokenizer", () => {
  test("trains a byte-level tokenizer whose text comes back", () => {
    const specialTokens = ["<pad>", "<unk>", "<s>", "</s>"];
    const tokenizer = trainTokenizer(lines, { objective: "bpe", vocabSize: 600, specialTokens });
    expect(tokenizer.vocabSize).toBe(600);
    expect(specialTokens.map((token) => tokenizer.tokenToId(token))).toEqual([0, 1, 2, 3]);
    const text = " the the,  世界 😂";
    const { ids, tokens, offsets } = tokenizer.encode(text);
    expect(tokenizer.decode(ids)).toBe(text);
    expect(tokens.slice(0, 3)).toEqual(["Ġthe", "Ġthe", ","]);
    expect([...offsets.slice(0, 6)]).toEqual([0, 4, 4, 8, 8, 9]);
    expect([...tokenizer.encodeToIds(text)]).toEqual([...ids]);
  });

  test("takes stages chosen by hand, and gives the same tokenizer as the table's options", () => {
    const options = { vocabSize: 500, specialTokens: ["<|endoftext|>"] };
    const byHand = trainTokenizer(lines, {
      trainer: new BPETrainer({ ...options, unit: "byte" }),
      preTokenizer: new ByteLevel(),
      decoder: new ByteLevelDecoder(),
    });
    const byTable = trainTokenizer(lines, { preset: "gpt2", ...options });
    expect(fingerprint(byHand)).toBe(fingerprint(byTable));
  });

  test("weighs texts by their counts and takes finished word counts", () => {
    const options = { objective: "bpe", unit: "char", vocabSize: 10 } as const;
    const counts: [string, number][] = [["hug", 10], ["pug", 5], ["pun", 12], ["bun", 4], ["hugs", 5]]; // biome-ignore format: a list
    const weighted = trainTokenizer(counts, options);
    const repeated = trainTokenizer(
      counts.flatMap(([word, n]) => Array(n).fill(word)),
      options,
    );
    const counted = trainTokenizer(countsOf(counts), options);
    expect(fingerprint(repeated)).toBe(fingerprint(weighted));
    expect(fingerprint(counted)).toBe(fingerprint(weighted));
    const one = trainTokenizer("hug hug", { ...options, spaces: false });
    expect(one.encode("hug").tokens).toEqual(["hug</w>"]);
  });

  test("gives the model that the course's slides train: hug is shared by hug, hugs and hugging", () => {
    const corpus = [[" hug", 10], [" pug", 5], [" pun", 12], [" bun", 4], [" hugs", 5], [" hugging", 2]] as const; // biome-ignore format: a list
    const tokenizer = trainTokenizer(corpus, { objective: "bpe", unit: "char", vocabSize: 15 });
    expect(tokenizer.encode(" hug").tokens).toEqual([" hug"]);
    expect(tokenizer.encode(" hugs").tokens).toEqual([" hug", "s"]);
    expect(tokenizer.encode(" hugging").tokens).toEqual([" hug", "g", "i", "n", "g"]);
    expect(tokenizer.vocabSize).toBe(15);
    expect(tokenizer.encode("hug").tokens).not.toEqual([" hug"]); // A space is part of the token.
  });

  test("makes a name that occurs 5000 times one token", () => {
    const corpus = [...lines, [" SolidGoldMagikarp", 5000]] as const;
    for (const options of [
      { objective: "bpe", vocabSize: 700 },
      { objective: "unigram", vocabSize: 700, maxPieceLength: 20 },
    ] as const) {
      const tokenizer = trainTokenizer(corpus, options);
      expect(tokenizer.encode(" SolidGoldMagikarp").tokens.length).toBe(1);
    }
  });

  test("is the same for any order of the lines, and for train with pauses", async () => {
    const rng = new Rng(11);
    const corpus = lines.slice(0, 300);
    for (const preset of ["gpt2", "bert", "t5"] as const) {
      const options = { preset, vocabSize: 400 };
      const expected = fingerprint(trainTokenizer(corpus, options));
      for (let i = 0; i < 5; i++) {
        const shuffled = rng.shuffle([...corpus]);
        expect(fingerprint(trainTokenizer(shuffled, options))).toBe(expected);
      }
      const asStream = (async function* () {
        yield* corpus;
      })();
      expect(fingerprint(await train(asStream, options))).toBe(expected);
      expect(fingerprint(await train(corpus, options))).toBe(expected);
    }
  });

  test("reports its progress through the phases", () => {
    const steps: TrainingProgress[] = [];
    trainTokenizer(lines, { preset: "t5", vocabSize: 400, onProgress: (step) => steps.push(step) });
    expect([...new Set(steps.map(({ phase }) => phase))]).toEqual(["count", "seed", "em", "prune"]);
    expect(steps[0]).toEqual({ phase: "count", done: 256 });
  });

  test("stops when the signal is aborted, also while it runs", async () => {
    const controller = new AbortController();
    const onProgress = ({ phase }: TrainingProgress) => {
      if (phase === "merge") controller.abort();
    };
    const options = {
      preset: "gpt2",
      vocabSize: 2000,
      onProgress,
      signal: controller.signal,
    } as const;
    expect((await errorOf(() => train(lines, options))).code).toBe("ABORTED");
    expect((await errorOf(() => trainTokenizer(lines, options))).code).toBe("ABORTED");
  });
});

describe("the five rows of the course's table", () => {
  interface Row {
    readonly preset: TrainingPreset;
    readonly columns: Record<string, unknown>;
    readonly lossless: boolean;
  }
  const rows: Row[] = [
    { preset: "gpt", columns: { objective: "bpe", spaces: false, preTokenize: true, unit: "char" }, lossless: false },
    { preset: "gpt2", columns: { objective: "bpe", spaces: true, preTokenize: "gpt2", unit: "byte" }, lossless: true },
    { preset: "jurassic", columns: { objective: "bpe", spaces: true, preTokenize: false, unit: "byte" }, lossless: true },
    { preset: "bert", columns: { objective: "wordpiece", spaces: false, preTokenize: true, unit: "char" }, lossless: false },
    { preset: "t5", columns: { objective: "unigram", spaces: true, preTokenize: false, unit: "char" }, lossless: false },
  ]; // biome-ignore format: a table

  test.each(rows)("$preset: the preset is the row, trains and encodes", ({ preset, columns }) => {
    expect(trainingPreset(preset)).toMatchObject(columns);
    const tokenizer = trainTokenizer(lines, { preset, vocabSize: 800, minFrequency: 2 });
    expect(tokenizer.vocabSize).toBe(800);
    const text = "Before we proceed any further, hear me speak.";
    const { spaces } = columns;
    const { ids, tokens } = tokenizer.encode(text);
    expect(tokens.length).toBeLessThan(text.length / 2);
    const lossy = "before we proceed any further , hear me speak .";
    expect(tokenizer.decode(ids)).toBe(spaces ? text : lossy);
  });

  test("gpt and bert lose white space, gpt2 and jurassic keep it (Python's indentation)", () => {
    const python = "def f(x):\n    if x:\n        return  1\n";
    const corpus = [...lines, ...Array(20).fill(python)];
    for (const { preset, lossless } of rows) {
      const tokenizer = trainTokenizer(corpus, { preset, vocabSize: 700 });
      expect(tokenizer.decode(tokenizer.encode(python).ids) === python).toBe(lossless);
    }
    const gpt = trainTokenizer(lines, { preset: "gpt", vocabSize: 700 });
    expect([...gpt.encode("I eat cake.").ids]).toEqual([...gpt.encode(" I eat cake .").ids]);
  });

  test("character BPE gives <unk> for an emoji, byte-level BPE gives it back", () => {
    const byCharacter = trainTokenizer(lines, { preset: "gpt", vocabSize: 500 });
    expect(byCharacter.encode("😂").tokens).toEqual(["<unk>"]);
    const byByte = trainTokenizer(lines, { preset: "gpt2", vocabSize: 500 });
    expect(byByte.decode(byByte.encode("😂").ids)).toBe("😂");
    const fallback = trainTokenizer(lines, { preset: "llama", vocabSize: 800 });
    expect(fallback.encode("😂").tokens).toEqual(["▁", "<0xF0>", "<0x9F>", "<0x98>", "<0x82>"]);
    expect(fallback.decode(fallback.encode("a 😂").ids)).toBe("a 😂");
  });

  test("every other preset trains, keeps its special tokens first and gives text back", () => {
    for (const preset of trainingPresetNames) {
      const tokenizer = trainTokenizer(lines, { preset, vocabSize: 700 });
      const { specialTokens = [] } = trainingPreset(preset);
      expect(specialTokens.map((token) => tokenizer.tokenToId(token))).toEqual(
        specialTokens.map((_, i) => i),
      );
      expect(tokenizer.decode(tokenizer.encode("speak").ids)).toBe("speak");
    }
  });

  test("cl100k and o200k name the patterns that files of these tokenizers hold", () => {
    for (const preset of ["cl100k", "o200k", "llama3"] as const) {
      const { preTokenizer } = trainTokenizer(["a"], { preset, vocabSize: 300 }).parts;
      const split = (preTokenizer as unknown as { stages: unknown[] }).stages[0] as GptSplit;
      expect(split).toBeInstanceOf(GptSplit);
      expect(recogniseGptPattern(split.source as string)).toBeDefined();
    }
  });
});

describe("variants", () => {
  test("no pre-tokenization: tokens cross spaces; maxPieceWords limits how many", () => {
    const corpus = Array(50).fill("the lord of the rings and the king of the hill");
    const free = trainTokenizer(corpus, { preset: "jurassic", vocabSize: 400 });
    const widest = (tokenizer: Tokenizer) =>
      Math.max(
        ...[...tokenizer.parts.model.vocab.entries()].map(
          ([, t]) => t.split("Ġ").filter((w) => w !== "").length,
        ),
      );
    expect(free.encode(corpus[0] as string).tokens.length).toBe(1);
    expect(widest(free)).toBe(11);
    const three = trainTokenizer(corpus, { preset: "jurassic", vocabSize: 400, maxPieceWords: 3 });
    expect(widest(three)).toBe(3);
    const one = trainTokenizer(corpus, { preset: "jurassic", vocabSize: 400, maxPieceWords: 1 });
    expect(widest(one)).toBe(1);
  });

  test("no pre-tokenization cuts Japanese text into its words", () => {
    const corpus = [["こんにちは", 9], ["世界", 9], ["。", 9], ["こんにちは世界。", 1]] as const; // biome-ignore format: a list
    const options = { objective: "bpe", unit: "char", preTokenize: false, vocabSize: 20 } as const;
    const tokenizer = trainTokenizer(corpus, options);
    expect(tokenizer.encode("こんにちは世界。").tokens).toEqual(["こんにちは", "世界", "。"]);
  });

  test("unigram pieces cross spaces only with crossSpaces", () => {
    const corpus = Array(50).fill("of the people by the people for the people");
    const inner = (tokenizer: Tokenizer) =>
      [...tokenizer.parts.model.vocab.entries()].some(([, token]) => token.lastIndexOf("▁") > 0);
    const within = trainTokenizer(corpus, { preset: "t5", vocabSize: 60 });
    expect(inner(within)).toBe(false);
    const across = trainTokenizer(corpus, { preset: "t5", vocabSize: 60, crossSpaces: true });
    expect(inner(across)).toBe(true);
    const text = "of the people";
    expect(across.decode(across.encode(text).ids)).toBe(text);
  });

  test("spaces removed: marks tell where words continue or end", () => {
    const corpus = Array(20).fill("I like to hug pugs");
    const options = { objective: "bpe", unit: "char", spaces: false, vocabSize: 40 } as const;
    const text = "I like to hug pugs";
    for (const continuingSubwordPrefix of ["#", "##", "@@"]) {
      const tokenizer = trainTokenizer(corpus, { ...options, continuingSubwordPrefix });
      expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
      const { tokens } = tokenizer.encode("pugg");
      expect(tokens.some((token) => token.startsWith(continuingSubwordPrefix))).toBe(true);
    }
    const suffixed = trainTokenizer(corpus, options);
    expect(suffixed.encode("hug").tokens).toEqual(["hug</w>"]);
    expect(suffixed.decode(suffixed.encode(text).ids)).toBe(text);
  });

  test("WordPiece with spaces in its tokens is lossless", () => {
    const options = { objective: "wordpiece", spaces: true, vocabSize: 600 } as const;
    const tokenizer = trainTokenizer(lines, { ...options, score: "frequency" });
    const text = "  Before we proceed, any further.";
    expect(tokenizer.parts.model).toBeInstanceOf(WordPiece);
    expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
    const whole = trainTokenizer(["ab".repeat(100)], { ...options, preTokenize: false });
    expect(whole.decode(whole.encode("ab".repeat(100)).ids)).toBe("ab".repeat(100));
  });

  test("words and characters", () => {
    const words = trainTokenizer(["a b a c a b"], { objective: "word", vocabSize: 3 });
    expect(words.encode("b a c").tokens).toEqual(["b", "a", "<unk>"]);
    expect(words.decode(words.encode("b a").ids)).toBe("b a");
    const characters = trainTokenizer(["abba c"], { objective: "char", vocabSize: 9 });
    expect(characters.encode("ab ?").tokens).toEqual(["a", "b", " ", "<unk>"]);
    expect(characters.decode(characters.encode("ab c").ids)).toBe("ab c");
  });
});

describe("lossless pipelines give any text back", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom("a", "b", " ", "  ", "\n", ",", "é", "世", "😂"),
      maxLength: 60,
    }),
  );
  const pipelines: [string, TrainTokenizerOptions][] = [
    ["gpt2", { preset: "gpt2", vocabSize: 400 }],
    ["cl100k", { preset: "cl100k", vocabSize: 400 }],
    ["o200k", { preset: "o200k", vocabSize: 400 }],
    ["jurassic", { preset: "jurassic", vocabSize: 400 }],
  ];
  test.each(pipelines)("%s, trained on random texts and others", (_, options) => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), text, (corpus, other) => {
        const tokenizer = trainTokenizer(corpus, options);
        for (const sample of [...corpus, other]) {
          const ids = tokenizer.encodeToIds(sample);
          expect(tokenizer.decode(ids)).toBe(replaceLoneSurrogates(sample));
          expect([...tokenizer.encode(sample).ids]).toEqual([...ids]);
        }
      }),
      { numRuns: 60 },
    );
  });

  const seen: [string, TrainTokenizerOptions][] = [
    ["char BPE", { objective: "bpe", unit: "char", vocabSize: 400 }],
    ["char BPE without pre-tokenization", { objective: "bpe", unit: "char", preTokenize: false, vocabSize: 400 }],
    ["WordPiece with spaces", { objective: "wordpiece", spaces: true, vocabSize: 600, maxWordLength: 1000 }],
    ["characters", { objective: "char", vocabSize: 400 }],
  ]; // biome-ignore format: a table
  test.each(seen)("%s, on the texts it was trained on", (_, options) => {
    const plain = fc.string({
      unit: fc.constantFrom("a", "b", " ", ".", "é", "世", "😂"),
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(plain, { minLength: 1, maxLength: 8 }), (corpus) => {
        const tokenizer = trainTokenizer(corpus, options);
        for (const sample of corpus) {
          expect(tokenizer.decode(tokenizer.encodeToIds(sample))).toBe(sample);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function replaceLoneSurrogates(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}

describe("options that cannot be", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["an unknown objective", { objective: "bpee" }, 'train: objective is "bpee", expected one of "bpe", "wordpiece", "unigram", "word", "char".'],
    ["an unknown preset", { preset: "gpt7" }, 'train: preset is "gpt7", expected one of "gpt", "gpt2", "cl100k", "o200k", "llama", "llama3", "jurassic", "bert", "t5".'],
    ["spaces removed without pre-tokenization", { objective: "bpe", unit: "char", spaces: false, preTokenize: false }, "train: spaces: false removes white space, which is pre-tokenization; set preTokenize: true."],
    ["bytes without spaces", { objective: "bpe", unit: "byte", spaces: false }, 'train: unit "byte" keeps spaces; set spaces: true, or unit "char".'],
    ["byte-level Unigram", { objective: "unigram", unit: "byte" }, 'train: unit "byte" is possible with objective "bpe" only, not "unigram"; use unit "char", with byteFallback for unknown characters.'],
    ["a misspelt option", { objective: "bpe", minFrequncy: 3 }, 'BPETrainer: unknown option "minFrequncy"; expected one of vocabSize, minFrequency, strictVocabSize, specialTokens, byteFallback, unit, allBytes, initialAlphabet, limitAlphabet, characterCoverage, continuingSubwordPrefix, endOfWordSuffix, maxTokenLength, maxPieceWords, wordSeparator.'],
    ["another objective's option", { objective: "bpe", score: "pmi" }, 'BPETrainer: unknown option "score"; expected one of vocabSize, minFrequency, strictVocabSize, specialTokens, byteFallback, unit, allBytes, initialAlphabet, limitAlphabet, characterCoverage, continuingSubwordPrefix, endOfWordSuffix, maxTokenLength, maxPieceWords, wordSeparator.'],
    ["an unknown token that is no special token", { objective: "bpe", unit: "char", unknownToken: "<u>", specialTokens: ["<s>"] }, 'BPETrainer: unknownToken is "<u>", which is not among specialTokens ["<s>"]; add it there.'],
  ]; // biome-ignore format: a table
  test.each(cases)("%s", async (_, options, message) => {
    const given = { vocabSize: 300, ...options } as unknown as TrainTokenizerOptions;
    const error = await errorOf(() => trainTokenizer(["some text"], given));
    expect(error.name).toBe("OptionError");
    expect(error.message).toBe(message);
  });

  test("a trainer and a pre-tokenizer of different units", async () => {
    const trainer = new BPETrainer({ vocabSize: 300, unit: "byte" });
    const error = await errorOf(() => trainTokenizer(["a"], { trainer }));
    expect(error.code).toBe("OPTION_CONFLICT");
  });

  test("a count that is no whole number", async () => {
    const options = { preset: "gpt2", vocabSize: 300 } as const;
    const error = await errorOf(() => trainTokenizer([["a", 0.5]], options));
    expect(error.message).toBe(
      "train: the count of a text is 0.5, expected a whole number above 0.",
    );
  });
});
