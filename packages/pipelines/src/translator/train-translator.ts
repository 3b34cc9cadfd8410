/** From pairs of lines to a trained translator, in one call. */
import { OptionError, Rng } from "@seq/core";
import { EncoderDecoder } from "@seq/models";
import {
  Adam,
  evaluateLoss,
  fit,
  pairBatches,
  polynomial,
  type Schedule,
  type StopReason,
  type TextPair,
  warmUp,
} from "@seq/train";
import { type TranslatorOptions, type TranslatorSettings, translatorSettings } from "./options.ts";
import { encodePairs, learnTokenizer } from "./pieces.ts";
import { Translator } from "./translator.ts";

export interface TranslatorData {
  readonly train: readonly TextPair[];
  /** Held-out pairs whose loss is reported on the way; may be empty. */
  readonly dev: readonly TextPair[];
}

/** What is told after each step. */
export interface TranslatorProgress {
  readonly step: number;
  /** Steps of the whole training; unknown when only `minutes` limits it. */
  readonly steps: number | undefined;
  readonly loss: number;
  /** Target pieces per second over the last steps. */
  readonly tokensPerSecond: number;
  /** Seconds left, when known. */
  readonly eta: number | undefined;
}

export interface TranslatorEvents {
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: TranslatorProgress) => void;
  /** The translator as it is after a look at the development pairs; must not be disposed. */
  readonly onEvaluation?: (event: {
    readonly step: number;
    readonly devLoss: number;
    readonly translator: Translator;
  }) => void | Promise<void>;
}

export interface TranslatorTraining {
  /** The caller disposes it. */
  readonly translator: Translator;
  readonly settings: TranslatorSettings;
  readonly reason: StopReason;
  readonly steps: number;
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** Nats per target piece, one number per step. */
  readonly trainLoss: readonly number[];
  readonly devLoss: readonly number[];
  readonly devSteps: readonly number[];
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
  const settings = translatorSettings(data.train, options);
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

  const trainLoss: number[] = [];
  const devLoss: number[] = [];
  const devSteps: number[] = [];
  let pieces = 0;
  const optimizer = new Adam({ learningRate: settings.learningRate });
  try {
    const result = await fit(model, batches, {
      optimizer,
      schedule: scheduleOf(settings),
      clipNorm: settings.clipNorm,
      seed,
      ...limitsOf(settings),
      ...(events.signal && { signal: events.signal }),
      onProgress: ({ step, loss, tokens, tokensPerSecond, eta }) => {
        trainLoss.push(loss);
        pieces += tokens;
        events.onProgress?.({ step, steps: stepsOf(settings), loss, tokensPerSecond, eta });
      },
      ...(dev && {
        evaluation: {
          every: settings.evaluateEvery,
          run: async ({ step }) => {
            const { loss } = await evaluateLoss(model, dev);
            devLoss.push(loss);
            devSteps.push(step);
            await events.onEvaluation?.({ step, devLoss: loss, translator });
            return { loss };
          },
        },
      }),
    });
    return {
      translator,
      settings,
      reason: result.reason,
      steps: result.steps,
      seconds: result.seconds,
      tokensPerSecond: pieces / result.seconds,
      trainLoss,
      devLoss,
      devSteps,
    };
  } finally {
    optimizer.dispose();
  }
}

/** With `minutes` alone, time is the limit; otherwise steps are, and `minutes` may cut them short. */
function stepsOf({ steps }: TranslatorSettings): number | undefined {
  return Number.isFinite(steps) ? steps : undefined;
}

function limitsOf(settings: TranslatorSettings) {
  const steps = stepsOf(settings);
  return {
    ...(steps !== undefined && { maxSteps: steps }),
    ...(settings.minutes !== undefined && { maxMinutes: settings.minutes }),
  };
}

/** A short warm-up, then a linear fall to 0: over the steps, or over the time when that is the limit. */
function scheduleOf(settings: TranslatorSettings): Schedule {
  const steps = stepsOf(settings);
  if (steps !== undefined) {
    const rise = Math.min(100, Math.ceil(steps / 10));
    return warmUp({ steps: rise, thereafter: polynomial({ steps: Math.max(1, steps - rise) }) });
  }
  const milliseconds = (settings.minutes as number) * 60_000;
  const start = performance.now();
  const fall: Schedule = {
    kind: "linear-in-time",
    rate: (_, baseRate) =>
      baseRate * Math.max(0.01, 1 - (performance.now() - start) / milliseconds),
  };
  return warmUp({ steps: 100, thereafter: fall });
}
