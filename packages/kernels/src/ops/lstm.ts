import { checkOptions } from "@seq/core";
import { add, mul, reshape, sigmoid, split, type Tensor, tanh, tidy } from "@tensorflow/tfjs-core";
import { checkFloat, checkLengths, checkShape } from "./check.ts";
import { hasKernel, isRecording, runKernel } from "./dispatch.ts";
import { linear } from "./linear.ts";
import { presentWeights, recordSequence, sequenceAttributes } from "./record-sequence.ts";
import type { LstmState, LstmWeights, SequenceOptions } from "./recurrent.types.ts";
import { unrollSteps } from "./unroll.ts";

const lstmKernels = {
  forward: "SeqLstm",
  backward: "SeqLstmGradient",
  results: ["outputs", "", ""],
  reserved: ["gates", "cells", "hidden"],
  gradients: ["dOutputs", "dh", "dc"],
  order: ["x", "h", "c", "weightIh", "weightHh", "biasIh", "biasHh", "weightHr"],
} as const;

/**
 * A long short-term memory layer over a padded batch, as torch.nn.LSTM (one layer, one direction).
 *
 *   i = σ(Wi x + Ui h + bi)   f = σ(Wf x + Uf h + bf)   g = tanh(Wg x + Ug h + bg)
 *   o = σ(Wo x + Uo h + bo)   c' = f ⊙ c + i ⊙ g        h' = o ⊙ tanh(c')   (then h' = R h' with a projection)
 *
 * Packed gate order i, f, g, o.
 *
 * @param x - `[B, T, In]`, float32.
 * @param state - the state before each row's first step: `h` `[B, Out]`, `c` `[B, H]`.
 * @returns outputs `[B, T, Out]`, zero beyond lengths; the state at each row's true end (at its step 0 when
 *   reversed). The caller disposes them.
 * @throws {ShapeError} when sizes contradict each other.
 * @throws {OptionError} for an unknown option or a length outside 1..T.
 */
export function lstmSequence(
  x: Tensor,
  state: LstmState,
  weights: LstmWeights,
  options: SequenceOptions = {},
): { outputs: Tensor; state: LstmState } {
  checkOptions("lstmSequence", options, ["lengths", "reverse"]);
  checkShape("lstmSequence", "x", x, ["batch", "time", "in"]);
  checkFloat("lstmSequence", "x", x);
  const [batch, time, inputSize] = x.shape as [number, number, number];
  checkLstm("lstmSequence", batch, inputSize, state, weights);
  checkLengths("lstmSequence", options.lengths, batch, time);

  if (hasKernel(lstmKernels.forward)) {
    const [outputs, h, c] = recordSequence(
      lstmKernels,
      { x, h: state.h, c: state.c, ...presentWeights(weights) },
      sequenceAttributes(options, time),
    ) as [Tensor, Tensor, Tensor];
    return { outputs, state: { h, c } };
  }
  const { outputs, h, c } = tidy(() => {
    const run = unrollSteps(x, [state.h, state.c], options, (xt, [h, c]) =>
      composeStep(xt, { h: h as Tensor, c: c as Tensor }, weights),
    );
    const [h, c] = run.state as [Tensor, Tensor];
    return { outputs: run.outputs, h: h.clone(), c: c.clone() };
  });
  return { outputs, state: { h, c } };
}

/**
 * One step of `lstmSequence`.
 *
 * @param x - `[B, In]`, float32.
 * @returns a new state; the caller disposes it.
 */
export function lstmStep(x: Tensor, state: LstmState, weights: LstmWeights): LstmState {
  checkShape("lstmStep", "x", x, ["batch", "in"]);
  checkFloat("lstmStep", "x", x);
  const [batch, inputSize] = x.shape as [number, number];
  checkLstm("lstmStep", batch, inputSize, state, weights);
  if (hasKernel("SeqLstmStep")) {
    if (isRecording()) {
      const row = reshape(x, [batch, 1, inputSize]);
      const { outputs, state: next } = lstmSequence(row, state, weights);
      row.dispose();
      outputs.dispose();
      return next;
    }
    const inputs = { x, h: state.h, c: state.c, ...presentWeights(weights) };
    const [h, c] = runKernel("SeqLstmStep", inputs) as [Tensor, Tensor];
    return { h, c };
  }
  return tidy(() => {
    const [h, c] = composeStep(x, state, weights) as [Tensor, Tensor];
    return { h, c };
  });
}

function composeStep(x: Tensor, { h, c }: LstmState, weights: LstmWeights): Tensor[] {
  const gates = add(
    linear(x, weights.weightIh, weights.biasIh),
    linear(h, weights.weightHh, weights.biasHh),
  );
  const [i, f, g, o] = split(gates, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const nextC = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
  const hidden = mul(sigmoid(o), tanh(nextC));
  return [weights.weightHr ? linear(hidden, weights.weightHr) : hidden, nextC];
}

function checkLstm(
  where: string,
  batch: number,
  inputSize: number,
  state: LstmState,
  { weightIh, weightHh, biasIh, biasHh, weightHr }: LstmWeights,
): void {
  const hiddenSize = state.c.shape[1] ?? 0;
  const outputSize = weightHr ? (weightHr.shape[0] ?? 0) : hiddenSize;
  const rows = 4 * hiddenSize;
  checkShape(where, "state.c", state.c, [batch, "hidden"]);
  checkShape(where, "state.h", state.h, [batch, outputSize]);
  checkShape(where, "weightIh", weightIh, [rows, inputSize]);
  checkShape(where, "weightHh", weightHh, [rows, outputSize]);
  if (weightHr) checkShape(where, "weightHr", weightHr, [outputSize, hiddenSize]);
  if (biasIh) checkShape(where, "biasIh", biasIh, [rows]);
  if (biasHh) checkShape(where, "biasHh", biasHh, [rows]);
}
