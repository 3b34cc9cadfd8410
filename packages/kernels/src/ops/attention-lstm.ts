import { checkOneOf, checkOptions } from "@seq/core";
import { concat, reshape, slice, stack, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { attention } from "./attention.ts";
import { checkFloat, checkLengths, checkShape } from "./check.ts";
import { hasKernel } from "./dispatch.ts";
import { lstmStep } from "./lstm.ts";
import { presentWeights, recordSequence } from "./record-sequence.ts";
import type { LstmState, RecurrentWeights } from "./recurrent.types.ts";

export interface AttentionLstmOptions {
  /** True number of keys of each row; the weight of the others is exactly 0. */
  readonly lengths?: Int32Array;
  /** Default "dot". */
  readonly score?: "dot" | "scaled";
}

export interface AttentionLstmResult {
  /** `[B, T, H]` */
  readonly outputs: Tensor;
  /** `[B, T, H]`: what attention read before each step. */
  readonly contexts: Tensor;
  /** `[B, T, S]`, rows sum to 1. */
  readonly attentionWeights: Tensor;
  /** After the last step. */
  readonly state: LstmState;
}

const kernels = {
  forward: "SeqAttentionLstm",
  backward: "SeqAttentionLstmGradient",
  results: ["", "", "", "", "attentionWeights"],
  reserved: ["gates", "cells", "joined"],
  gradients: ["dOutputs", "dh", "dc", "dContexts", "dAttentionWeights"],
  order: ["x", "h", "c", "keys", "weightIh", "weightHh", "biasIh", "biasHh"],
} as const;

/**
 * An attention decoder over known inputs (teacher forcing): for each step t
 *
 *   α_t = softmax_s(h_{t-1} · k_s)   context_t = Σ_s α_ts k_s
 *   h_t, c_t = LSTM([x_t; context_t], h_{t-1}, c_{t-1})
 *
 * One op, so that the gradients of its weights are single products over all steps. Keys are the values too
 * and have the size of h. Attention with h_{t-1}: Bahdanau et al. 2015, eqs. 5-6; the dot score: Luong et
 * al. 2015, eq. 8 ("scaled" divides it by √H).
 *
 * @param x - `[B, T, E]`, float32: the previous target words' embeddings.
 * @param state - `h`, `c`: `[B, H]` before the first step.
 * @param keys - `[B, S, H]`: the encoder's states.
 * @param weights - as for `lstmSequence` with In = E + H: `weightIh` `[4H, E + H]` meets `[x; context]`.
 * @returns outputs, contexts, attentionWeights and the final state; the caller disposes them.
 * @throws {ShapeError} when sizes contradict each other.
 * @throws {OptionError} for an unknown option or a length outside 1..S.
 */
export function attentionLstmSequence(
  x: Tensor,
  state: LstmState,
  keys: Tensor,
  weights: RecurrentWeights,
  options: AttentionLstmOptions = {},
): AttentionLstmResult {
  const where = "attentionLstmSequence";
  checkOptions(where, options, ["lengths", "score"]);
  const score = checkOneOf(where, "score", options.score ?? "dot", ["dot", "scaled"]);
  checkShape(where, "x", x, ["batch", "time", "in"]);
  checkFloat(where, "x", x);
  const [batch, , embeddingSize] = x.shape as [number, number, number];
  checkShape(where, "state.h", state.h, [batch, "hidden"]);
  const size = state.h.shape[1] as number;
  checkShape(where, "state.c", state.c, [batch, size]);
  checkShape(where, "keys", keys, [batch, "sources", size]);
  const sources = keys.shape[1] as number;
  checkShape(where, "weightIh", weights.weightIh, [4 * size, embeddingSize + size]);
  checkShape(where, "weightHh", weights.weightHh, [4 * size, size]);
  if (weights.biasIh) checkShape(where, "biasIh", weights.biasIh, [4 * size]);
  if (weights.biasHh) checkShape(where, "biasHh", weights.biasHh, [4 * size]);
  checkLengths(where, options.lengths, batch, sources);

  if (!hasKernel(kernels.forward)) return compose(x, state, keys, weights, options);
  const [outputs, h, c, contexts, attentionWeights] = recordSequence(
    kernels,
    { x, h: state.h, c: state.c, keys, ...presentWeights(weights) },
    {
      lengths: (options.lengths ?? null) as unknown as number[],
      scale: score === "dot" ? 1 : 1 / Math.sqrt(size),
    },
  ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  return { outputs, contexts, attentionWeights, state: { h, c } };
}

/** The same by single steps, on backends that have no kernel for it. */
function compose(
  x: Tensor,
  initial: LstmState,
  keys: Tensor,
  weights: RecurrentWeights,
  options: AttentionLstmOptions,
): AttentionLstmResult {
  const [batch, time, embeddingSize] = x.shape as [number, number, number];
  const { outputs, contexts, attentionWeights, h, c } = tidy(() => {
    const steps: { h: Tensor; context: Tensor; attentionWeights: Tensor }[] = [];
    let state = initial;
    for (let t = 0; t < time; t++) {
      const asked = attention(state.h, keys, keys, options);
      const xt = reshape(slice(x, [0, t, 0], [batch, 1, embeddingSize]), [batch, embeddingSize]);
      state = lstmStep(concat([xt, asked.context], 1), state, weights);
      steps.push({ h: state.h, ...asked });
    }
    return {
      outputs: stack(
        steps.map((step) => step.h),
        1,
      ),
      contexts: stack(
        steps.map((step) => step.context),
        1,
      ),
      attentionWeights: stack(
        steps.map((step) => step.attentionWeights),
        1,
      ),
      h: state.h.clone(),
      c: state.c.clone(),
    };
  });
  return { outputs, contexts, attentionWeights, state: { h, c } };
}
