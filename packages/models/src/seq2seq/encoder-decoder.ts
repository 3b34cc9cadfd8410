/** The encoder-decoder with attention as a trainable model and as a step-by-step decoder. */
import {
  type Loss,
  type LossContext,
  type PairBatch,
  type Rng,
  type SequenceBatch,
  type SequenceModel,
  ShapeError,
} from "@seq/core";
import { embedding, linear, linearCrossEntropy } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import type { RecurrentState } from "../recurrent-cell.ts";
import { dropoutIn, lossMode, type Mode, prefixed } from "../tensors.ts";
import { AttentionDecoder } from "./attention-decoder.ts";
import {
  type EncoderDecoderConfig,
  type EncoderDecoderOptions,
  encoderDecoderConfig,
} from "./config.ts";
import { Encoder } from "./encoder.ts";
import type { StepDecoder, StepResult } from "./step-decoder.types.ts";

/** The state of a batch of hypotheses under way. */
export type TranslationState = {
  readonly decoder: RecurrentState;
  /** The encoder's outputs of each row's source: `[rows, source time, size]`. */
  readonly keys: tf.Tensor;
  readonly lengths: Int32Array;
  /** Which source each row translates. */
  readonly sources: Int32Array;
};

/** What `EncoderDecoder.forward` gives. */
export type TeacherForcedPass = {
  /** `[batch, source time, encoderOutputSize]` */
  readonly encoderOutputs: tf.Tensor;
  /** `[batch, time, decoderHiddenSize]` */
  readonly hiddenStates: tf.Tensor;
  /** `[batch, time, encoderOutputSize]` */
  readonly contexts: tf.Tensor;
  /** `[batch, time, source time]`; rows add up to 1, pads have exactly 0. */
  readonly attentionWeights: tf.Tensor;
  /** `[batch, time, targetVocabSize]` */
  readonly logits: tf.Tensor;
};

/**
 * An encoder-decoder with attention over the encoder's outputs.
 *
 * Targets are rows `begin y_1 .. y_n end`: the decoder reads all but the last id and is scored on all
 * but the first. Pads count nowhere.
 *
 * @see Sutskever et al. 2014; Bahdanau et al. 2015.
 * @example
 * const model = new EncoderDecoder({ sourceVocabSize: 90, targetVocabSize: 100, embeddingSize: 64,
 *   encoderHiddenSize: 80 }, new Rng(1));
 */
export class EncoderDecoder
  implements SequenceModel<PairBatch, tf.Tensor>, StepDecoder<TranslationState>
{
  readonly kind = "encoder-decoder";
  readonly config: Readonly<EncoderDecoderConfig> & Readonly<Record<string, unknown>>;
  /** Owned by the model; disposed with it. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #encoder: Encoder;
  readonly #decoder: AttentionDecoder;

  constructor(options: EncoderDecoderOptions, rng: Rng) {
    const config = encoderDecoderConfig(options);
    this.config = { ...config };
    this.#encoder = new Encoder(config, rng.split());
    this.#decoder = new AttentionDecoder(config, rng.split());
    this.parameters = new Map([
      ...prefixed("encoder", this.#encoder.parameters),
      ...prefixed("decoder", this.#decoder.parameters),
    ]);
  }

  get vocabSize(): number {
    return this.config.targetVocabSize;
  }

  /** Number of trainable values. */
  get parameterCount(): number {
    return [...this.parameters.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Teacher-forced cross-entropy per target piece, in nats.
   *
   * @throws {ShapeError} when source and target have different numbers of rows, or a target row holds
   *   less than the begin and the end symbol.
   */
  loss(batch: PairBatch, context: LossContext): Loss<tf.Tensor> {
    checkPairs(batch);
    const mode = lossMode("EncoderDecoder", context, this.config.dropout);
    const { inputs, targets, rows } = shiftTargets(batch.target);
    const mean = tf.tidy(() => {
      const { features } = this.#decode(batch.source, inputs, mode);
      const width = features.shape[2] as number;
      // Only the true positions reach the output layer, which costs most.
      const kept = embedding(tf.reshape(features, [-1, width]), tf.tensor1d(rows, "int32"));
      return linearCrossEntropy(
        dropoutIn(mode, kept, this.config.dropout),
        this.#decoder.outputWeight,
        this.#decoder.outputBias,
        tf.tensor1d(targets, "int32"),
        { labelSmoothing: context.training ? this.config.labelSmoothing : 0 },
      );
    });
    return { mean, targets: targets.length };
  }

  /**
   * Everything that a teacher-forced pass computes, in evaluation mode; for plots and checks.
   *
   * @returns tensors whose time is that of the target less one; the caller disposes them.
   */
  forward(batch: PairBatch): TeacherForcedPass {
    checkPairs(batch);
    return tf.tidy(() => {
      const { inputs } = shiftTargets(batch.target);
      const { encoded, run, features } = this.#decode(batch.source, inputs, { training: false });
      const logits = linear(features, this.#decoder.outputWeight, this.#decoder.outputBias);
      return { encoderOutputs: encoded.outputs, ...run, logits };
    });
  }

  #decode(source: SequenceBatch, inputs: SequenceBatch, mode: Mode) {
    const encoded = this.#encoder.encode(source, mode);
    const run = this.#decoder.run(encoded, inputs, mode);
    return { encoded, run, features: this.#decoder.features(run.hiddenStates, run.contexts) };
  }

  /** Encodes sources for decoding; dispose the state when done. */
  start(source: SequenceBatch): TranslationState {
    return tf.tidy(() => {
      const encoded = this.#encoder.encode(source, { training: false });
      const decoder = this.#decoder.initialState(encoded);
      const sources = Int32Array.from({ length: source.batchSize }, (_, i) => i);
      return { decoder, keys: encoded.outputs, lengths: source.lengths, sources };
    });
  }

  step(previous: Int32Array, state: TranslationState): StepResult<TranslationState> {
    const { decoder, keys, logProbs, weights } = tf.tidy(() => {
      const step = this.#decoder.step(previous, state.decoder, state.keys, state.lengths);
      const features = this.#decoder.features(step.state.h, step.context);
      const logits = linear(features, this.#decoder.outputWeight, this.#decoder.outputBias);
      return {
        decoder: step.state,
        keys: state.keys.clone(), // shares the memory
        logProbs: tf.logSoftmax(logits),
        weights: step.attentionWeights,
      };
    });
    const result = {
      logProbs: logProbs.dataSync<"float32">(),
      attention: weights.dataSync<"float32">(),
      state: { ...state, decoder, keys },
    };
    tf.dispose([logProbs, weights]);
    return result;
  }

  selectRows(state: TranslationState, rows: Int32Array): TranslationState {
    const pick = (values: Int32Array) => Int32Array.from(rows, (row) => values[row] as number);
    const sources = pick(state.sources);
    const sameSources =
      sources.length === state.sources.length && sources.every((s, i) => s === state.sources[i]);
    return tf.tidy(() => {
      const indices = tf.tensor1d(rows, "int32");
      const { h, c } = state.decoder;
      const decoder =
        c === undefined
          ? { h: tf.gather(h, indices) }
          : { h: tf.gather(h, indices), c: tf.gather(c, indices) };
      // Most steps only reorder hypotheses of one source: then the encoder's outputs stay as they are.
      const keys = sameSources ? state.keys.clone() : tf.gather(state.keys, indices);
      return { decoder, keys, lengths: pick(state.lengths), sources };
    });
  }

  disposeState(state: TranslationState): void {
    tf.dispose([state.decoder, state.keys]);
  }

  dispose(): void {
    this.#encoder.dispose();
    this.#decoder.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** What the decoder reads, what it should say, and where: the true positions of the padded batch. */
function shiftTargets(target: SequenceBatch): {
  inputs: SequenceBatch;
  targets: Int32Array;
  rows: Int32Array;
} {
  const { batchSize, lengths } = target;
  const time = target.time - 1;
  const count = lengths.reduce((sum, length) => sum + length - 1, 0);
  const ids = new Int32Array(batchSize * time);
  const targets = new Int32Array(count);
  const rows = new Int32Array(count);
  let k = 0;
  for (let row = 0; row < batchSize; row++) {
    const begin = row * target.time;
    const steps = (lengths[row] as number) - 1;
    ids.set(target.ids.subarray(begin, begin + steps), row * time);
    for (let t = 0; t < steps; t++, k++) {
      targets[k] = target.ids[begin + t + 1] as number;
      rows[k] = row * time + t;
    }
  }
  const inputs = { ids, lengths: lengths.map((length) => length - 1), batchSize, time };
  return { inputs, targets, rows };
}

function checkPairs({ source, target }: PairBatch): void {
  if (source.batchSize !== target.batchSize) {
    throw new ShapeError(
      `EncoderDecoder.loss: source has ${source.batchSize} rows, target ${target.batchSize}; they must be pairs.`,
      { code: "SHAPE_MISMATCH", details: { source: source.batchSize, target: target.batchSize } },
    );
  }
  const short = target.lengths.findIndex((length) => length < 2);
  if (short >= 0) {
    throw new ShapeError(
      `EncoderDecoder.loss: target row ${short} has length ${target.lengths[short]}, expected at least 2 (begin and end symbol).`,
      { code: "SHAPE_MISMATCH", details: { row: short } },
    );
  }
}
