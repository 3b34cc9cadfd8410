/**
 * Attention of a decoder over the states of an encoder, with its weights.
 *
 * Which decoder state asks is the decoder's business: Bahdanau et al. score with the state before the
 * step, h_{i-1}, Luong et al. with the one after it, h_i.
 */
import { checkInteger, checkOneOf, checkOptions, OptionError, type Rng } from "@seq/core";
import { type AttentionWeights, attention, linear } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { newVariable } from "./cells/parameters.ts";
import { checkBoolean, checkLengths, checkTensor } from "./check.ts";
import { type Initializer, xavierUniform } from "./initializers.ts";
import {
  type LoadStateDictOptions,
  loadParameters,
  parametersToStateDict,
  type StateDict,
  type WritableStateDict,
} from "./torch-weights/state-dict.ts";

export const attentionScoreNames = ["dot", "scaled", "general", "additive", "concat"] as const;

export type AttentionScoreName = (typeof attentionScoreNames)[number];

export interface AttentionModuleOptions {
  readonly score: AttentionScoreName;
  readonly querySize: number;
  readonly keySize: number;
  /** Size of the hidden layer of "additive" and "concat"; default keySize. */
  readonly attentionSize?: number;
  /** A bias inside the tanh of "additive"; default true. */
  readonly bias?: boolean;
  /** Draws the initial weights; "dot" and "scaled" have none. */
  readonly rng: Rng;
  /** Default `xavierUniform()`. */
  readonly initializer?: Initializer;
}

export interface AttendOptions {
  /** `[batch, time, valueSize]`; default the keys. */
  readonly values?: tf.Tensor;
  /** True number of keys of each row; the weight of the others is exactly 0. */
  readonly lengths?: ArrayLike<number>;
}

/**
 * Weights α = softmax over the keys of score(q, k); context c = Σ α v.
 *
 *   dot       q · k                      Luong et al. 2015, eq. 8
 *   scaled    q · k / √d                 Vaswani et al. 2017, eq. 1
 *   general   qᵀ W k                     Luong et al. 2015, eq. 8; `weight` `[query, key]`
 *   additive  v · tanh(W q + U k + b)    Bahdanau et al. 2015, A.1.2; `query_weight`, `key_weight`, `bias`, `score_weight`
 *   concat    v · tanh(W [q; k])         Luong et al. 2015, eq. 8; `weight` `[attention, query + key]`, `score_weight`
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`, `SIZES_DIFFER` for "dot" and "scaled"
 * @example
 * const attention = new Attention({ score: "additive", querySize: 8, keySize: 16, rng });
 * const { context, attentionWeights } = attention.attend(query, keys, { lengths });
 */
export class Attention {
  readonly score: AttentionScoreName;
  readonly querySize: number;
  readonly keySize: number;
  /** Trainable; owned by this object. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;

  constructor(options: AttentionModuleOptions) {
    const where = "Attention";
    const sizes = ["querySize", "keySize", "attentionSize"];
    checkOptions(where, options, ["score", ...sizes, "bias", "rng", "initializer"]);
    this.score = checkOneOf(where, "score", options.score, attentionScoreNames);
    this.querySize = checkInteger(where, "querySize", options.querySize, { min: 1 });
    this.keySize = checkInteger(where, "keySize", options.keySize, { min: 1 });
    if ((this.score === "dot" || this.score === "scaled") && this.querySize !== this.keySize) {
      throw new OptionError(
        `${where}: querySize is ${this.querySize}, expected keySize ${this.keySize} for score "${this.score}"; take "general".`,
        { code: "SIZES_DIFFER" },
      );
    }
    this.parameters = this.#createParameters(options);
  }

  /**
   * @param query - `[batch, querySize]` or `[batch, queries, querySize]`; not disposed.
   * @param keys - `[batch, time, keySize]`; not disposed.
   * @returns `context` `[batch, (queries,) valueSize]`, `attentionWeights` `[batch, (queries,) time]`;
   *   the caller disposes both.
   * @throws {ShapeError} `SHAPE_MISMATCH`, `LENGTHS`
   */
  attend(
    query: tf.Tensor,
    keys: tf.Tensor,
    options: AttendOptions = {},
  ): { context: tf.Tensor; attentionWeights: tf.Tensor } {
    const where = "Attention.attend";
    checkOptions(where, options, ["values", "lengths"]);
    const { batch, time } = this.#check(where, query, keys);
    const { values = keys } = options;
    checkTensor(where, "values", values, [batch, time, "valueSize"]);
    const masked =
      options.lengths === undefined
        ? {}
        : { lengths: checkLengths(where, options.lengths, batch, time) };
    const score = this.score === "concat" ? "additive" : this.score;
    return tf.tidy(() =>
      attention(query, keys, values, { score, weights: this.#weights(), ...masked }),
    );
  }

  /** The scores before mask and softmax, `[batch, (queries,) time]`; the caller disposes them. */
  scores(query: tf.Tensor, keys: tf.Tensor): tf.Tensor {
    this.#check("Attention.scores", query, keys);
    return tf.tidy(() => {
      const queries = query.rank === 2 ? tf.expandDims(query, 1) : query; // [batch, queries, querySize]
      const scores = this.#scores(queries, keys);
      return query.rank === 2 ? tf.squeeze(scores, [1]) : scores;
    });
  }

  stateDict(prefix = ""): WritableStateDict {
    return parametersToStateDict(this.parameters, prefix);
  }

  /** @throws {FormatError} `STATE_DICT` */
  loadStateDict(stateDict: StateDict, options: LoadStateDictOptions = {}): void {
    loadParameters("Attention.loadStateDict", this.parameters, stateDict, options);
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #createParameters(options: AttentionModuleOptions): Map<string, tf.Variable> {
    const { rng, initializer = xavierUniform(), attentionSize = this.keySize } = options;
    checkInteger("Attention", "attentionSize", attentionSize, { min: 1 });
    const bias = checkBoolean("Attention", "bias", options.bias ?? true);
    const { querySize, keySize } = this;
    const parameters = new Map<string, tf.Variable>();
    const draw = (name: string, rows: number, columns: number) =>
      parameters.set(name, newVariable(initializer(rows, columns, rng), [rows, columns]));
    const drawVector = (name: string) =>
      parameters.set(name, newVariable(initializer(1, attentionSize, rng), [attentionSize]));
    if (this.score === "general") draw("weight", querySize, keySize);
    if (this.score === "concat") draw("weight", attentionSize, querySize + keySize);
    if (this.score === "additive") {
      draw("query_weight", attentionSize, querySize);
      draw("key_weight", attentionSize, keySize);
      if (bias)
        parameters.set("bias", newVariable(new Float32Array(attentionSize), [attentionSize]));
    }
    if (this.score === "additive" || this.score === "concat") drawVector("score_weight");
    return parameters;
  }

  /** What the op needs; W of "concat" is [W of the query, U of the key]. Inside the caller's tidy. */
  #weights(): AttentionWeights {
    const get = (name: string) => this.parameters.get(name) as tf.Tensor;
    switch (this.score) {
      case "dot":
      case "scaled":
        return {};
      case "general":
        return { weight: get("weight") };
      case "additive":
        return {
          queryWeight: get("query_weight"),
          keyWeight: get("key_weight"),
          bias: this.parameters.get("bias") ?? null,
          scoreWeight: get("score_weight"),
        };
      case "concat": {
        const parts = tf.split(get("weight"), [this.querySize, this.keySize], 1);
        const [queryWeight, keyWeight] = parts as [tf.Tensor, tf.Tensor];
        return { queryWeight, keyWeight, scoreWeight: get("score_weight") };
      }
    }
  }

  #scores(queries: tf.Tensor, keys: tf.Tensor): tf.Tensor {
    const { weight, queryWeight, keyWeight, bias, scoreWeight } = this.#weights();
    if (queryWeight !== undefined && keyWeight !== undefined && scoreWeight !== undefined) {
      const fromQuery = tf.expandDims(linear(queries, queryWeight, bias), 2);
      const fromKey = tf.expandDims(linear(keys, keyWeight), 1);
      return tf.sum(tf.mul(tf.tanh(tf.add(fromQuery, fromKey)), scoreWeight), 3);
    }
    const mapped = weight === undefined ? queries : linear(queries, tf.transpose(weight));
    const products = tf.matMul(mapped, keys, false, true);
    return this.score === "scaled" ? tf.div(products, Math.sqrt(this.querySize)) : products;
  }

  #check(where: string, query: tf.Tensor, keys: tf.Tensor): { batch: number; time: number } {
    checkTensor(where, "keys", keys, ["batch", "time", this.keySize], "keySize");
    const [batch, time] = keys.shape as [number, number];
    const single = query.rank === 2;
    const expected = single ? [batch, this.querySize] : [batch, "queries", this.querySize];
    checkTensor(where, "query", query, expected, "querySize");
    return { batch, time };
  }
}
