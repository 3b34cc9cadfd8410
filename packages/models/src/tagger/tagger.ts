/** A recurrent tagger: one label for each word of a sentence (POS, entities in BIO tags, slots). */
import { RecurrentLayers } from "@seq/cells";
import { type Loss, type LossContext, OptionError, type Rng, type SequenceModel } from "@seq/core";
import { embedding, softmaxCrossEntropy } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { Dense } from "../dense.ts";
import { createCell, type RecurrentState } from "../recurrent-cell.ts";
import { dropoutIn, lossMode, type Mode, prefixed, truePositions } from "../tensors.ts";
import { type TaggerConfig, type TaggerOptions, taggerConfig } from "./config.ts";
import { LinearChainCrf } from "./crf.ts";
import { type WordBatch, WordFeatures } from "./word-features.ts";

/** Sentences with their gold tags. */
export interface TaggedBatch extends WordBatch {
  /** `[batchSize * time]`; anything at pads. */
  readonly tags: Int32Array;
}

/** The tags chosen for a batch. */
export interface TagPrediction {
  /** `[batchSize * time]`; 0 at pads. */
  readonly tags: Int32Array;
  /** Of every tag at every position by the softmax of its score, `[batchSize * time * tagCount]`. */
  readonly probs: Float32Array;
}

/**
 * Embeddings (of words and, if asked for, of their spelling) -> recurrent layers -> tag scores; the tags
 * are chosen one by one, or together by a CRF.
 *
 * @see Ling et al. 2015; Lample et al. 2016.
 * @example new Tagger({ wordVocabSize: 5000, tagCount: 17 }, new Rng(1))
 */
export class Tagger implements SequenceModel<TaggedBatch, tf.Tensor> {
  readonly kind = "tagger";
  readonly config: Readonly<TaggerConfig> & Readonly<Record<string, unknown>>;
  /** Owned by the model; disposed with it. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #features: WordFeatures;
  readonly #layers: RecurrentLayers<RecurrentState>;
  readonly #output: Dense;
  readonly #crf: LinearChainCrf | undefined;

  /** @param pretrained - word embeddings, `[wordVocabSize * wordEmbeddingSize]`. */
  constructor(options: TaggerOptions, rng: Rng, pretrained?: Float32Array) {
    const config = taggerConfig(options);
    this.config = { ...config };
    this.#features = new WordFeatures(config, rng.split(), pretrained);
    this.#layers = new RecurrentLayers({
      inputSize: this.#features.size,
      numLayers: config.layers,
      bidirectional: config.bidirectional,
      dropout: config.dropout,
      rng: rng.split(),
      createCell: (cell) => createCell(config.cell, cell.inputSize, config.hiddenSize, cell.rng),
    });
    this.#output = new Dense(this.#layers.outputSize, config.tagCount, rng.split());
    this.#crf = config.crf ? new LinearChainCrf(config.tagCount) : undefined;
    this.parameters = new Map([
      ...prefixed("features", this.#features.parameters),
      ...prefixed("layers", this.#layers.parameters as ReadonlyMap<string, tf.Variable>),
      ...prefixed("output", this.#output.parameters),
      ...prefixed("crf", this.#crf?.parameters ?? new Map()),
    ]);
  }

  /** Negative log-likelihood per word, in nats. */
  loss(batch: TaggedBatch, context: LossContext): Loss<tf.Tensor> {
    const mode = lossMode("Tagger", context, this.config.dropout);
    const { lengths, batchSize, time } = batch.words;
    const positions = truePositions(lengths, time);
    const mean = tf.tidy(() => {
      const states = this.#states(batch, mode); // [batchSize, time, size]
      if (this.#crf !== undefined) {
        const scores = this.#output.apply(states);
        const sum = this.#crf.negativeLogLikelihood(scores, batch.tags, lengths);
        return tf.div(sum, positions.length);
      }
      const flat = tf.reshape(states, [batchSize * time, -1]);
      const kept = embedding(flat, tf.tensor1d(positions, "int32"));
      const gold = Int32Array.from(positions, (position) => batch.tags[position] as number);
      return softmaxCrossEntropy(this.#output.apply(kept), tf.tensor1d(gold, "int32"));
    });
    return { mean, targets: positions.length };
  }

  /** The most probable tags: of each word by itself, or of the sentence with a CRF. */
  predict(batch: WordBatch): TagPrediction {
    const { lengths, batchSize, time } = batch.words;
    return tf.tidy(() => {
      const scores = this.#output.apply(this.#states(batch, { training: false }));
      const probs = tf.softmax(scores).dataSync<"float32">();
      if (this.#crf !== undefined) return { tags: this.#crf.decode(scores, lengths), probs };
      const best = tf.argMax(scores, 2).dataSync();
      const tags = new Int32Array(batchSize * time);
      for (const position of truePositions(lengths, time))
        tags[position] = best[position] as number;
      return { tags, probs };
    });
  }

  dispose(): void {
    this.#features.dispose();
    this.#layers.dispose();
    this.#output.dispose();
    this.#crf?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #states(batch: WordBatch, mode: Mode): tf.Tensor {
    if (this.config.characters !== null && batch.spelling === undefined) {
      throw new OptionError(
        "Tagger: this tagger reads characters, but the batch has no spelling.",
        {
          code: "MISSING_OPTION",
          details: { option: "spelling" },
        },
      );
    }
    const features = this.#features.look(batch, mode);
    const { outputs } = this.#layers.forward(features, { ...mode, lengths: batch.words.lengths });
    return dropoutIn(mode, outputs, this.config.dropout);
  }
}
