/**
 * A recurrent language model: embedding, recurrent layers, output layer.
 *
 *   e_t = E x_t    h_t = layers(e_t, h_{t-1})    P(x_{t+1} | x_<=t) = output(h_t)
 *
 * Parameters have the names of PyTorch's word_language_model example (`encoder.weight`, `rnn.weight_ih_l0`, ...,
 * `decoder.weight`, `decoder.bias`). Regularisation after Gal & Ghahramani 2016 and Merity et al. 2018.
 */
import { GRU, LSTM, type RecurrentLayers, RNN } from "@seq/cells";
import {
  type Loss,
  type LossContext,
  OptionError,
  type Rng,
  type SequenceBatch,
  type SequenceModel,
} from "@seq/core";
import { dropout, embedding, linear, softmaxCrossEntropy } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import type {
  LanguageModel,
  LanguageModelStream,
  ScoreOptions,
  SequenceScore,
} from "../language-model/language-model.types.ts";
import { FullSoftmax } from "../output-layers/full-softmax.ts";
import type { OutputLayer } from "../output-layers/output-layer.types.ts";
import { uniformVariable } from "../output-layers/variables.ts";
import { embedIds, prefixed } from "../tensors.ts";
import { type FullConfig, fullConfig, type RnnLanguageModelConfig } from "./config.ts";
import { createOutput } from "./create-output.ts";
import { HashedFeatures, historiesOf } from "./maxent.ts";
import { type NextTokenBatch, nextTokenBatch } from "./next-token-batch.ts";
import { RnnStream } from "./rnn-stream.ts";
import { scoreByForward } from "./score-by-forward.ts";

type Layers = RecurrentLayers<Record<string, tf.Tensor>>;

/** What a chunk of text leaves behind; the caller disposes its tensors. */
export interface RnnState {
  /** Per layer, `{ h }` or `{ h, c }`, each `[batch, size]`. */
  readonly layers: readonly Readonly<Record<string, tf.Tensor>>[];
  /** The last ids, `[batch, order - 1]`, for maxent features. */
  readonly history?: tf.Tensor;
}

/** Hidden vectors of a batch. */
export interface RnnForward {
  /** What the output layer reads, `[batch, time, size]`. */
  readonly outputs: tf.Tensor;
  /** The last layer's h before dropout. */
  readonly raw: tf.Tensor;
  readonly state: RnnState;
}

export class RnnLanguageModel implements SequenceModel<SequenceBatch, tf.Tensor>, LanguageModel {
  readonly kind = "rnn";
  readonly normalized = true;
  readonly config: Readonly<Record<string, unknown>>;
  readonly settings: FullConfig;
  readonly vocabSize: number;
  readonly beginId: number;
  readonly endId: number | undefined;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly layers: readonly Layers[];
  readonly output: OutputLayer;
  readonly maxent: HashedFeatures | undefined;
  readonly #embedding: tf.Variable;
  readonly #projection: tf.Variable | undefined;

  /**
   * @param rng - draws the first weights.
   * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`, `BIDIRECTIONAL`
   */
  constructor(config: RnnLanguageModelConfig, rng: Rng) {
    const settings = fullConfig(config);
    const { vocabSize, embeddingSize, lastSize, tied } = settings;
    this.config = { ...config };
    this.settings = settings;
    this.vocabSize = vocabSize;
    this.beginId = settings.beginId;
    this.endId = config.endId;
    this.#embedding = uniformVariable([vocabSize, embeddingSize], 0.1, rng);
    this.layers = createLayers(settings, rng);
    const projects = tied && lastSize !== embeddingSize;
    this.#projection = projects
      ? uniformVariable([embeddingSize, lastSize], 1 / Math.sqrt(lastSize), rng)
      : undefined;
    const outputSize = projects ? embeddingSize : lastSize;
    const tiedWeight = tied ? this.#embedding : undefined;
    this.output = createOutput(settings.output, outputSize, vocabSize, rng, tiedWeight);
    this.maxent = settings.maxent && new HashedFeatures(settings.maxent, vocabSize);
    this.parameters = new Map(this.#named());
  }

  *#named(): Generator<[string, tf.Variable]> {
    yield ["encoder.weight", this.#embedding];
    for (const [k, layer] of this.layers.entries()) {
      for (const [name, tensor] of layer.parameters) {
        yield [`rnn.${name.replace(/_l0$/, `_l${k}`)}`, tensor as tf.Variable];
      }
    }
    if (this.#projection) yield ["projection.weight", this.#projection];
    yield* prefixed("decoder", this.output.parameters);
    if (this.maxent) yield ["maxent.weight", this.maxent.weight];
  }

  /** The state before a sequence, of `batchSize` rows; the caller disposes it. */
  initialState(batchSize: number): RnnState {
    return tf.tidy(() => {
      const layers = this.layers.map((layer) => ({ ...layer.initialState(batchSize)[0]! }));
      if (this.maxent === undefined) return { layers };
      return { layers, history: tf.fill([batchSize, this.maxent.order - 1], -1) };
    }) as RnnState;
  }

  /**
   * Next-token loss of a batch: every id but the first of a row is a target.
   *
   * In training the mean includes the activation regularisers (`ar`, `tar`).
   *
   * @throws {OptionError} `NO_TARGETS`, or `MISSING_OPTION` when training without `rng`.
   */
  loss(batch: SequenceBatch, context: LossContext): Loss<tf.Tensor> {
    if (context.training && context.rng === undefined) {
      throw new OptionError("RnnLanguageModel.loss: training needs rng for dropout and sampling.", {
        code: "MISSING_OPTION",
        details: { option: "rng" },
      });
    }
    const next = nextTokenBatch(batch);
    const { mean, state } = tf.tidy(() => {
      const forward = this.forward(next, context);
      const x = this.rowsOf(forward.outputs, next.positions);
      let mean: tf.Tensor;
      if (this.maxent === undefined) {
        const { training, rng } = context;
        mean = this.output.loss(x, next.targets, { training, rng });
      } else {
        const logits = this.#maxentLogits(x, next, context.state as RnnState | undefined);
        mean = softmaxCrossEntropy(logits, tf.tensor1d(next.targets, "int32"));
      }
      if (context.training) mean = this.#regularized(mean, forward);
      return { mean, state: forward.state } as unknown as { mean: tf.Tensor; state: tf.Tensor };
    });
    return { mean, targets: next.targets.length, state };
  }

  /**
   * Runs the layers over inputs; inside the caller's `tf.tidy`.
   *
   * @param context - `state` is what an earlier call returned; not disposed.
   */
  forward(
    next: Pick<NextTokenBatch, "inputs" | "batchSize" | "time" | "lengths">,
    context: LossContext,
  ): RnnForward {
    const { dropout: rates } = this.settings;
    const given = context.state as RnnState | undefined;
    const noise = context.training ? context.rng : undefined;
    let x: tf.Tensor = embedIds(this.#droppedEmbedding(noise), next.inputs, next);
    x = this.#drop(x, rates.input, noise);
    const states: Record<string, tf.Tensor>[] = [];
    let raw = x;
    this.layers.forEach((layer, k) => {
      const state = given?.layers[k];
      const run = layer.forward(x, {
        lengths: next.lengths,
        training: context.training,
        ...(context.rng && { rng: context.rng }),
        ...(state && { initialState: [state] }),
      });
      states.push({ ...run.finalState[0] });
      raw = run.outputs;
      const isLast = k === this.layers.length - 1;
      x = this.#drop(raw, isLast ? rates.output : rates.hidden, noise);
    });
    const outputs = this.#projection ? linear(x, this.#projection) : x;
    const history = this.#nextHistory(next, given);
    return { outputs, raw, state: { layers: states, ...(history && { history }) } };
  }

  /** The rows of `[batch, time, size]` at some positions, `[positions, size]`. */
  rowsOf(outputs: tf.Tensor, positions: Int32Array): tf.Tensor {
    const size = outputs.shape[2]!;
    const flat = tf.reshape(outputs, [-1, size]);
    return positions.length === flat.shape[0]
      ? flat
      : tf.gather(flat, tf.tensor1d(positions, "int32"));
  }

  /** log P of the targets of a batch, `[targets]`; inside the caller's `tf.tidy`. */
  targetLogProbs(x: tf.Tensor, next: NextTokenBatch, state: RnnState | undefined): tf.Tensor {
    if (this.maxent === undefined) return this.output.targetLogProbs(x, next.targets);
    const logits = this.#maxentLogits(x, next, state);
    const targets = tf.tensor1d(next.targets, "int32");
    return tf.neg(softmaxCrossEntropy(logits, targets, { reduction: "none" }));
  }

  /**
   * Writes log P of all ids, `[rows, vocabSize]`.
   *
   * @param last - the last layer's h, `[rows, size]`.
   * @param histories - of the rows, for maxent features.
   */
  writeLogProbs(last: tf.Tensor, histories: Int32Array | undefined, out: Float32Array): void {
    const table = tf.tidy(() => {
      const x = this.#projection ? linear(last, this.#projection) : last;
      if (!(this.output instanceof FullSoftmax)) return this.output.logProbs(x);
      const logits = this.output.logits(x);
      if (this.maxent === undefined || histories === undefined) return logits;
      return tf.add(logits, this.maxent.logits(histories, x.shape[0]!));
    });
    out.set(table.dataSync());
    table.dispose();
    // One pass over plain numbers is cheaper for a few rows than the tensor ops of a softmax.
    if (this.output instanceof FullSoftmax) normalizeRows(out, this.vocabSize);
  }

  /**
   * One step of all layers, out of training; inside the caller's `tf.tidy`.
   *
   * @returns the new state of each layer; the last one's `h` is what the output is made of.
   */
  step(ids: Int32Array, layers: RnnState["layers"]): RnnState["layers"] {
    let x: tf.Tensor = embedding(this.#embedding, tf.tensor1d(ids, "int32"));
    return this.layers.map((layer, k) => {
      // The cell itself: out of training the layer adds nothing, and one step should cost little.
      const state = layer.cells[0]!.step(x, layers[k] as Record<string, tf.Tensor>);
      x = state["h"]!;
      return state;
    });
  }

  stream(rows = 1): LanguageModelStream & { hidden(out: Float32Array): void } {
    return new RnnStream(this, rows);
  }

  score(sequences: readonly ArrayLike<number>[], options?: ScoreOptions): SequenceScore[] {
    return scoreByForward(this, sequences, options);
  }

  dispose(): void {
    const owned = new Set(this.parameters.values());
    for (const parameter of owned) parameter.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #maxentLogits(x: tf.Tensor, next: NextTokenBatch, state: RnnState | undefined): tf.Tensor {
    const maxent = this.maxent as HashedFeatures;
    const width = maxent.order - 1;
    const all = historiesOf(next.inputs, next.batchSize, next.time, width, historyIds(state));
    const picked = new Int32Array(next.positions.length * width);
    next.positions.forEach((position, i) => {
      picked.set(all.subarray(position * width, (position + 1) * width), i * width);
    });
    const logits = (this.output as FullSoftmax).logits(x);
    return tf.add(logits, maxent.logits(picked, next.positions.length));
  }

  #nextHistory(
    next: Pick<NextTokenBatch, "inputs" | "batchSize" | "time" | "lengths">,
    given: RnnState | undefined,
  ): tf.Tensor | undefined {
    if (this.maxent === undefined) return undefined;
    const width = this.maxent.order - 1;
    const all = historiesOf(next.inputs, next.batchSize, next.time, width, historyIds(given));
    const last = new Float32Array(next.batchSize * width);
    for (let row = 0; row < next.batchSize; row++) {
      const at = (row * next.time + next.lengths[row]! - 1) * width;
      last.set(all.subarray(at, at + width), row * width);
    }
    return tf.tensor2d(last, [next.batchSize, width]);
  }

  #droppedEmbedding(noise: Rng | undefined): tf.Tensor {
    const rate = this.settings.dropout.embedding;
    if (noise === undefined || rate === 0) return this.#embedding;
    return tf.mul(this.#embedding, dropout(tf.ones([this.vocabSize, 1]), rate, noise));
  }

  /** Dropout on `[batch, time, size]`, one mask per row for all times when variational. */
  #drop(x: tf.Tensor, rate: number, noise: Rng | undefined): tf.Tensor {
    if (noise === undefined || rate === 0) return x;
    if (!this.settings.dropout.variational) return dropout(x, rate, noise);
    const [batch, , size] = x.shape as [number, number, number];
    return tf.mul(x, dropout(tf.ones([batch, 1, size]), rate, noise));
  }

  #regularized(mean: tf.Tensor, { outputs, raw }: RnnForward): tf.Tensor {
    const { ar, tar } = this.settings;
    let total = mean;
    if (ar > 0) total = tf.add(total, tf.mul(ar, tf.mean(tf.square(outputs))));
    const [batch, time, size] = raw.shape as [number, number, number];
    if (tar > 0 && time > 1) {
      const later = tf.slice(raw, [0, 1, 0], [batch, time - 1, size]);
      const earlier = tf.slice(raw, [0, 0, 0], [batch, time - 1, size]);
      total = tf.add(total, tf.mul(tar, tf.mean(tf.square(tf.sub(later, earlier)))));
    }
    return total;
  }
}

function historyIds(state: RnnState | undefined): Int32Array | undefined {
  return state?.history && Int32Array.from(state.history.dataSync());
}

/** Rows of logits to log-probabilities, in place. */
function normalizeRows(table: Float32Array, width: number): void {
  for (let at = 0; at < table.length; at += width) {
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = at; i < at + width; i++) if (table[i]! > highest) highest = table[i]!;
    let sum = 0;
    for (let i = at; i < at + width; i++) sum += Math.exp(table[i]! - highest);
    const shift = highest + Math.log(sum);
    for (let i = at; i < at + width; i++) table[i]! -= shift;
  }
}

/** One object per layer, so that sizes may differ from layer to layer. */
function createLayers(settings: FullConfig, rng: Rng): Layers[] {
  const { projSize } = settings;
  let inputSize = settings.embeddingSize;
  return settings.hiddenSizes.map((hiddenSize) => {
    const options = {
      inputSize,
      hiddenSize,
      rng,
      weightDrop: settings.dropout.weight,
      learnedInitialState: settings.learnInitialState,
    };
    inputSize = projSize > 0 ? projSize : hiddenSize;
    if (settings.cell === "gru") return new GRU(options) as unknown as Layers;
    if (settings.cell === "elman") return new RNN(options) as unknown as Layers;
    return new LSTM({ ...options, ...(projSize > 0 && { projSize }) }) as unknown as Layers;
  });
}
