/** From text to a trained language model, in one call. */
import { checkInteger, checkNumber, checkOneOf, checkOptions, OptionError, Rng } from "@seq/core";
import {
  corpusFromSequences,
  estimateKneserNey,
  RnnLanguageModel,
  type SavedLanguageModel,
  WindowLanguageModel,
} from "@seq/models";
import type { Tokenizer } from "@seq/tokenizers";
import { contiguousBatches, evaluateLoss } from "@seq/train";
import { type LimitOptions, limitOptionNames, trainingLimits } from "../training/limits.ts";
import {
  runTraining,
  type TrainingEvents,
  type TrainingHistory,
} from "../training/run-training.ts";
import { TextLanguageModel } from "./text-language-model.ts";
import {
  endIdOf,
  learnUnits,
  lineIds,
  linesOf,
  runningIds,
  type Unit,
  unknownToken,
} from "./units.ts";

export type Architecture = "lstm" | "gru" | "rnn" | "window" | "kn";

export interface LanguageModelOptions extends LimitOptions {
  /** Default "lstm". `kn`: modified Kneser-Ney. */
  readonly arch?: Architecture;
  /** What is predicted. Default "char". Not with `tokenizer`. */
  readonly unit?: Unit;
  /** Use this tokenizer instead of learning one. */
  readonly tokenizer?: Tokenizer;
  /** Of a learned tokenizer. */
  readonly vocabSize?: number;
  /** Of a learned word or character vocabulary. */
  readonly minCount?: number;
  /** Default 128. */
  readonly embeddingSize?: number;
  /** Default 256. */
  readonly hiddenSize?: number;
  /** Recurrent layers; default 1. */
  readonly layers?: number;
  /** Rate on inputs, between layers and on outputs; default 0. */
  readonly dropout?: number;
  /** Tie input and output embeddings; default false. */
  readonly tied?: boolean;
  /** `window`: ids that it looks at; default 8. */
  readonly window?: number;
  /** `kn`: n; default 5. */
  readonly order?: number;
  /** Rows of text side by side; default 32. */
  readonly batchSize?: number;
  /** Steps that gradients go back; default 35. */
  readonly chunkLength?: number;
}

export interface LanguageModelData {
  readonly text: string;
  /** Held-out text whose loss is reported on the way. */
  readonly valid?: string;
}

export interface LanguageModelEvents extends TrainingEvents {
  readonly onEvaluation?: (event: { readonly step: number; readonly loss: number }) => void;
}

export interface LanguageModelTraining {
  /** The caller disposes it. */
  readonly model: TextLanguageModel;
  /** `undefined` for n-gram models, which are counted, not trained. */
  readonly history: TrainingHistory | undefined;
}

const where = "trainLanguageModel";
const optionNames = [
  ...[
    "arch",
    "unit",
    "tokenizer",
    "vocabSize",
    "minCount",
    "embeddingSize",
    "hiddenSize",
    "layers",
  ],
  ...["dropout", "tied", "window", "order", "batchSize", "chunkLength", ...limitOptionNames],
];

/**
 * Learns a tokenizer (or takes one) and trains a language model on a text.
 *
 * `loadKernels()` must have run, but for `arch: "kn"`.
 *
 * @throws {OptionError} `EMPTY_CORPUS`, `VOCABULARY_TOO_LARGE`, and for options out of range.
 * @throws {SeqError} when the loss is no longer finite, naming step, learning rate and gradient norm.
 */
export async function trainLanguageModel(
  data: LanguageModelData,
  options: LanguageModelOptions = {},
  events: LanguageModelEvents = {},
): Promise<LanguageModelTraining> {
  checkOptions(where, options, optionNames);
  const arch = checkOneOf(where, "arch", options.arch ?? "lstm", [
    "lstm",
    "gru",
    "rnn",
    "window",
    "kn",
  ]);
  const lines = linesOf(data.text);
  if (!lines.some((line) => line.trim() !== "")) {
    throw new OptionError(`${where}: the text is empty, expected lines to learn from.`, {
      code: "EMPTY_CORPUS",
    });
  }
  const tokenizer = tokenizerFor(lines, options);
  if (arch === "kn") {
    const model = estimateLines(lines, tokenizer, options);
    return { model: new TextLanguageModel({ model, tokenizer }), history: undefined };
  }
  const ids = runningIds(tokenizer, lines);
  if (tokenizer.vocabSize > ids.length) {
    throw new OptionError(
      `${where}: the vocabulary has ${tokenizer.vocabSize} ids, the text only ${ids.length} tokens; expected more text than vocabulary. Use a smaller vocabSize or more text.`,
      {
        code: "VOCABULARY_TOO_LARGE",
        details: { vocabSize: tokenizer.vocabSize, tokens: ids.length },
      },
    );
  }
  return await trainNeural(arch, ids, tokenizer, data, options, events);
}

function tokenizerFor(lines: readonly string[], options: LanguageModelOptions): Tokenizer {
  const { tokenizer, unit, vocabSize, minCount } = options;
  if (tokenizer === undefined)
    return learnUnits(lines, { unit: unit ?? "char", vocabSize, minCount });
  for (const [name, value] of Object.entries({ unit, vocabSize, minCount })) {
    if (value === undefined) continue;
    throw new OptionError(
      `${where}: ${name} is for learning a tokenizer, but one is given; leave it out.`,
      {
        code: "OPTION_CONFLICT",
        details: { option: name },
      },
    );
  }
  return tokenizer;
}

function estimateLines(
  lines: readonly string[],
  tokenizer: Tokenizer,
  { order = 5 }: LanguageModelOptions,
): SavedLanguageModel {
  const unknownId = tokenizer.tokenToId(unknownToken);
  const corpus = corpusFromSequences(
    lines.map((line) => lineIds(tokenizer, line)),
    {
      vocabSize: tokenizer.vocabSize,
      endId: endIdOf(tokenizer),
      ...(unknownId !== undefined && { unknownId }),
    },
  );
  return estimateKneserNey(corpus, { order, discountFallback: true });
}

async function trainNeural(
  arch: Exclude<Architecture, "kn">,
  ids: Int32Array,
  tokenizer: Tokenizer,
  data: LanguageModelData,
  options: LanguageModelOptions,
  events: LanguageModelEvents,
): Promise<LanguageModelTraining> {
  const chunkLength = checkInteger(where, "chunkLength", options.chunkLength ?? 35, { min: 1 });
  const wanted = checkInteger(where, "batchSize", options.batchSize ?? 32, { min: 1 });
  // A short text has no room for many rows: at least two chunks each, or one row.
  const batchSize = Math.max(1, Math.min(wanted, Math.floor(ids.length / (2 * chunkLength))));
  const training = contiguousBatches(ids, { batchSize, chunkLength });
  const limits = trainingLimits(where, options, {
    steps: Math.min(20_000, Math.max(200, 10 * training.batchesPerEpoch)),
    learningRate: 3e-3,
  });
  const model = buildModel(arch, tokenizer, options, new Rng(limits.seed));
  try {
    const valid = validation(data.valid, tokenizer);
    const history = await runTraining(model, training, {
      limits,
      events,
      ...(valid && {
        evaluate: async (step) => {
          const { loss } = await evaluateLoss(model, valid);
          events.onEvaluation?.({ step, loss });
          return { loss };
        },
      }),
    });
    return { model: new TextLanguageModel({ model, tokenizer }), history };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function validation(text: string | undefined, tokenizer: Tokenizer) {
  if (text === undefined) return undefined;
  const ids = runningIds(tokenizer, linesOf(text));
  if (ids.length < 2) {
    throw new OptionError(
      `${where}: the validation text has ${ids.length} tokens, expected at least two.`,
      {
        code: "EMPTY_CORPUS",
      },
    );
  }
  const batchSize = Math.max(1, Math.min(10, Math.floor(ids.length / 128)));
  return contiguousBatches(ids, { batchSize, chunkLength: 64 });
}

function buildModel(
  arch: Exclude<Architecture, "kn">,
  tokenizer: Tokenizer,
  options: LanguageModelOptions,
  rng: Rng,
): RnnLanguageModel | WindowLanguageModel {
  const { embeddingSize = 128, hiddenSize = 256, layers = 1, tied = false } = options;
  const dropout = checkNumber(where, "dropout", options.dropout ?? 0, { min: 0, max: 1 });
  const common = {
    vocabSize: tokenizer.vocabSize,
    embeddingSize,
    hiddenSize,
    endId: endIdOf(tokenizer),
  };
  if (arch === "window") {
    return new WindowLanguageModel({ ...common, window: options.window ?? 8, dropout }, rng);
  }
  return new RnnLanguageModel(
    {
      ...common,
      cell: arch === "rnn" ? "elman" : arch,
      numLayers: layers,
      tied,
      dropout: { input: dropout, hidden: dropout, output: dropout },
    },
    rng,
  );
}
