/** From labelled texts to a trained classifier, in one call. */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  OptionError,
  Rng,
  VocabularyError,
} from "@seq/core";
import { Classifier, type LabelledBatch, type PoolingName } from "@seq/models";
import { evaluateLoss, padSequences, rowBatches } from "@seq/train";
import { type LimitOptions, limitOptionNames, trainingLimits } from "../training/limits.ts";
import {
  runTraining,
  type TrainingEvents,
  type TrainingHistory,
} from "../training/run-training.ts";
import { splitWords } from "../words/split-words.ts";
import { WordList } from "../words/word-list.ts";
import { TextClassifier, textIds } from "./text-classifier.ts";

/** A text with its label, or with several when `multiLabel` is on. */
export interface LabelledText {
  readonly text: string;
  readonly labels: readonly string[];
}

export interface ClassifierTrainingOptions extends LimitOptions {
  readonly embeddingSize?: number;
  /** Per direction. */
  readonly hiddenSize?: number;
  readonly layers?: number;
  readonly dropout?: number;
  /** Default "max". */
  readonly pooling?: PoolingName;
  /** A text may have any number of labels (default false: exactly one). */
  readonly multiLabel?: boolean;
  /** Weigh labels by 1 / frequency in the loss, for rare ones (default false). */
  readonly balance?: boolean;
  /** Words seen less often are unknown (default 2). */
  readonly minCount?: number;
  /** Texts in a batch. */
  readonly batchSize?: number;
}

export interface ClassifierData {
  readonly train: readonly LabelledText[];
  /** Held-out texts whose loss is reported on the way; may be empty. */
  readonly dev: readonly LabelledText[];
}

export interface ClassifierEvents extends TrainingEvents {
  readonly onEvaluation?: (event: {
    readonly step: number;
    readonly devLoss: number;
    readonly classifier: TextClassifier;
  }) => void | Promise<void>;
}

export interface ClassifierTraining extends TrainingHistory {
  /** The caller disposes it. */
  readonly classifier: TextClassifier;
}

const optionNames = [
  ...["embeddingSize", "hiddenSize", "layers", "dropout", "pooling", "multiLabel", "balance"],
  ...["minCount", "batchSize", ...limitOptionNames],
];

/**
 * Learns a vocabulary from the training texts and trains a bidirectional classifier on them.
 *
 * `loadKernels()` must have run.
 *
 * @throws {OptionError} `NO_DATA`, `LABELS` for a text without exactly one label (unless `multiLabel`), and
 *   for options out of range.
 * @throws {VocabularyError} `UNKNOWN_LABEL` for a label that only the development texts have.
 */
export async function trainClassifier(
  data: ClassifierData,
  options: ClassifierTrainingOptions = {},
  events: ClassifierEvents = {},
): Promise<ClassifierTraining> {
  const where = "trainClassifier";
  checkOptions(where, options, optionNames);
  if (data.train.length === 0) {
    throw new OptionError(`${where}: no training texts; give at least one.`, { code: "NO_DATA" });
  }
  const { multiLabel = false } = options;
  checkTexts(`${where} (train)`, data.train, multiLabel);
  checkTexts(`${where} (dev)`, data.dev, multiLabel);
  const batchSize = checkInteger(where, "batchSize", options.batchSize ?? 32, { min: 1 });
  const minCount = checkInteger(where, "minCount", options.minCount ?? 2, { min: 1 });
  const limits = trainingLimits(where, options, {
    steps: Math.min(10_000, Math.max(100, 8 * Math.ceil(data.train.length / batchSize))),
    learningRate: 2e-3,
  });

  const words = WordList.learn(
    data.train.flatMap(({ text }) => splitWords(text)),
    { minCount },
  );
  const labels = WordList.labels(data.train.flatMap((item) => item.labels));
  const model = new Classifier(
    {
      vocabSize: words.size,
      labelCount: labels.size,
      embeddingSize: options.embeddingSize ?? 100,
      hiddenSize: options.hiddenSize ?? 128,
      layers: options.layers ?? 1,
      dropout: checkNumber(where, "dropout", options.dropout ?? 0.5, { min: 0, max: 1 }),
      pooling: options.pooling ?? "max",
      multiLabel,
      ...(options.balance &&
        !multiLabel && { labelWeights: inverseFrequencies(data.train, labels) }),
    },
    new Rng(limits.seed),
  );
  const classifier = new TextClassifier({ model, words, labels });
  const batches = (texts: readonly LabelledText[], shuffle: boolean) => {
    const rows = texts.map(({ text }) => textIds(words, text));
    const build = (numbers: Uint32Array): LabelledBatch => ({
      input: padSequences(Array.from(numbers, (n) => rows[n] as number[])),
      labels: labelIds(
        Array.from(numbers, (n) => texts[n] as LabelledText),
        labels,
        multiLabel,
      ),
    });
    return rowBatches(rows, build, { batchSize, shuffle, seed: limits.seed });
  };
  try {
    const dev = data.dev.length === 0 ? undefined : batches(data.dev, false);
    const history = await runTraining(model, batches(data.train, true), {
      limits,
      events,
      ...(dev && {
        evaluate: async (step) => {
          const { loss } = await evaluateLoss(model, dev);
          await events.onEvaluation?.({ step, devLoss: loss, classifier });
          return { loss };
        },
      }),
    });
    return { classifier, ...history };
  } catch (error) {
    classifier.dispose();
    throw error;
  }
}

function checkTexts(where: string, texts: readonly LabelledText[], multiLabel: boolean): void {
  texts.forEach(({ labels }, i) => {
    if (multiLabel || labels.length === 1) return;
    throw new OptionError(
      `${where}: text ${i + 1} has ${labels.length} labels, expected exactly one; set multiLabel for several.`,
      { code: "LABELS", details: { text: i + 1, labels } },
    );
  });
}

/** Weights that make every label count alike: n / (labels * count). */
function inverseFrequencies(texts: readonly LabelledText[], labels: WordList): number[] {
  const counts = new Float64Array(labels.size);
  for (const { labels: own } of texts) counts[labels.find(own[0] as string) as number]! += 1;
  return Array.from(counts, (count) => texts.length / (labels.size * count));
}

function labelIds(
  texts: readonly LabelledText[],
  labels: WordList,
  multiLabel: boolean,
): Int32Array {
  const find = (label: string) => {
    const id = labels.find(label);
    if (id !== undefined) return id;
    throw new VocabularyError(
      `label "${label}" is unknown; training knew ${labels.words.join(", ")}.`,
      { code: "UNKNOWN_LABEL", details: { label } },
    );
  };
  if (!multiLabel) return Int32Array.from(texts, (text) => find(text.labels[0] as string));
  const ids = new Int32Array(texts.length * labels.size);
  texts.forEach((text, row) => {
    for (const label of text.labels) ids[row * labels.size + find(label)] = 1;
  });
  return ids;
}
