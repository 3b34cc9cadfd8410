/**
 * The fixed-window neural language model (Bengio et al. 2003), the sliding window of the lectures:
 *
 *   e = [E x_{t-N+1}; ...; E x_t]    h = tanh(W e + b)    P(x_{t+1} | x_{t-N+1}..x_t) = softmax(U h + b')
 *
 * It cannot look more than N ids back; W grows linearly with N, and each place in the window has weights of its own.
 * Before a sequence stand begin ids.
 */
import { newVariable, xavierUniform } from "@seq/cells";
import {
  checkInteger,
  checkNumber,
  checkOptions,
  type Loss,
  type LossContext,
  OptionError,
  type Rng,
  type SequenceBatch,
  type SequenceModel,
} from "@seq/core";
import { embedding, linear } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import type {
  LanguageModel,
  LanguageModelStream,
  ScoreOptions,
  SequenceScore,
} from "../language-model/language-model.types.ts";
import { checkId } from "../language-model/queries.ts";
import type { OutputLayer } from "../output-layers/output-layer.types.ts";
import { uniformVariable, zeroVariable } from "../output-layers/variables.ts";
import type { OutputConfig } from "../rnn-lm/config.ts";
import { createOutput } from "../rnn-lm/create-output.ts";
import { historiesOf } from "../rnn-lm/maxent.ts";
import { nextTokenBatch } from "../rnn-lm/next-token-batch.ts";
import { dropoutIn, prefixed } from "../tensors.ts";
import { WindowStream } from "./window-stream.ts";

export interface WindowLanguageModelConfig {
  readonly vocabSize: number;
  /** N, the ids that it looks at. */
  readonly window: number;
  readonly embeddingSize: number;
  readonly hiddenSize: number;
  /** Rate on the hidden layer. Default 0. */
  readonly dropout?: number;
  /** Default the full softmax. */
  readonly output?: OutputConfig;
  /** Id that stands before a sequence. Default: the end id, or 0. */
  readonly beginId?: number;
  readonly endId?: number;
}

/** The ids that a chunk of text leaves behind, `[batch, window]`, -1 where there were none. */
export interface WindowState {
  readonly history: tf.Tensor;
}

const where = "WindowLanguageModel";
const keys = [
  "vocabSize", "window", "embeddingSize", "hiddenSize", "dropout", "output", "beginId", "endId",
]; // biome-ignore format: a list

export class WindowLanguageModel implements SequenceModel<SequenceBatch, tf.Tensor>, LanguageModel {
  readonly kind = "window";
  readonly normalized = true;
  readonly config: Readonly<Record<string, unknown>>;
  readonly vocabSize: number;
  readonly window: number;
  readonly beginId: number;
  readonly endId: number | undefined;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #embedding: tf.Variable;
  readonly #weight: tf.Variable;
  readonly #bias: tf.Variable;
  readonly #output: OutputLayer;
  readonly #dropout: number;

  /** @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE` */
  constructor(config: WindowLanguageModelConfig, rng: Rng) {
    checkOptions(where, config, keys);
    const { vocabSize, embeddingSize, hiddenSize, beginId, endId } = config;
    this.vocabSize = checkInteger(where, "vocabSize", vocabSize, { min: 2 });
    this.window = checkInteger(where, "window", config.window, { min: 1 });
    checkInteger(where, "embeddingSize", embeddingSize, { min: 1 });
    checkInteger(where, "hiddenSize", hiddenSize, { min: 1 });
    this.#dropout = checkNumber(where, "dropout", config.dropout ?? 0, { min: 0, max: 1 });
    for (const [name, id] of Object.entries({ beginId, endId })) {
      if (id !== undefined) checkInteger(where, name, id, { min: 0, max: vocabSize - 1 });
    }
    this.config = { ...config };
    this.beginId = beginId ?? endId ?? 0;
    this.endId = endId;
    const width = this.window * embeddingSize;
    this.#embedding = uniformVariable([vocabSize, embeddingSize], 0.1, rng);
    this.#weight = newVariable(xavierUniform()(hiddenSize, width, rng), [hiddenSize, width]);
    this.#bias = zeroVariable([hiddenSize]);
    const output = config.output ?? { kind: "softmax" };
    this.#output = createOutput(output, hiddenSize, vocabSize, rng, undefined);
    this.parameters = new Map([
      ["embedding.weight", this.#embedding],
      ["hidden.weight", this.#weight],
      ["hidden.bias", this.#bias],
      ...prefixed("output", this.#output.parameters),
    ]);
  }

  /** Next-token loss of a batch: every id but the first of a row is a target. */
  loss(batch: SequenceBatch, context: LossContext): Loss<tf.Tensor> {
    if (context.training && context.rng === undefined) {
      throw new OptionError(`${where}.loss: training needs rng for dropout and sampling.`, {
        code: "MISSING_OPTION",
        details: { option: "rng" },
      });
    }
    const next = nextTokenBatch(batch);
    const given = context.state as WindowState | undefined;
    const carried = given && Int32Array.from(given.history.dataSync());
    const { window } = this;
    const all = historiesOf(next.inputs, next.batchSize, next.time, window, carried);
    const { mean, history } = tf.tidy(() => {
      const { training, rng } = context;
      const hidden = this.hidden(pick(all, next.positions, window), next.positions.length);
      const x = dropoutIn({ training, ...(rng && { rng }) }, hidden, this.#dropout);
      const last = next.lengths.map((length, row) => row * next.time + length - 1);
      return {
        mean: this.#output.loss(x, next.targets, { training, rng }),
        history: tf.tensor2d(Float32Array.from(pick(all, last, window)), [next.batchSize, window]),
      };
    });
    return { mean, targets: next.targets.length, state: { history } };
  }

  /**
   * The hidden layer for contexts; inside the caller's `tf.tidy`.
   *
   * @param contexts - `[rows, window]`, the newest id last, -1 where there is none.
   * @returns `[rows, hiddenSize]`
   */
  hidden(contexts: Int32Array, rows: number): tf.Tensor {
    const ids = tf.tensor2d(
      contexts.map((id) => (id < 0 ? this.beginId : id)),
      [rows, this.window],
      "int32",
    );
    const embedded = embedding(this.#embedding, ids); // [rows, window, embeddingSize]
    return tf.tanh(linear(tf.reshape(embedded, [rows, -1]), this.#weight, this.#bias));
  }

  /** log P of all ids after contexts, `[rows, vocabSize]`; inside the caller's `tf.tidy`. */
  logProbsOf(contexts: Int32Array, rows: number): tf.Tensor {
    return this.#output.logProbs(this.hidden(contexts, rows));
  }

  stream(rows = 1): LanguageModelStream {
    return new WindowStream(this, rows);
  }

  score(
    sequences: readonly ArrayLike<number>[],
    { end = true }: ScoreOptions = {},
  ): SequenceScore[] {
    const tail = end && this.endId !== undefined ? [this.endId] : [];
    const rows = sequences.map((given) => {
      for (let t = 0; t < given.length; t++) checkId("score", given[t]!, this);
      return Int32Array.from([...Array.from(given), ...tail]);
    });
    const tokens = rows.reduce((sum, { length }) => sum + length, 0);
    const targets = new Int32Array(tokens);
    const contexts = new Int32Array(tokens * this.window);
    let at = 0;
    for (const row of rows) {
      const inputs = Int32Array.from([this.beginId, ...row.subarray(0, -1)]).subarray(
        0,
        row.length,
      );
      targets.set(row, at);
      contexts.set(historiesOf(inputs, 1, row.length, this.window, undefined), at * this.window);
      at += row.length;
    }
    const found = this.#scoreContexts(contexts, targets);
    at = 0;
    return rows.map(({ length }) => {
      const logProbs = Float64Array.from(found.subarray(at, (at += length)));
      return { logProbs, logProb: logProbs.reduce((a, b) => a + b, 0), unknown: 0 };
    });
  }

  /** log P of each target after its context: no context needs another, so they go in chunks of any sequences. */
  #scoreContexts(contexts: Int32Array, targets: Int32Array): Float32Array {
    const logProbs = new Float32Array(targets.length);
    const chunk = 512;
    for (let t = 0; t < targets.length; t += chunk) {
      const part = targets.slice(t, t + chunk);
      const near = contexts.subarray(t * this.window, (t + part.length) * this.window);
      const found = tf.tidy(() =>
        this.#output.targetLogProbs(this.hidden(near, part.length), part),
      );
      logProbs.set(found.dataSync(), t);
      found.dispose();
    }
    return logProbs;
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Rows of width `width` by number. */
function pick(rows: Int32Array, numbers: Int32Array, width: number): Int32Array {
  const picked = new Int32Array(numbers.length * width);
  numbers.forEach((row, i) => {
    picked.set(rows.subarray(row * width, (row + 1) * width), i * width);
  });
  return picked;
}
