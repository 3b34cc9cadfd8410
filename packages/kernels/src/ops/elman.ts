import { checkOneOf, checkOptions } from "@seq/core";
import { add, relu, reshape, sigmoid, type Tensor, tanh, tidy } from "@tensorflow/tfjs-core";
import { checkFloat, checkLengths, checkShape } from "./check.ts";
import { hasKernel, isRecording, runKernel } from "./dispatch.ts";
import { linear } from "./linear.ts";
import { presentWeights, recordSequence, sequenceAttributes } from "./record-sequence.ts";
import type {
  Activation,
  ElmanOptions,
  HiddenState,
  RecurrentWeights,
  SequenceOptions,
} from "./recurrent.types.ts";
import { unrollSteps } from "./unroll.ts";

const elmanKernels = {
  forward: "SeqElman",
  backward: "SeqElmanGradient",
  results: ["outputs", ""],
  reserved: [],
  gradients: ["dOutputs", "dh"],
  order: ["x", "h", "weightIh", "weightHh", "biasIh", "biasHh"],
} as const;

/**
 * A simple recurrent layer over a padded batch, as torch.nn.RNN (one layer, one direction):
 * h' = φ(W x + b + U h + b'), with φ = tanh, relu, sigmoid or identity. Elman 1990.
 *
 * @param x - `[B, T, In]`, float32.
 * @param state - `h` `[B, H]` before each row's first step.
 * @returns outputs `[B, T, H]`, zero beyond lengths; the state at each row's true end.
 * @throws {ShapeError} when sizes contradict each other.
 * @throws {OptionError} for an unknown option or a length outside 1..T.
 */
export function elmanSequence(
  x: Tensor,
  state: HiddenState,
  weights: RecurrentWeights,
  options: SequenceOptions & ElmanOptions = {},
): { outputs: Tensor; state: HiddenState } {
  checkOptions("elmanSequence", options, ["lengths", "reverse", "activation"]);
  const activation = checkActivation("elmanSequence", options.activation);
  checkShape("elmanSequence", "x", x, ["batch", "time", "in"]);
  checkFloat("elmanSequence", "x", x);
  const [batch, time, inputSize] = x.shape as [number, number, number];
  checkElman("elmanSequence", batch, inputSize, state, weights);
  checkLengths("elmanSequence", options.lengths, batch, time);

  if (hasKernel(elmanKernels.forward)) {
    const [outputs, h] = recordSequence(
      elmanKernels,
      { x, h: state.h, ...presentWeights(weights) },
      sequenceAttributes(options, time, { activation }),
    ) as [Tensor, Tensor];
    return { outputs, state: { h } };
  }
  const { outputs, h } = tidy(() => {
    const run = unrollSteps(x, [state.h], options, (xt, [h]) => [
      composeStep(xt, h as Tensor, weights, activation),
    ]);
    return { outputs: run.outputs, h: (run.state[0] as Tensor).clone() };
  });
  return { outputs, state: { h } };
}

/** One step of `elmanSequence`; x `[B, In]`. The caller disposes the new state. */
export function elmanStep(
  x: Tensor,
  state: HiddenState,
  weights: RecurrentWeights,
  options: ElmanOptions = {},
): HiddenState {
  checkOptions("elmanStep", options, ["activation"]);
  const activation = checkActivation("elmanStep", options.activation);
  checkShape("elmanStep", "x", x, ["batch", "in"]);
  checkFloat("elmanStep", "x", x);
  const [batch, inputSize] = x.shape as [number, number];
  checkElman("elmanStep", batch, inputSize, state, weights);
  if (hasKernel("SeqElmanStep")) {
    if (isRecording()) {
      const row = reshape(x, [batch, 1, inputSize]);
      const { outputs, state: next } = elmanSequence(row, state, weights, { activation });
      row.dispose();
      outputs.dispose();
      return next;
    }
    const inputs = { x, h: state.h, ...presentWeights(weights) };
    const [h] = runKernel("SeqElmanStep", inputs, { activation });
    return { h: h as Tensor };
  }
  return { h: tidy(() => composeStep(x, state.h, weights, activation)) };
}

const activations = {
  tanh,
  relu,
  sigmoid,
  identity: (x: Tensor) => x,
} satisfies Record<Activation, (x: Tensor) => Tensor>;

function composeStep(
  x: Tensor,
  h: Tensor,
  { weightIh, weightHh, biasIh, biasHh }: RecurrentWeights,
  activation: Activation,
): Tensor {
  return activations[activation](add(linear(x, weightIh, biasIh), linear(h, weightHh, biasHh)));
}

function checkActivation(where: string, value: unknown): Activation {
  return checkOneOf(where, "activation", value ?? "tanh", ["tanh", "relu", "sigmoid", "identity"]);
}

function checkElman(
  where: string,
  batch: number,
  inputSize: number,
  { h }: HiddenState,
  { weightIh, weightHh, biasIh, biasHh }: RecurrentWeights,
): void {
  const hiddenSize = h.shape[1] ?? 0;
  checkShape(where, "state.h", h, [batch, "hidden"]);
  checkShape(where, "weightIh", weightIh, [hiddenSize, inputSize]);
  checkShape(where, "weightHh", weightHh, [hiddenSize, hiddenSize]);
  if (biasIh) checkShape(where, "biasIh", biasIh, [hiddenSize]);
  if (biasHh) checkShape(where, "biasHh", biasHh, [hiddenSize]);
}
