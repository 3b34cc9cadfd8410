/**
 * The decoder: at step i it attends over the encoder's outputs with its state h_{i-1}, and reads the
 * previous target piece beside the context.
 *
 *   α_i = softmax_j score(h_{i-1}, h^e_j)    c_i = Σ_j α_ij h^e_j
 *   h_i = g([E y_{i-1}; c_i], h_{i-1})       p(y_i) = softmax(W [h_i; c_i] + b)
 *
 * g is any recurrent cell. Cost per target step: O(source time * width + cell).
 *
 * @see Bahdanau et al. 2015, section 3.1; the scores: Luong et al. 2015, eq. 8.
 */
import { newVariable, normalInitializer, xavierUniform } from "@seq/cells";
import type { Rng, SequenceBatch } from "@seq/core";
import { attention, attentionLstmSequence, linear } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { createCell, type RecurrentCell, type RecurrentState } from "../recurrent-cell.ts";
import { dropoutIn, embedIds, type Mode } from "../tensors.ts";
import { type EncoderDecoderConfig, encoderOutputSize } from "./config.ts";
import type { Encoded } from "./encoder.ts";

/** What one step gives. Shapes: `[batch, ...]`. (Types, not interfaces: `tf.tidy` returns only those.) */
export type DecoderStep = {
  readonly state: RecurrentState;
  /** `[batch, encoderOutputSize]` */
  readonly context: tf.Tensor;
  /** `[batch, source time]` */
  readonly attentionWeights: tf.Tensor;
};

/** A teacher-forced pass over whole targets. The caller disposes the tensors. */
export type DecoderRun = {
  /** h_1 .. h_T: `[batch, time, decoderHiddenSize]` */
  readonly hiddenStates: tf.Tensor;
  /** c_1 .. c_T: `[batch, time, encoderOutputSize]` */
  readonly contexts: tf.Tensor;
  /** `[batch, time, source time]` */
  readonly attentionWeights: tf.Tensor;
};

export class AttentionDecoder {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #config: EncoderDecoderConfig;
  readonly #cell: RecurrentCell;

  constructor(config: EncoderDecoderConfig, rng: Rng) {
    this.#config = config;
    const { embeddingSize, decoderHiddenSize } = config;
    const contextSize = encoderOutputSize(config);
    this.#cell = createCell(config.cell, embeddingSize + contextSize, decoderHiddenSize, rng);
    this.parameters = createParameters(config, this.#cell, rng);
  }

  /** The state before the first step: the encoder's last, through a bridge when the widths differ. */
  initialState({ state }: Encoded): RecurrentState {
    return tf.tidy(() => {
      const h = this.#bridge("h", state.h);
      return state.c === undefined ? { h } : { h, c: this.#bridge("c", state.c) };
    });
  }

  /**
   * Reads gold targets (teacher forcing).
   *
   * @param inputs - y_0 .. y_{T-1}, beginning with the begin symbol.
   */
  run(encoded: Encoded, inputs: SequenceBatch, mode: Mode): DecoderRun {
    return tf.tidy(() => {
      const embedded = dropoutIn(
        mode,
        embedIds(this.#parameter("embedding.weight"), inputs.ids, inputs),
        this.#config.dropout,
      );
      const initial = this.initialState(encoded);
      return (
        this.#runFused(embedded, initial, encoded) ?? this.#runSteps(embedded, initial, encoded)
      );
    });
  }

  /** All steps in one op, where there is one: LSTM with dot scores. Same numbers as `#runSteps`. */
  #runFused(
    embedded: tf.Tensor,
    { h, c }: RecurrentState,
    { outputs: keys, lengths }: Encoded,
  ): DecoderRun | undefined {
    const { attentionScore: score } = this.#config;
    if (c === undefined || (score !== "dot" && score !== "scaled")) return undefined;
    const weights = {
      weightIh: this.#parameter("cell.weight_ih"),
      weightHh: this.#parameter("cell.weight_hh"),
      biasIh: this.#parameter("cell.bias_ih"),
      biasHh: this.#parameter("cell.bias_hh"),
    };
    const run = attentionLstmSequence(embedded, { h, c }, keys, weights, { lengths, score });
    const { outputs: hiddenStates, contexts, attentionWeights } = run;
    return { hiddenStates, contexts, attentionWeights };
  }

  #runSteps(embedded: tf.Tensor, initial: RecurrentState, encoded: Encoded): DecoderRun {
    const steps: DecoderStep[] = [];
    let state = initial;
    for (const piece of tf.unstack(embedded, 1)) {
      const step = this.#step(piece, state, encoded.outputs, encoded.lengths);
      steps.push(step);
      state = step.state;
    }
    const over = (pick: (step: DecoderStep) => tf.Tensor) => tf.stack(steps.map(pick), 1);
    return {
      hiddenStates: over((step) => step.state.h),
      contexts: over((step) => step.context),
      attentionWeights: over((step) => step.attentionWeights),
    };
  }

  /**
   * One step from given ids, for generation.
   *
   * @param ids - the previous piece of each row.
   * @param keys - `[batch, source time, encoderOutputSize]`
   */
  step(ids: Int32Array, state: RecurrentState, keys: tf.Tensor, lengths: Int32Array): DecoderStep {
    return tf.tidy(() => {
      const shape = { batchSize: ids.length, time: 1 };
      const piece = embedIds(this.#parameter("embedding.weight"), ids, shape);
      return this.#step(tf.squeeze(piece, [1]), state, keys, lengths);
    });
  }

  /** What the output layer reads: `[.., decoderHiddenSize]`, with the context beside it if asked for. */
  features(hidden: tf.Tensor, context: tf.Tensor): tf.Tensor {
    return this.#config.outputContext ? tf.concat([hidden, context], -1) : hidden;
  }

  get outputWeight(): tf.Variable {
    return this.#parameter("output.weight");
  }

  get outputBias(): tf.Variable {
    return this.#parameter("output.bias");
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }

  #step(
    piece: tf.Tensor,
    state: RecurrentState,
    keys: tf.Tensor,
    lengths: Int32Array,
  ): DecoderStep {
    const { context, attentionWeights } = attention(state.h, keys, keys, {
      lengths,
      score: this.#config.attentionScore,
      weights: this.#scoreWeights(),
    });
    const x = tf.concat([piece, context], 1); // [batch, embeddingSize + contextSize]
    const next: RecurrentState = this.#cell.step(x, state as never);
    return { state: next, context, attentionWeights };
  }

  #scoreWeights() {
    switch (this.#config.attentionScore) {
      case "general":
        return { weight: this.#parameter("attention.weight") };
      case "additive":
        return {
          queryWeight: this.#parameter("attention.query_weight"),
          keyWeight: this.#parameter("attention.key_weight"),
          scoreWeight: this.#parameter("attention.score_weight"),
        };
      default:
        return {};
    }
  }

  #bridge(name: "h" | "c", value: tf.Tensor): tf.Tensor {
    const weight = this.parameters.get(`bridge.${name}.weight`);
    if (weight === undefined) return value.clone();
    const mapped = linear(value, weight, this.#parameter(`bridge.${name}.bias`));
    return name === "h" ? tf.tanh(mapped) : mapped;
  }

  #parameter(name: string): tf.Variable {
    return this.parameters.get(name) as tf.Variable;
  }
}

function createParameters(
  config: EncoderDecoderConfig,
  cell: RecurrentCell,
  rng: Rng,
): Map<string, tf.Variable> {
  const { embeddingSize, decoderHiddenSize, targetVocabSize, attentionScore } = config;
  const contextSize = encoderOutputSize(config);
  const parameters = new Map<string, tf.Variable>();
  const matrix = (name: string, rows: number, columns: number, initial = xavierUniform()) => {
    parameters.set(name, newVariable(initial(rows, columns, rng), [rows, columns]));
  };
  const vector = (name: string, size: number, values: Float32Array = new Float32Array(size)) => {
    parameters.set(name, newVariable(values, [size]));
  };

  const embeddings = normalInitializer(1 / Math.sqrt(embeddingSize));
  matrix("embedding.weight", targetVocabSize, embeddingSize, embeddings);
  for (const [name, value] of cell.parameters) parameters.set(`cell.${name}`, value);
  if (attentionScore === "general") matrix("attention.weight", decoderHiddenSize, contextSize);
  if (attentionScore === "additive") {
    // The width of the comparison is a choice of its own in the paper; half the state is customary.
    const width = Math.max(1, decoderHiddenSize >> 1);
    matrix("attention.query_weight", width, decoderHiddenSize);
    matrix("attention.key_weight", width, contextSize);
    vector("attention.score_weight", width, xavierUniform()(width, 1, rng));
  }
  if (decoderHiddenSize !== contextSize) {
    for (const name of config.cell === "lstm" ? ["h", "c"] : ["h"]) {
      matrix(`bridge.${name}.weight`, decoderHiddenSize, contextSize);
      vector(`bridge.${name}.bias`, decoderHiddenSize);
    }
  }
  const featureSize = decoderHiddenSize + (config.outputContext ? contextSize : 0);
  matrix("output.weight", targetVocabSize, featureSize);
  vector("output.bias", targetVocabSize);
  return parameters;
}
