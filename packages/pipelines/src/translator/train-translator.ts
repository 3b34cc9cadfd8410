/** From pairs of lines to a trained translator, in one call. */
import { OptionError, Rng } from "@seq/core";
import { EncoderDecoder } from "@seq/models";
import { evaluateLoss, pairBatches, type TextPair } from "@seq/train";
import {
  runTraining,
  type TrainingEvents,
  type TrainingHistory,
} from "../training/run-training.ts";
import { type TranslatorOptions, type TranslatorSettings, translatorSettings } from "./options.ts";
import { encodePairs, learnTokenizer } from "./pieces.ts";
import { Translator } from "./translator.ts";

export interface TranslatorData {
  readonly train: readonly TextPair[];
  /** Held-out pairs whose loss is reported on the way; may be empty. */
  readonly dev: readonly TextPair[];
}

export interface TranslatorEvents extends TrainingEvents {
  /** The translator as it is after a look at the development pairs; must not be disposed. */
  readonly onEvaluation?: (event: {
    readonly step: number;
    readonly devLoss: number;
    readonly translator: Translator;
  }) => void | Promise<void>;
}

export interface TranslatorTraining extends TrainingHistory {
  /** The caller disposes it. */
  readonly translator: Translator;
  readonly settings: TranslatorSettings;
}

const longestPair = 300; // pieces; one endless line must not set the size of the heap

/**
 * Learns tokenizers from the training pairs, builds an encoder-decoder with attention and trains it.
 *
 * `loadKernels()` must have run. Equal data, options and seed give equal losses.
 *
 * @throws {OptionError} `NO_DATA` without pairs, and for options out of range.
 */
export async function trainTranslator(
  data: TranslatorData,
  options: TranslatorOptions = {},
  events: TranslatorEvents = {},
): Promise<TranslatorTraining> {
  if (data.train.length === 0) {
    throw new OptionError("trainTranslator: no training pairs; give at least one.", {
      code: "NO_DATA",
    });
  }
  const settings = translatorSettings(data.train.length, options);
  const translator = createTranslator(data.train, settings);
  try {
    return await train(translator, data, settings, events);
  } catch (error) {
    translator.dispose();
    throw error;
  }
}

function createTranslator(train: readonly TextPair[], settings: TranslatorSettings): Translator {
  const sourceTokenizer = learnTokenizer(
    train.map(({ source }) => source),
    settings.sourceVocabSize,
  );
  const targetTokenizer = learnTokenizer(
    train.map(({ target }) => target),
    settings.targetVocabSize,
  );
  const model = new EncoderDecoder(
    {
      sourceVocabSize: sourceTokenizer.vocabSize,
      targetVocabSize: targetTokenizer.vocabSize,
      embeddingSize: settings.embeddingSize,
      encoderHiddenSize: settings.hiddenSize,
      dropout: settings.dropout,
      labelSmoothing: settings.labelSmoothing,
    },
    new Rng(settings.seed),
  );
  return new Translator({ model, sourceTokenizer, targetTokenizer });
}

async function train(
  translator: Translator,
  data: TranslatorData,
  settings: TranslatorSettings,
  events: TranslatorEvents,
): Promise<TranslatorTraining> {
  const { model, sourceTokenizer, targetTokenizer } = translator;
  const { seed, batchTokens } = settings;
  const encode = (pairs: readonly TextPair[]) =>
    encodePairs(pairs, sourceTokenizer, targetTokenizer);
  const short = encode(data.train).filter(
    ({ source, target }) => source.length + target.length <= Math.min(longestPair, batchTokens),
  );
  const batches = pairBatches(short, { maxTokens: batchTokens, seed });
  const dev =
    data.dev.length === 0
      ? undefined
      : pairBatches(encode(data.dev), { batchSize: 64, shuffle: false });

  const history = await runTraining(model, batches, {
    limits: settings,
    events,
    ...(dev && {
      evaluate: async (step) => {
        const { loss } = await evaluateLoss(model, dev);
        await events.onEvaluation?.({ step, devLoss: loss, translator });
        return { loss };
      },
    }),
  });
  return { translator, settings, ...history };
}
