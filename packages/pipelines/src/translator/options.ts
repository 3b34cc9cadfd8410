/** The choices of a translator's training, and their defaults by the size of the data. */
import { checkInteger, checkNumber, checkOptions } from "@seq/core";
import { type LimitOptions, limitOptionNames, trainingLimits } from "../training/limits.ts";
import type { TrainingLimits } from "../training/run-training.ts";

export interface TranslatorOptions extends LimitOptions {
  /** Pieces of the source and of the target vocabulary; fewer when the text has no more. */
  readonly sourceVocabSize?: number;
  readonly targetVocabSize?: number;
  readonly embeddingSize?: number;
  /** Width of the encoder per direction; the decoder is twice as wide. */
  readonly hiddenSize?: number;
  readonly dropout?: number;
  readonly labelSmoothing?: number;
  /** Source and target pieces of a batch, padding included. */
  readonly batchTokens?: number;
}

export interface TranslatorSettings
  extends Required<Omit<TranslatorOptions, keyof LimitOptions>>,
    TrainingLimits {}

/**
 * Fills in the defaults: small data wants small vocabularies and more dropout.
 *
 * @param pairs - number of training pairs.
 * @throws {OptionError} for unknown options and values out of range.
 */
export function translatorSettings(pairs: number, options: TranslatorOptions): TranslatorSettings {
  const where = "trainTranslator";
  checkOptions(where, options, [
    ...["sourceVocabSize", "targetVocabSize", "embeddingSize", "hiddenSize", "dropout"],
    ...["labelSmoothing", "batchTokens", ...limitOptionNames],
  ]);
  const defaults = defaultsFor(pairs);
  const whole = (name: keyof TranslatorOptions, fallback: number, min = 1) =>
    checkInteger(where, name, options[name] ?? fallback, { min });
  const share = (name: keyof TranslatorOptions, fallback: number) =>
    checkNumber(where, name, options[name] ?? fallback, { min: 0, max: 1 });
  return {
    sourceVocabSize: whole("sourceVocabSize", defaults.vocabSize, 5),
    targetVocabSize: whole("targetVocabSize", defaults.vocabSize, 5),
    embeddingSize: whole("embeddingSize", defaults.width),
    hiddenSize: whole("hiddenSize", defaults.width),
    dropout: share("dropout", defaults.dropout),
    labelSmoothing: share("labelSmoothing", 0.1),
    batchTokens: whole("batchTokens", 1280, 2),
    ...trainingLimits(where, options, { steps: defaults.steps, learningRate: 2e-3 }),
  };
}

function defaultsFor(pairs: number) {
  const steps = Math.min(20_000, Math.max(300, Math.round(pairs / 4)));
  if (pairs < 3_000) return { vocabSize: 800, width: 96, dropout: 0.3, steps };
  if (pairs < 60_000) return { vocabSize: 4_000, width: 128, dropout: 0.25, steps };
  return { vocabSize: 8_000, width: 256, dropout: 0.2, steps };
}
