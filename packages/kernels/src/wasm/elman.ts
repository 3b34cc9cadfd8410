/** `elmanSequence` on WASM, forward and backward: the products and packings around `assembly/elman.ts`. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { allocate, offsetOf, Workspace } from "../backend/heap.ts";
import { kernelExports } from "../backend/module.ts";
import {
  PackedWeights,
  planSequence,
  runSequence,
  type SequencePlan,
  sumColumns,
} from "../backend/sequence-plan.ts";
import type { Activation } from "../ops/recurrent.types.ts";
import type { SequenceAttributes } from "./lstm.ts";
import {
  type Columns,
  inputGradient,
  inputProduct,
  inputWeightGradient,
  recurrentWeightGradient,
} from "./products.ts";
import { biasSum } from "./vectors.ts";

interface ForwardInputs {
  readonly x: TensorInfo;
  readonly h: TensorInfo;
  readonly weightIh: TensorInfo;
  readonly weightHh: TensorInfo;
  readonly biasIh?: TensorInfo;
  readonly biasHh?: TensorInfo;
}

interface BackwardInputs extends ForwardInputs {
  readonly outputs: TensorInfo;
  readonly dOutputs: TensorInfo;
  readonly dh: TensorInfo;
}

interface ElmanAttributes extends SequenceAttributes {
  readonly activation: Activation;
}

interface ElmanExports {
  elmanScratchBytes(rows: number, size: number): number;
}

/** As in assembly/elman.ts. */
export const activationNumbers = { tanh: 0, relu: 1, sigmoid: 2, identity: 3 } as const;

const packed = new PackedWeights();
const preActivations = new Workspace();

/** Outputs: outputs, h. The gradient needs nothing else: φ' follows from φ. */
const forward: KernelConfig = {
  kernelName: "SeqElman",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { x, h, weightIh, weightHh, biasIh, biasHh } = inputs as unknown as ForwardInputs;
    const attributes = attrs as unknown as ElmanAttributes;
    const plan = planElman(x, h, attributes);
    const { batch, time, size } = plan;

    const [outputs, hT] = [allocate([batch, time, size]), allocate(h.shape)];
    const gates = tokenBlock(plan);
    inputProduct(plan, x, weightIh, 0, gates, biasSum(biasIh, biasHh, size));
    runSequence("elmanForward", plan, scratchOf(plan), 1, {
      12: gates.at,
      13: activationNumbers[attributes.activation],
      14: offsetOf(outputs),
      15: offsetOf(h),
      17: offsetOf(hT),
      19: packed.gates(offsetOf(weightHh), 1, size, size),
    });
    return [outputs, hT];
  },
};

/**
 * From the gradients of outputs and h to those of x, h, weightIh, weightHh and, where they are inputs, biasIh,
 * biasHh, in this order.
 */
const backward: KernelConfig = {
  kernelName: "SeqElmanGradient",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const all = inputs as unknown as BackwardInputs;
    const { x, h, weightIh, weightHh, biasIh, biasHh, outputs, dOutputs, dh } = all;
    const attributes = attrs as unknown as ElmanAttributes;
    const plan = planElman(x, h, attributes);
    const { size, tokens } = plan;

    const [dx, dh0] = [allocate(x.shape), allocate(h.shape)];
    const [dWeightIh, dWeightHh] = [allocate(weightIh.shape), allocate(weightHh.shape)];
    const [first, second] = [biasIh, biasHh].flatMap((bias) =>
      bias ? [allocate(bias.shape)] : [],
    );
    const dGates = tokenBlock(plan);
    runSequence("elmanBackward", plan, scratchOf(plan), 1, {
      12: dGates.at,
      13: activationNumbers[attributes.activation],
      14: offsetOf(outputs),
      15: offsetOf(h),
      19: packed.back(offsetOf(weightHh), size, size),
      22: offsetOf(dOutputs),
      23: offsetOf(dh),
      25: offsetOf(dh0),
    });
    inputWeightGradient(plan, dGates, x, dWeightIh);
    recurrentWeightGradient(plan, dGates, outputs, h, dWeightHh);
    inputGradient(plan, dGates, weightIh, 0, dx);
    if (first) {
      const other = second ? offsetOf(second) : 0;
      sumColumns(dGates.at, dGates.stride, tokens, size, offsetOf(first), other);
    }
    return [dx, dh0, dWeightIh, dWeightHh, ...(first ? [first] : []), ...(second ? [second] : [])];
  },
};

export const elmanKernels = [forward, backward];

/** `[N, H]` of our own memory, valid during one call. */
function tokenBlock({ tokens, size }: SequencePlan): Columns {
  return { at: preActivations.reserve(tokens * size * 4), stride: size * 4, width: size };
}

function planElman(
  x: TensorInfo,
  h: TensorInfo,
  { lengths, reverse }: SequenceAttributes,
): SequencePlan {
  const [batch, time] = x.shape as [number, number];
  const size = h.shape[1] as number;
  return planSequence({ batch, time, size, outSize: size, lengths, reverse });
}

function scratchOf({ size }: SequencePlan): (rows: number) => number {
  return (rows) => kernelExports<ElmanExports>().elmanScratchBytes(rows, size);
}
