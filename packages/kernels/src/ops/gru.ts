import { checkOneOf, checkOptions } from "@seq/core";
import {
  add,
  mul,
  reshape,
  sigmoid,
  slice,
  sub,
  type Tensor,
  tanh,
  tidy,
} from "@tensorflow/tfjs-core";
import { checkFloat, checkLengths, checkShape } from "./check.ts";
import { hasKernel, isRecording, runKernel } from "./dispatch.ts";
import { linear } from "./linear.ts";
import { presentWeights, recordSequence, sequenceAttributes } from "./record-sequence.ts";
import type {
  GruOptions,
  HiddenState,
  RecurrentWeights,
  ResetGate,
  SequenceOptions,
} from "./recurrent.types.ts";
import { columns, unrollSteps } from "./unroll.ts";

const gruKernels = {
  forward: "SeqGru",
  backward: "SeqGruGradient",
  results: ["outputs", ""],
  reserved: ["gates"],
  gradients: ["dOutputs", "dh"],
  order: ["x", "h", "weightIh", "weightHh", "biasIh", "biasHh"],
} as const;

/**
 * A gated recurrent unit layer over a padded batch, as torch.nn.GRU (one layer, one direction).
 *
 *   r = σ(Wr x + br + Ur h + br')   z = σ(Wz x + bz + Uz h + bz')
 *   n = tanh(Wn x + bn + r ⊙ (Un h + bn'))   ("after-product", torch, Cho et al. 2014 v3)
 *   n = tanh(Wn x + bn + Un (r ⊙ h) + bn')   ("before-product", Cho et al. 2014 v1)
 *   h' = (1 - z) ⊙ n + z ⊙ h
 *
 * Packed gate order r, z, n.
 *
 * @param x - `[B, T, In]`, float32.
 * @param state - `h` `[B, H]` before each row's first step.
 * @returns outputs `[B, T, H]`, zero beyond lengths; the state at each row's true end.
 * @throws {ShapeError} when sizes contradict each other.
 * @throws {OptionError} for an unknown option or a length outside 1..T.
 */
export function gruSequence(
  x: Tensor,
  state: HiddenState,
  weights: RecurrentWeights,
  options: SequenceOptions & GruOptions = {},
): { outputs: Tensor; state: HiddenState } {
  checkOptions("gruSequence", options, ["lengths", "reverse", "resetGate"]);
  const resetGate = checkResetGate("gruSequence", options.resetGate);
  checkShape("gruSequence", "x", x, ["batch", "time", "in"]);
  checkFloat("gruSequence", "x", x);
  const [batch, time, inputSize] = x.shape as [number, number, number];
  checkGru("gruSequence", batch, inputSize, state, weights);
  checkLengths("gruSequence", options.lengths, batch, time);

  if (hasKernel(gruKernels.forward)) {
    const [outputs, h] = recordSequence(
      gruKernels,
      { x, h: state.h, ...presentWeights(weights) },
      sequenceAttributes(options, time, { resetGate }),
    ) as [Tensor, Tensor];
    return { outputs, state: { h } };
  }
  const { outputs, h } = tidy(() => {
    const run = unrollSteps(x, [state.h], options, (xt, [h]) => [
      composeStep(xt, h as Tensor, weights, resetGate),
    ]);
    return { outputs: run.outputs, h: (run.state[0] as Tensor).clone() };
  });
  return { outputs, state: { h } };
}

/** One step of `gruSequence`; x `[B, In]`. The caller disposes the new state. */
export function gruStep(
  x: Tensor,
  state: HiddenState,
  weights: RecurrentWeights,
  options: GruOptions = {},
): HiddenState {
  checkOptions("gruStep", options, ["resetGate"]);
  const resetGate = checkResetGate("gruStep", options.resetGate);
  checkShape("gruStep", "x", x, ["batch", "in"]);
  checkFloat("gruStep", "x", x);
  const [batch, inputSize] = x.shape as [number, number];
  checkGru("gruStep", batch, inputSize, state, weights);
  if (hasKernel("SeqGruStep")) {
    if (isRecording() || resetGate === "before-product") {
      const row = reshape(x, [batch, 1, inputSize]);
      const { outputs, state: next } = gruSequence(row, state, weights, { resetGate });
      row.dispose();
      outputs.dispose();
      return next;
    }
    const [h] = runKernel("SeqGruStep", { x, h: state.h, ...presentWeights(weights) });
    return { h: h as Tensor };
  }
  return { h: tidy(() => composeStep(x, state.h, weights, resetGate)) };
}

function composeStep(
  x: Tensor,
  h: Tensor,
  { weightIh, weightHh, biasIh, biasHh }: RecurrentWeights,
  resetGate: ResetGate,
): Tensor {
  const size = h.shape[1] as number;
  const fromX = linear(x, weightIh, biasIh);
  const gatesOf = (matrix: Tensor, from: number, count: number) =>
    slice(matrix, from * size, count * size);
  const gateWeights = gatesOf(weightHh, 0, 2);
  const newWeights = gatesOf(weightHh, 2, 1);
  const gateBias = biasHh ? gatesOf(biasHh, 0, 2) : null;
  const newBias = biasHh ? gatesOf(biasHh, 2, 1) : null;

  const gates = sigmoid(add(columns(fromX, 0, 2 * size), linear(h, gateWeights, gateBias)));
  const r = columns(gates, 0, size);
  const z = columns(gates, size, size);
  const fromH =
    resetGate === "after-product"
      ? mul(r, linear(h, newWeights, newBias))
      : linear(mul(r, h), newWeights, newBias);
  const n = tanh(add(columns(fromX, 2 * size, size), fromH));
  return add(n, mul(z, sub(h, n)));
}

function checkResetGate(where: string, value: unknown): ResetGate {
  return checkOneOf(where, "resetGate", value ?? "after-product", [
    "after-product",
    "before-product",
  ]);
}

function checkGru(
  where: string,
  batch: number,
  inputSize: number,
  { h }: HiddenState,
  { weightIh, weightHh, biasIh, biasHh }: RecurrentWeights,
): void {
  const hiddenSize = h.shape[1] ?? 0;
  const rows = 3 * hiddenSize;
  checkShape(where, "state.h", h, [batch, "hidden"]);
  checkShape(where, "weightIh", weightIh, [rows, inputSize]);
  checkShape(where, "weightHh", weightHh, [rows, hiddenSize]);
  if (biasIh) checkShape(where, "biasIh", biasIh, [rows]);
  if (biasHh) checkShape(where, "biasHh", biasHh, [rows]);
}
