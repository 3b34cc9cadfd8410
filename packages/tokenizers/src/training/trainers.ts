/**
 * The trainers: each holds its options and turns word counts into a model. A trainer is apart from the
 * model it trains and keeps nothing between two runs.
 */
import { checkInteger, checkOptions, OptionError } from "@seq/core";
import { BPE } from "../models/bpe/model.ts";
import { type BpeTrainingOptions, checkMergeOptions, learnBpe } from "../models/bpe/trainer.ts";
import { Unigram } from "../models/unigram/model.ts";
import { learnUnigram, type UnigramTrainingOptions } from "../models/unigram/trainer.ts";
import { learnCharacters, learnWords, type WordTrainingOptions } from "../models/word/trainer.ts";
import { CharacterLevel, WordLevel } from "../models/word/word-level.ts";
import { WordPiece } from "../models/wordpiece/model.ts";
import { learnWordPiece, type WordPieceTrainingOptions } from "../models/wordpiece/trainer.ts";
import type { Model } from "../stages.types.ts";
import { Vocabulary } from "../vocabulary.ts";
import type { TrainingRun } from "./progress.ts";
import type { WordCounts } from "./word-counts.ts";

export interface Trainer {
  /** Special tokens, which get the first ids. */
  readonly specialTokens: readonly string[];
  /** `"byte"`: words are bytes, and the pre-tokenizer must be byte-level. */
  readonly unit: "char" | "byte";
  train(words: WordCounts): TrainingRun<Model>;
}

/** How unknown text is shown. */
export interface UnknownOptions {
  /** Must be one of `specialTokens`. */
  readonly unknownToken?: string | undefined;
}

export type BPETrainerOptions = BpeTrainingOptions &
  UnknownOptions & {
    /** One unknown token for a run of unknown characters. Default false. */
    readonly fuseUnknown?: boolean | undefined;
  };

/** Trains byte-pair encoding; see `learnBpe` for the algorithm and its tie rule. */
export class BPETrainer implements Trainer {
  readonly specialTokens: readonly string[];
  readonly unit: "char" | "byte";
  readonly #options: BPETrainerOptions;

  /** @throws {OptionError} `UNKNOWN_OPTION` or `OPTION_RANGE` */
  constructor(options: BPETrainerOptions) {
    const { unknownToken, fuseUnknown, ...learning } = options;
    checkMergeOptions("BPETrainer", learning);
    this.#options = options;
    this.specialTokens = withUnknown("BPETrainer", options.specialTokens, unknownToken);
    this.unit = options.unit ?? "char";
  }

  *train(words: WordCounts): TrainingRun<BPE> {
    const { unknownToken, fuseUnknown, ...learning } = this.#options;
    const { tokens, merges } = yield* learnBpe(words, learning);
    const { continuingSubwordPrefix, endOfWordSuffix, byteFallback } = learning;
    return new BPE({
      vocab: Vocabulary.of(tokens, { byteLevel: this.unit === "byte", where: "BPETrainer" }),
      merges,
      unknownToken,
      fuseUnknown,
      byteFallback,
      continuingSubwordPrefix: continuingSubwordPrefix || undefined,
      endOfWordSuffix: endOfWordSuffix || undefined,
    });
  }
}

export type WordPieceTrainerOptions = WordPieceTrainingOptions & {
  /** Must be one of `specialTokens`. Default `"[UNK]"`. */
  readonly unknownToken?: string | undefined;
  /** Longer words are unknown when encoded. Default 100 characters. */
  readonly maxWordLength?: number | undefined;
};

/** Trains WordPiece; see `learnWordPiece` for the scores. */
export class WordPieceTrainer implements Trainer {
  readonly specialTokens: readonly string[];
  readonly unit = "char";
  readonly #options: WordPieceTrainerOptions;

  constructor(options: WordPieceTrainerOptions) {
    const { unknownToken = "[UNK]", maxWordLength, score, ...merging } = options;
    checkMergeOptions("WordPieceTrainer", merging);
    if (options.unit === "byte" || options.endOfWordSuffix) {
      throw new OptionError(
        `WordPieceTrainer: ${options.unit === "byte" ? 'unit "byte"' : "endOfWordSuffix"} is not possible, WordPiece marks the continuation of a word by characters; use a BPETrainer.`,
        { code: "OPTION_CONFLICT" },
      );
    }
    const specialTokens = options.specialTokens ?? [unknownToken];
    this.#options = { ...options, unknownToken, specialTokens };
    this.specialTokens = withUnknown("WordPieceTrainer", specialTokens, unknownToken);
  }

  *train(words: WordCounts): TrainingRun<WordPiece> {
    const { unknownToken, maxWordLength, ...learning } = this.#options;
    const { tokens } = yield* learnWordPiece(words, learning);
    const { continuingSubwordPrefix } = learning;
    const vocab = Vocabulary.of(tokens, { where: "WordPieceTrainer" });
    return new WordPiece({ vocab, unknownToken, continuingSubwordPrefix, maxWordLength });
  }
}

export type UnigramTrainerOptions = UnigramTrainingOptions & {
  /** Must be one of `specialTokens`. Default `"<unk>"`; `null`: unknown characters are an error. */
  readonly unknownToken?: string | null | undefined;
};

/** Trains a Unigram language model; see `learnUnigram`. */
export class UnigramTrainer implements Trainer {
  readonly specialTokens: readonly string[];
  readonly unit: "char" | "byte";
  readonly #options: UnigramTrainerOptions;

  constructor(options: UnigramTrainerOptions) {
    const { unknownToken = "<unk>" } = options;
    const specialTokens = options.specialTokens ?? (unknownToken === null ? [] : [unknownToken]);
    this.#options = { ...options, unknownToken, specialTokens };
    this.specialTokens = withUnknown("UnigramTrainer", specialTokens, unknownToken ?? undefined);
    this.unit = options.unit ?? "char";
    if (this.unit === "byte") {
      throw new OptionError(
        'UnigramTrainer: unit "byte" has no model to encode with; use byteFallback: true.',
        { code: "OPTION_CONFLICT" },
      );
    }
  }

  *train(words: WordCounts): TrainingRun<Unigram> {
    const { unknownToken, ...learning } = this.#options;
    const { pieces } = yield* learnUnigram(words, learning);
    const unknownId = unknownToken ? this.specialTokens.indexOf(unknownToken) : undefined;
    return new Unigram({ pieces, unknownId, byteFallback: learning.byteFallback });
  }
}

export type WordTrainerOptions = WordTrainingOptions & UnknownOptions;

/** The most frequent words. */
export class WordTrainer implements Trainer {
  readonly specialTokens: readonly string[];
  readonly unit = "char";
  readonly #options: WordTrainerOptions;

  constructor(options: WordTrainerOptions) {
    checkWordOptions("WordTrainer", options);
    this.#options = options;
    this.specialTokens = withUnknown("WordTrainer", options.specialTokens, options.unknownToken);
  }

  *train(words: WordCounts): TrainingRun<WordLevel> {
    const { unknownToken, ...learning } = this.#options;
    return new WordLevel({ vocab: yield* learnWords(words, learning), unknownToken });
  }
}

/** The most frequent characters. */
export class CharacterTrainer implements Trainer {
  readonly specialTokens: readonly string[];
  readonly unit = "char";
  readonly #options: WordTrainerOptions;

  constructor(options: WordTrainerOptions) {
    checkWordOptions("CharacterTrainer", options);
    this.#options = options;
    this.specialTokens = withUnknown(
      "CharacterTrainer",
      options.specialTokens,
      options.unknownToken,
    );
  }

  *train(words: WordCounts): TrainingRun<CharacterLevel> {
    const { unknownToken, ...learning } = this.#options;
    return new CharacterLevel({ vocab: yield* learnCharacters(words, learning), unknownToken });
  }
}

function checkWordOptions(where: string, options: WordTrainerOptions): void {
  const names = ["vocabSize", "minFrequency", "specialTokens", "strictVocabSize", "unknownToken"];
  checkOptions(where, options, names);
  checkInteger(where, "vocabSize", options.vocabSize, { min: 1 });
  checkInteger(where, "minFrequency", options.minFrequency ?? 1, { min: 0 });
}

function withUnknown(
  where: string,
  specialTokens: readonly string[] = [],
  unknownToken: string | undefined,
): readonly string[] {
  if (unknownToken !== undefined && !specialTokens.includes(unknownToken)) {
    throw new OptionError(
      `${where}: unknownToken is ${JSON.stringify(unknownToken)}, which is not among specialTokens ${JSON.stringify(specialTokens)}; add it there.`,
      { code: "OPTION_RANGE", details: { option: "unknownToken", value: unknownToken } },
    );
  }
  return [...specialTokens];
}
