/** From tagged sentences to a trained tagger, in one call. */
import { checkInteger, checkNumber, checkOptions, OptionError, Rng } from "@seq/core";
import { Tagger } from "@seq/models";
import { evaluateLoss, rowBatches } from "@seq/train";
import { type LimitOptions, limitOptionNames, trainingLimits } from "../training/limits.ts";
import {
  runTraining,
  type TrainingEvents,
  type TrainingHistory,
} from "../training/run-training.ts";
import { SequenceTagger } from "./sequence-tagger.ts";
import {
  checkSentences,
  learnTaggerVocabulary,
  type TaggedSentence,
  taggedBatch,
} from "./tagging.ts";

export interface TaggerTrainingOptions extends LimitOptions {
  readonly wordEmbeddingSize?: number;
  /** Per direction. */
  readonly hiddenSize?: number;
  readonly layers?: number;
  readonly dropout?: number;
  /** Read the spelling of words (default true). */
  readonly characters?: boolean;
  /** Choose the tags of a sentence together (default false; entities profit, parts of speech do not). */
  readonly crf?: boolean;
  /** Sentences in a batch. */
  readonly batchSize?: number;
}

export interface TaggerData {
  readonly train: readonly TaggedSentence[];
  /** Held-out sentences whose loss is reported on the way; may be empty. */
  readonly dev: readonly TaggedSentence[];
}

export interface TaggerEvents extends TrainingEvents {
  readonly onEvaluation?: (event: {
    readonly step: number;
    readonly devLoss: number;
    readonly tagger: SequenceTagger;
  }) => void | Promise<void>;
}

export interface TaggerTraining extends TrainingHistory {
  /** The caller disposes it. */
  readonly tagger: SequenceTagger;
}

/**
 * Learns vocabularies from the training sentences and trains a bidirectional tagger on them.
 *
 * `loadKernels()` must have run.
 *
 * @throws {OptionError} `NO_DATA`, `SENTENCE`, and for options out of range.
 */
export async function trainTagger(
  data: TaggerData,
  options: TaggerTrainingOptions = {},
  events: TaggerEvents = {},
): Promise<TaggerTraining> {
  const where = "trainTagger";
  checkOptions(where, options, [
    ...["wordEmbeddingSize", "hiddenSize", "layers", "dropout", "characters", "crf", "batchSize"],
    ...limitOptionNames,
  ]);
  if (data.train.length === 0) {
    throw new OptionError(`${where}: no training sentences; give at least one.`, {
      code: "NO_DATA",
    });
  }
  checkSentences(`${where} (train)`, data.train);
  checkSentences(`${where} (dev)`, data.dev);
  const batchSize = checkInteger(where, "batchSize", options.batchSize ?? 32, { min: 1 });
  const perEpoch = Math.ceil(data.train.length / batchSize);
  const limits = trainingLimits(where, options, {
    steps: Math.min(10_000, Math.max(100, 12 * perEpoch)),
    learningRate: 3e-3,
  });

  const vocabulary = learnTaggerVocabulary(data.train);
  const { words, characters, tags } = vocabulary;
  const model = new Tagger(
    {
      wordVocabSize: words.size,
      tagCount: tags.size,
      wordEmbeddingSize: options.wordEmbeddingSize ?? 100,
      hiddenSize: options.hiddenSize ?? 128,
      layers: options.layers ?? 1,
      dropout: checkNumber(where, "dropout", options.dropout ?? 0.4, { min: 0, max: 1 }),
      characters: (options.characters ?? true) ? { vocabSize: characters.size } : null,
      crf: options.crf ?? false,
    },
    new Rng(limits.seed),
  );
  const tagger = new SequenceTagger({ model, vocabulary });
  const batches = (sentences: readonly TaggedSentence[], shuffle: boolean) =>
    rowBatches(
      // Word ids decide lengths and the fingerprint of the data.
      sentences.map((sentence) => sentence.tokens.map((word) => words.id(word.toLowerCase()))),
      (numbers) =>
        taggedBatch(
          Array.from(numbers, (n) => sentences[n] as TaggedSentence),
          vocabulary,
        ),
      { batchSize, shuffle, seed: limits.seed },
    );
  try {
    const dev = data.dev.length === 0 ? undefined : batches(data.dev, false);
    const history = await runTraining(model, batches(data.train, true), {
      limits,
      events,
      ...(dev && {
        evaluate: async (step) => {
          const { loss } = await evaluateLoss(model, dev);
          await events.onEvaluation?.({ step, devLoss: loss, tagger });
          return { loss };
        },
      }),
    });
    return { tagger, ...history };
  } catch (error) {
    tagger.dispose();
    throw error;
  }
}
