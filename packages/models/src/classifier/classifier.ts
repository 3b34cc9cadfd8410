/** A recurrent classifier: one label (or several) for a whole sequence. */
import {
  checkInteger,
  checkOneOf,
  checkOptions,
  type Loss,
  type LossContext,
  OptionError,
  type Rng,
  type SequenceBatch,
  type SequenceModel,
  ShapeError,
} from "@seq/core";
import { softmaxCrossEntropy } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { Dense } from "../dense.ts";
import { lossMode, type Mode, prefixed } from "../tensors.ts";
import { AttentionPool, lastPool, maxPool, meanPool, type PoolingName } from "./pooling.ts";
import {
  type FrameBatch,
  SequenceEncoder,
  type SequenceEncoderOptions,
  sequenceEncoderOptionNames,
} from "./sequence-encoder.ts";

export interface ClassifierOptions extends SequenceEncoderOptions {
  readonly labelCount: number;
  /** How the states become one vector. Default "last": [h_n forward; h_1 backward]. */
  readonly pooling?: PoolingName;
  /** Several labels may hold at once (a sigmoid each) instead of exactly one (a softmax). Default false. */
  readonly multiLabel?: boolean;
  /** Weight of each label in the loss, for rare ones; only for single labels. Default all 1. */
  readonly labelWeights?: readonly number[];
}

/** Sequences with their gold labels. */
export interface LabelledBatch {
  readonly input: SequenceBatch | FrameBatch;
  /** Single: `[batchSize]` label ids. Multi: `[batchSize * labelCount]` of 0 and 1. */
  readonly labels: Int32Array;
}

/**
 * Recurrent layers, pooling and an affine output.
 *
 * @example new Classifier({ vocabSize: 8000, labelCount: 2, pooling: "max" }, new Rng(1))
 */
export class Classifier implements SequenceModel<LabelledBatch, tf.Tensor> {
  readonly kind = "classifier";
  readonly config: Readonly<ClassifierOptions> & Readonly<Record<string, unknown>>;
  /** Owned by the model; disposed with it. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #labelCount: number;
  readonly #pooling: PoolingName;
  readonly #encoder: SequenceEncoder;
  readonly #attention: AttentionPool | undefined;
  readonly #output: Dense;

  /** @param pretrained - embeddings `[vocabSize * embeddingSize]` to start from. */
  constructor(options: ClassifierOptions, rng: Rng, pretrained?: Float32Array) {
    const where = "Classifier";
    const own = ["labelCount", "pooling", "multiLabel", "labelWeights"];
    checkOptions(where, options, [...sequenceEncoderOptionNames, ...own]);
    const { labelCount, pooling = "last", multiLabel, labelWeights, ...encoder } = options;
    this.#labelCount = checkInteger(where, "labelCount", labelCount, { min: 1 });
    this.#pooling = checkOneOf(where, "pooling", pooling, ["last", "mean", "max", "attention"]);
    checkLabelWeights(labelWeights, labelCount, multiLabel ?? false);
    this.config = { ...options };
    this.#encoder = new SequenceEncoder(encoder, rng.split(), pretrained, where);
    const { outputSize } = this.#encoder;
    this.#attention =
      pooling === "attention" ? new AttentionPool(outputSize, rng.split()) : undefined;
    this.#output = new Dense(outputSize, labelCount, rng.split());
    this.parameters = new Map([
      ...prefixed("encoder", this.#encoder.parameters),
      ...prefixed("attention", this.#attention?.parameters ?? new Map()),
      ...prefixed("output", this.#output.parameters),
    ]);
  }

  /** Mean over the rows, in nats (over rows and labels when there may be several). */
  loss({ input, labels }: LabelledBatch, context: LossContext): Loss<tf.Tensor> {
    const mode = lossMode("Classifier", context, this.config.dropout ?? 0);
    this.#checkLabels(labels, input.batchSize);
    const mean = tf.tidy(() => {
      const logits = this.#logits(input, mode);
      if (this.config.multiLabel) {
        const gold = tf.tensor2d(Float32Array.from(labels), [input.batchSize, this.#labelCount]);
        return tf.mean(sigmoidCrossEntropy(logits, gold));
      }
      const { labelWeights } = this.config;
      return softmaxCrossEntropy(
        logits,
        tf.tensor1d(labels, "int32"),
        labelWeights === undefined ? {} : { classWeights: tf.tensor1d([...labelWeights]) },
      );
    });
    return { mean, targets: input.batchSize };
  }

  /** Probabilities `[batchSize * labelCount]`: of a softmax, or one sigmoid per label. */
  predict(input: SequenceBatch | FrameBatch): Float32Array {
    return tf.tidy(() => {
      const logits = this.#logits(input, { training: false });
      const probs = this.config.multiLabel ? tf.sigmoid(logits) : tf.softmax(logits);
      return probs.dataSync<"float32">();
    });
  }

  /** What attention pooling looks at: `[batchSize * time]`, rows add up to 1. Only with that pooling. */
  attentionWeights(input: SequenceBatch | FrameBatch): Float32Array {
    const attention = this.#attention;
    if (attention === undefined) {
      throw new OptionError(
        `Classifier.attentionWeights: pooling is "${this.#pooling}"; only "attention" has weights.`,
        { code: "MISSING_OPTION", details: { option: "pooling" } },
      );
    }
    return tf.tidy(() => {
      const { outputs } = this.#encoder.encode(input);
      return attention.pool(outputs, input.lengths).weights.dataSync<"float32">();
    });
  }

  dispose(): void {
    this.#encoder.dispose();
    this.#attention?.dispose();
    this.#output.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** `[batch, labelCount]` */
  #logits(input: SequenceBatch | FrameBatch, mode: Mode): tf.Tensor2D {
    const { outputs, finalState } = this.#encoder.encode(input, mode);
    return this.#output.apply(this.#pool(outputs, finalState, input.lengths)) as tf.Tensor2D;
  }

  #pool(
    outputs: tf.Tensor,
    finalState: Parameters<typeof lastPool>[0],
    lengths: Int32Array,
  ): tf.Tensor {
    switch (this.#pooling) {
      case "last":
        return lastPool(finalState, this.#encoder.directions);
      case "mean":
        return meanPool(outputs, lengths);
      case "max":
        return maxPool(outputs, lengths);
      case "attention":
        return (this.#attention as AttentionPool).pool(outputs, lengths).pooled;
    }
  }

  #checkLabels(labels: Int32Array, batchSize: number): void {
    const { multiLabel = false } = this.config;
    const expected = multiLabel ? batchSize * this.#labelCount : batchSize;
    const limit = multiLabel ? 2 : this.#labelCount;
    if (labels.length !== expected) {
      throw new ShapeError(
        `Classifier.loss: ${labels.length} labels for ${batchSize} rows, expected ${expected}.`,
        { code: "SHAPE_MISMATCH", details: { labels: labels.length, expected } },
      );
    }
    const wrong = labels.findIndex((label) => !(label >= 0 && label < limit));
    if (wrong >= 0) {
      throw new OptionError(
        `Classifier.loss: label ${labels[wrong]} at position ${wrong}, expected 0 to ${limit - 1}.`,
        { code: "OPTION_RANGE", details: { label: labels[wrong], position: wrong } },
      );
    }
  }
}

/** -y ln σ(x) - (1-y) ln(1-σ(x)) = max(x, 0) - x y + ln(1 + e^-|x|), which never overflows. */
function sigmoidCrossEntropy(logits: tf.Tensor, gold: tf.Tensor): tf.Tensor {
  const tail = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
  return tf.add(tf.sub(tf.relu(logits), tf.mul(logits, gold)), tail);
}

function checkLabelWeights(
  weights: readonly number[] | undefined,
  labelCount: number,
  multiLabel: boolean,
): void {
  if (weights === undefined) return;
  const valid = !multiLabel && weights.length === labelCount && weights.every((w) => w >= 0);
  if (valid) return;
  throw new OptionError(
    `Classifier: labelWeights must be ${labelCount} numbers of at least 0, and are for single labels only.`,
    { code: "OPTION_RANGE", details: { option: "labelWeights", value: weights } },
  );
}
