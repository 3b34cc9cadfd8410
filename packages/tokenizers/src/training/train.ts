/**
 * The front door of training: a corpus and options in, an immutable tokenizer out.
 *
 * `trainTokenizer` runs at once; `train` takes texts as they arrive, gives way to other work and can be
 * aborted in between. Both give the same tokenizer, whatever the order of the corpus.
 */
import { checkOneOf, checkOptions, OptionError } from "@seq/core";
import type { AddedToken } from "../added-tokens.ts";
import type { Decoder, Model, Normalizer, PostProcessor, PreTokenizer } from "../stages.types.ts";
import { Tokenizer } from "../tokenizer.ts";
import { type AsyncCorpus, type Corpus, countWords, countWordsAsync } from "./count-words.ts";
import {
  buildPipeline,
  type Objective,
  type PipelineOptions,
  pipelineOptionNames,
} from "./pipeline.ts";
import { type TrainingPreset, trainingPreset, trainingPresetNames } from "./presets.ts";
import { runToEnd, runWithPauses, type TrainingControl } from "./progress.ts";
import {
  BPETrainer,
  type BPETrainerOptions,
  CharacterTrainer,
  type Trainer,
  UnigramTrainer,
  type UnigramTrainerOptions,
  WordPieceTrainer,
  type WordPieceTrainerOptions,
  WordTrainer,
  type WordTrainerOptions,
} from "./trainers.ts";

/** Stages that replace those the table's columns stand for, or add to them. */
export interface StageOptions {
  readonly normalizer?: Normalizer | undefined;
  readonly postProcessor?: PostProcessor | undefined;
  /** Replaces the decoder of the pipeline. */
  readonly decoder?: Decoder | undefined;
}

/** The columns of the course's table, stages, and the options of the objective's trainer. */
export type TableOptions = PipelineOptions &
  StageOptions &
  Omit<Partial<BPETrainerOptions & WordPieceTrainerOptions>, "unknownToken"> &
  Omit<Partial<UnigramTrainerOptions>, "unknownToken"> & {
    readonly unknownToken?: string | undefined;
  };

export type TrainOptions =
  | (TableOptions & { readonly vocabSize: number; readonly preset?: undefined })
  | (Partial<TableOptions> & { readonly vocabSize: number; readonly preset: TrainingPreset });

/** Every stage chosen by hand. */
export interface ManualOptions extends StageOptions {
  readonly trainer: Trainer;
  /** Without it every text is one word. */
  readonly preTokenizer?: PreTokenizer | undefined;
}

export type TrainTokenizerOptions = (TrainOptions | ManualOptions) & TrainingControl;

/** What training needs beside a corpus. */
export interface TrainingPlan {
  readonly trainer: Trainer;
  readonly normalizer: Normalizer | undefined;
  readonly preTokenizer: PreTokenizer | undefined;
  readonly decoder: Decoder | undefined;
  readonly postProcessor: PostProcessor | undefined;
}

/**
 * Trains a tokenizer at once.
 *
 * @param corpus - a text, texts (with counts, if you like), or word counts. White space at the ends of a
 *   text counts as text.
 * @throws {OptionError} for options that are unknown, out of range or contradict each other; `VOCAB_SIZE`
 *   with `strictVocabSize`.
 * @throws {SeqError} `ABORTED`
 * @example
 * const tokenizer = trainTokenizer(lines, { objective: "bpe", vocabSize: 4096, specialTokens: ["<pad>"] });
 * tokenizer.decode(tokenizer.encode("recurrent nets").ids); // "recurrent nets"
 */
export function trainTokenizer(corpus: Corpus, options: TrainTokenizerOptions): Tokenizer {
  const plan = planTraining(options);
  const { normalizer, preTokenizer } = plan;
  const words = runToEnd(countWords(corpus, { normalizer, preTokenizer }), options);
  return assemble(plan, runToEnd(plan.trainer.train(words), options));
}

/**
 * Trains a tokenizer, giving way to other work about every 30 milliseconds.
 *
 * @throws as `trainTokenizer`.
 * @example await train(lines, { preset: "gpt2", vocabSize: 8000, signal, onProgress })
 */
export async function train(
  corpus: AsyncCorpus,
  options: TrainTokenizerOptions,
): Promise<Tokenizer> {
  const plan = planTraining(options);
  const { normalizer, preTokenizer } = plan;
  const words = await countWordsAsync(corpus, { normalizer, preTokenizer }, options);
  return assemble(plan, await runWithPauses(plan.trainer.train(words), options));
}

/** The stages and the trainer that options stand for, so that counting can run elsewhere. */
export function planTraining(options: TrainTokenizerOptions): TrainingPlan {
  const { signal, onProgress, ...rest } = options;
  return "trainer" in rest ? manualPlan(rest) : tablePlan(rest);
}

function manualPlan(options: ManualOptions): TrainingPlan {
  const { trainer, normalizer, preTokenizer, decoder, postProcessor, ...others } = options;
  checkOptions("trainTokenizer with a trainer", others, []);
  const wantsBytes = trainer.unit === "byte";
  if (wantsBytes !== (preTokenizer?.byteLevel === true)) {
    throw new OptionError(
      wantsBytes
        ? 'trainTokenizer: the trainer\'s unit is "byte", but preTokenizer is not byte-level; add a ByteLevel stage, or train with unit "char".'
        : 'trainTokenizer: preTokenizer is byte-level, but the trainer\'s unit is "char"; give the trainer unit: "byte", or take the ByteLevel stage out.',
      { code: "OPTION_CONFLICT" },
    );
  }
  return { trainer, normalizer, preTokenizer, decoder, postProcessor };
}

function tablePlan(options: TrainOptions): TrainingPlan {
  const { preset, ...given } = options;
  if (preset !== undefined) checkOneOf("train", "preset", preset, trainingPresetNames);
  const all = { ...(preset && trainingPreset(preset)), ...given } as TableOptions;
  const objectives = ["bpe", "wordpiece", "unigram", "word", "char"] as const;
  checkOneOf("train", "objective", all.objective, objectives);
  const pipeline = buildPipeline(all);
  const { normalizer, postProcessor, decoder, ...rest } = all;
  const learning: Record<string, unknown> = { ...rest };
  for (const name of [...pipelineOptionNames, "unit"]) delete learning[name];
  const { continuingSubwordPrefix, endOfWordSuffix, wordSeparator, unit } = pipeline;
  if (all.objective === "bpe") Object.assign(learning, { unit, endOfWordSuffix });
  if (all.objective === "bpe" || all.objective === "wordpiece") {
    Object.assign(learning, { continuingSubwordPrefix, wordSeparator });
  }
  if (all.objective === "wordpiece" && pipeline.preTokenizer === undefined) {
    learning["maxWordLength"] ??= wholeTextLength;
  }
  return {
    trainer: createTrainer(all.objective, learning, unknownTokens(all, unit)),
    normalizer,
    preTokenizer: pipeline.preTokenizer,
    decoder: decoder ?? pipeline.decoder,
    postProcessor,
  };
}

/** Without pre-tokenization a text is one word: WordPiece's limit on words would make it unknown. */
const wholeTextLength = 2 ** 31 - 1;

/**
 * The unknown token: as given; else `<unk>` or `[UNK]` when among the special tokens; when no special
 * tokens are given at all, one is added. Byte-level BPE and BPE with byte fallback need none.
 */
function unknownTokens(
  options: TableOptions,
  unit: "char" | "byte",
): { specialTokens: readonly string[]; unknownToken?: string } {
  const { specialTokens, unknownToken, objective, byteFallback } = options;
  const isNeeded = unit === "char" && !(objective === "bpe" && byteFallback);
  const usual = objective === "wordpiece" ? "[UNK]" : "<unk>";
  const chosen =
    unknownToken ??
    specialTokens?.find((token) => token === "<unk>" || token === "[UNK]") ??
    (isNeeded && specialTokens === undefined ? usual : undefined);
  const tokens = specialTokens ?? (chosen === undefined ? [] : [chosen]);
  return chosen === undefined
    ? { specialTokens: tokens }
    : { specialTokens: tokens, unknownToken: chosen };
}

function createTrainer(
  objective: Objective,
  learning: Record<string, unknown>,
  special: { specialTokens: readonly string[]; unknownToken?: string },
): Trainer {
  // The trainers check their options by name and range, so that a wrong one is named by its trainer.
  const options = { ...learning, ...special } as unknown;
  switch (objective) {
    case "bpe":
      return new BPETrainer(options as BPETrainerOptions);
    case "wordpiece":
      return new WordPieceTrainer(options as WordPieceTrainerOptions);
    case "unigram":
      return new UnigramTrainer(options as UnigramTrainerOptions);
    case "word":
      return new WordTrainer(options as WordTrainerOptions);
    case "char":
      return new CharacterTrainer(options as WordTrainerOptions);
  }
}

/** The finished tokenizer: the trained model with its stages, special tokens as added tokens. */
export function assemble(plan: TrainingPlan, model: Model): Tokenizer {
  const { normalizer, preTokenizer, postProcessor, decoder, trainer } = plan;
  const addedTokens = trainer.specialTokens.map((content): AddedToken => {
    const id = model.vocab.idOf(content) as number;
    return {
      id,
      content,
      special: true,
      singleWord: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    };
  });
  return new Tokenizer({ model, normalizer, preTokenizer, postProcessor, decoder, addedTokens });
}
