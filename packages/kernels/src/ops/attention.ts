import { checkOneOf, checkOptions, OptionError } from "@seq/core";
import {
  add,
  expandDims,
  matMul,
  mul,
  reshape,
  softmax,
  squeeze,
  sum,
  type Tensor,
  tanh,
  tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { checkFloat, checkLengths, checkShape } from "./check.ts";
import { linear } from "./linear.ts";

export type AttentionScore = "dot" | "scaled" | "general" | "additive";

/** What the score needs: `weight` for "general", the others for "additive". */
export interface AttentionWeights {
  /** general: `[D, Dk]` */
  readonly weight?: Tensor;
  /** additive: `[A, D]` */
  readonly queryWeight?: Tensor;
  /** additive: `[A, Dk]` */
  readonly keyWeight?: Tensor;
  /** additive: `[A]` */
  readonly bias?: Tensor | null;
  /** additive: `[A]` */
  readonly scoreWeight?: Tensor;
}

export interface AttentionOptions {
  /** True number of keys of each row; the weight of the others is exactly 0. */
  readonly lengths?: Int32Array;
  /** Default "dot". */
  readonly score?: AttentionScore;
  readonly weights?: AttentionWeights;
}

/**
 * Attention: weights α = softmax over keys of score(query, key), context = Σ α value.
 *
 *   dot       q·k                      (Luong et al. 2015, eq. 8)
 *   scaled    q·k / √D                 (Vaswani et al. 2017, eq. 1)
 *   general   qᵀ W k                   (Luong et al. 2015, eq. 8)
 *   additive  v·tanh(W q + U k + b)    (Bahdanau et al. 2015, appendix A.1.2)
 *
 * @param query - `[batch, D]` or `[batch, Q, D]`.
 * @param keys - `[batch, time, Dk]`.
 * @param values - `[batch, time, Dv]`.
 * @returns context `[batch, (Q,) Dv]` and attentionWeights `[batch, (Q,) time]`.
 */
export function attention(
  query: Tensor,
  keys: Tensor,
  values: Tensor,
  options: AttentionOptions = {},
): { context: Tensor; attentionWeights: Tensor } {
  checkOptions("attention", options, ["lengths", "score", "weights"]);
  const score = checkOneOf("attention", "score", options.score ?? "dot", [
    "dot",
    "scaled",
    "general",
    "additive",
  ]);
  checkShape("attention", "keys", keys, ["batch", "time", "Dk"]);
  checkFloat("attention", "query", query);
  const [batch, time] = keys.shape as [number, number];
  checkShape("attention", "values", values, [batch, time, "Dv"]);
  const single = query.shape.length === 2;
  checkShape("attention", "query", query, single ? [batch, "D"] : [batch, "Q", "D"]);
  checkLengths("attention", options.lengths, batch, time);

  return tidy(() => {
    const queries = single ? expandDims(query, 1) : query; // [batch, Q, D]
    const scores = scoresOf(queries, keys, score, options.weights ?? {}); // [batch, Q, time]
    const masked = options.lengths ? add(scores, padBias(options.lengths, time)) : scores;
    const attentionWeights = softmax(masked);
    const context = matMul(attentionWeights, values);
    return single
      ? { context: squeeze(context, [1]), attentionWeights: squeeze(attentionWeights, [1]) }
      : { context, attentionWeights };
  });
}

function scoresOf(
  queries: Tensor,
  keys: Tensor,
  score: AttentionScore,
  weights: AttentionWeights,
): Tensor {
  const [batch, count, size] = queries.shape as [number, number, number];
  const [, time, keySize] = keys.shape as [number, number, number];
  switch (score) {
    case "dot":
    case "scaled": {
      checkShape("attention", "keys", keys, [batch, time, size]);
      const products = matMul(queries, keys, false, true);
      return score === "dot" ? products : mul(products, 1 / Math.sqrt(size));
    }
    case "general": {
      const weight = required(weights.weight, "weight", score);
      checkShape("attention", "weights.weight", weight, [size, keySize]);
      const mapped = reshape(matMul(reshape(queries, [-1, size]), weight), [batch, count, keySize]);
      return matMul(mapped, keys, false, true);
    }
    case "additive": {
      const queryWeight = required(weights.queryWeight, "queryWeight", score);
      const keyWeight = required(weights.keyWeight, "keyWeight", score);
      const scoreWeight = required(weights.scoreWeight, "scoreWeight", score);
      const fromQuery = expandDims(linear(queries, queryWeight, weights.bias), 2);
      const fromKey = expandDims(linear(keys, keyWeight), 1);
      return sum(mul(tanh(add(fromQuery, fromKey)), scoreWeight), 3);
    }
  }
}

/** `[batch, 1, time]`: 0 for true keys, -Infinity for pads. */
function padBias(lengths: Int32Array, time: number): Tensor {
  const bias = new Float32Array(lengths.length * time);
  lengths.forEach((length, row) => {
    bias.fill(-Infinity, row * time + length, (row + 1) * time);
  });
  return tensor(bias, [lengths.length, 1, time]);
}

function required(tensor: Tensor | undefined, name: string, score: AttentionScore): Tensor {
  if (tensor === undefined) {
    throw new OptionError(`attention: score "${score}" needs weights.${name}.`, {
      code: "MISSING_OPTION",
      details: { option: `weights.${name}` },
    });
  }
  return tensor;
}
