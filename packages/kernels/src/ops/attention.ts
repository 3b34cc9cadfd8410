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
import { hasKernel, runKernel } from "./dispatch.ts";
import { additiveAttentionKernel, dotAttentionKernel } from "./kernel-names.ts";
import { linear } from "./linear.ts";

export type AttentionScore = "dot" | "scaled" | "general" | "additive";

/** What the score needs: `weight` for "general", the others for "additive". */
export interface AttentionWeights {
  /** general: `[D, Dk]` */
  readonly weight?: Tensor;
  /** additive: `[A, D]` */
  readonly queryWeight?: Tensor;
  /** additive: `[A, Dk]`; without it the keys are projected already, `[batch, time, A]`. */
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
    const lengths = options.lengths ?? null;
    const scored = scoredInputs(queries, keys, score, options.weights ?? {});
    const [context, attentionWeights] = hasKernel(dotAttentionKernel)
      ? fused(scored, values, lengths)
      : composed(scored, values, lengths);
    if (!single) return { context, attentionWeights };
    return { context: squeeze(context, [1]), attentionWeights: squeeze(attentionWeights, [1]) };
  });
}

/** Queries `[batch, Q, S]` and keys `[batch, time, S]` after their projections, and how they are scored. */
interface Scored {
  readonly query: Tensor;
  readonly keys: Tensor;
  /** Of the products q·k. */
  readonly scale: number;
  /** `[S]`: additive scores, u·tanh(q + k), in place of products. */
  readonly scoreWeight?: Tensor;
}

function scoredInputs(
  queries: Tensor,
  keys: Tensor,
  score: AttentionScore,
  weights: AttentionWeights,
): Scored {
  const [batch, count, size] = queries.shape as [number, number, number];
  const [, time, keySize] = keys.shape as [number, number, number];
  switch (score) {
    case "dot":
    case "scaled":
      checkShape("attention", "keys", keys, [batch, time, size]);
      return { query: queries, keys, scale: score === "dot" ? 1 : 1 / Math.sqrt(size) };
    case "general": {
      const weight = required(weights.weight, "weight", score);
      checkShape("attention", "weights.weight", weight, [size, keySize]);
      const mapped = reshape(matMul(reshape(queries, [-1, size]), weight), [batch, count, keySize]);
      return { query: mapped, keys, scale: 1 };
    }
    case "additive": {
      const queryWeight = required(weights.queryWeight, "queryWeight", score);
      const scoreWeight = required(weights.scoreWeight, "scoreWeight", score);
      const attentionSize = scoreWeight.size;
      checkShape("attention", "weights.scoreWeight", scoreWeight, ["A"]);
      checkShape("attention", "weights.queryWeight", queryWeight, [attentionSize, size]);
      const fromKeys = weights.keyWeight ? linear(keys, weights.keyWeight) : keys;
      checkShape("attention", "projected keys", fromKeys, [batch, time, attentionSize]);
      const fromQuery = linear(queries, queryWeight, weights.bias);
      return { query: fromQuery, keys: fromKeys, scale: 1, scoreWeight };
    }
  }
}

function fused(scored: Scored, values: Tensor, lengths: Int32Array | null): [Tensor, Tensor] {
  const { query, keys, scale, scoreWeight } = scored;
  const inputs = { query, keys, values };
  const outputs = scoreWeight
    ? runKernel(additiveAttentionKernel, { ...inputs, scoreWeight }, { scale, lengths } as never)
    : runKernel(dotAttentionKernel, inputs, { scale, lengths } as never);
  return outputs as [Tensor, Tensor];
}

function composed(
  { query, keys, scale, scoreWeight }: Scored,
  values: Tensor,
  lengths: Int32Array | null,
): [Tensor, Tensor] {
  const scores = scoreWeight
    ? sum(mul(tanh(add(expandDims(query, 2), expandDims(keys, 1))), scoreWeight), 3)
    : mul(matMul(query, keys, false, true), scale);
  const masked = lengths ? add(scores, padBias(lengths, keys.shape[1] as number)) : scores;
  const attentionWeights = softmax(masked); // [batch, Q, time]
  return [matMul(attentionWeights, values), attentionWeights];
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
