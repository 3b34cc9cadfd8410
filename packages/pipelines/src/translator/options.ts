/** The choices of a translator's training, and their defaults by the size of the data. */
import { checkInteger, checkNumber, checkOptions } from "@seq/core";
import type { TextPair } from "@seq/train";

export interface TranslatorOptions {
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
  /** The highest learning rate of the schedule (warm-up, then linear decay). */
  readonly learningRate?: number;
  readonly clipNorm?: number;
  /** Training steps. The schedule ends there. */
  readonly steps?: number;
  /** Stops after this many minutes of training even when steps are left. */
  readonly minutes?: number;
  readonly seed?: number;
  /** Steps between looks at the development pairs. */
  readonly evaluateEvery?: number;
}

export type TranslatorSettings = Required<Omit<TranslatorOptions, "minutes">> &
  Pick<TranslatorOptions, "minutes">;

const known = [
  "sourceVocabSize", "targetVocabSize", "embeddingSize", "hiddenSize", "dropout", "labelSmoothing",
  "batchTokens", "learningRate", "clipNorm", "steps", "minutes", "seed", "evaluateEvery",
]; // biome-ignore format: a list

/**
 * Fills in the defaults: small data wants small vocabularies and more dropout.
 *
 * @throws {OptionError} for unknown options and values out of range.
 */
export function translatorSettings(
  pairs: readonly TextPair[],
  options: TranslatorOptions,
): TranslatorSettings {
  const where = "trainTranslator";
  checkOptions(where, options, known);
  const defaults = defaultsFor(pairs);
  const whole = (name: keyof TranslatorOptions, fallback: number, min = 1) =>
    checkInteger(where, name, options[name] ?? fallback, { min });
  const share = (name: keyof TranslatorOptions, fallback: number) =>
    checkNumber(where, name, options[name] ?? fallback, { min: 0, max: 1 });
  // With a limit in minutes alone, time decides.
  const steps =
    options.steps === undefined && options.minutes !== undefined
      ? Number.POSITIVE_INFINITY
      : whole("steps", defaults.steps);
  const evaluateEvery = Number.isFinite(steps) ? Math.max(10, Math.round(steps / 20)) : 250;
  const settings = {
    sourceVocabSize: whole("sourceVocabSize", defaults.vocabSize, 5),
    targetVocabSize: whole("targetVocabSize", defaults.vocabSize, 5),
    embeddingSize: whole("embeddingSize", defaults.width),
    hiddenSize: whole("hiddenSize", defaults.width),
    dropout: share("dropout", defaults.dropout),
    labelSmoothing: share("labelSmoothing", 0.1),
    batchTokens: whole("batchTokens", 2048, 2),
    learningRate: checkNumber(where, "learningRate", options.learningRate ?? 2e-3, { min: 0 }),
    clipNorm: checkNumber(where, "clipNorm", options.clipNorm ?? 1, { min: 0 }),
    steps,
    seed: whole("seed", 1, 0),
    evaluateEvery: whole("evaluateEvery", evaluateEvery),
  };
  if (options.minutes === undefined) return settings;
  return { ...settings, minutes: checkNumber(where, "minutes", options.minutes, { min: 0 }) };
}

function defaultsFor(pairs: readonly TextPair[]) {
  const size = pairs.length;
  const steps = Math.min(20_000, Math.max(300, Math.round(size / 4)));
  if (size < 3_000) return { vocabSize: 800, width: 96, dropout: 0.3, steps };
  if (size < 60_000) return { vocabSize: 4_000, width: 192, dropout: 0.3, steps };
  return { vocabSize: 8_000, width: 256, dropout: 0.2, steps };
}
