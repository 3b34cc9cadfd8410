/** `gruSequence` on WASM, forward and backward: the products and packings around `assembly/gru.ts`. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { multiply } from "../backend/gemm.ts";
import { allocate, offsetOf } from "../backend/heap.ts";
import { kernelExports } from "../backend/module.ts";
import {
  PackedWeights,
  planSequence,
  runSequence,
  type SequencePlan,
  sumColumns,
} from "../backend/sequence-plan.ts";
import type { SequenceAttributes } from "./lstm.ts";
import {
  inputGradient,
  inputProduct,
  inputWeightGradient,
  recurrentWeightGradient,
  tokenColumns,
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
  readonly gates: TensorInfo;
  readonly dOutputs: TensorInfo;
  readonly dh: TensorInfo;
}

export interface GruAttributes extends SequenceAttributes {
  readonly resetGate: "after-product" | "before-product";
}

interface GruExports {
  gruScratchBytes(rows: number, size: number): number;
}

const packedGates = new PackedWeights();
const packedNew = new PackedWeights();

/** Outputs: outputs, h, and for the gradient gates `[N, 4H]` (r, z, q, n; see assembly/gru.ts). */
const forward: KernelConfig = {
  kernelName: "SeqGru",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { x, h, weightIh, weightHh, biasIh, biasHh } = inputs as unknown as ForwardInputs;
    const attributes = attrs as unknown as GruAttributes;
    const plan = planGru(x, h, attributes);
    const { batch, time, size, tokens } = plan;
    const before = attributes.resetGate === "before-product";

    const [outputs, hT] = [allocate([batch, time, size]), allocate(h.shape)];
    const gates = allocate([tokens, 4 * size]);
    const bias = biasSum(biasIh, biasHh, 3 * size, 2 * size);
    inputProduct(plan, x, weightIh, 0, tokenColumns(gates, 0, 2 * size), bias);
    inputProduct(plan, x, weightIh, 2 * size, tokenColumns(gates, 3 * size, size), bias);
    const recurrent = offsetOf(weightHh);
    const gateRows = before ? 2 : 3;
    runSequence("gruForward", plan, scratchOf(plan), 3, {
      12: offsetOf(gates),
      13: before ? 1 : 0,
      14: offsetOf(outputs),
      15: offsetOf(h),
      16: biasHh ? offsetOf(biasHh) + 2 * size * 4 : 0,
      17: offsetOf(hT),
      19: packedGates.gates(recurrent, gateRows, size, size),
      20: before ? packedNew.gates(recurrent + 2 * size * size * 4, 1, size, size) : 0,
    });
    return [outputs, hT, gates];
  },
};

/**
 * From the gradients of outputs and h to those of x, h, weightIh, weightHh and, where they are inputs, biasIh,
 * biasHh, in this order. Overwrites `gates`.
 */
const backward: KernelConfig = {
  kernelName: "SeqGruGradient",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const all = inputs as unknown as BackwardInputs;
    const { x, h, weightIh, weightHh, biasIh, biasHh, outputs, gates, dOutputs, dh } = all;
    const attributes = attrs as unknown as GruAttributes;
    const plan = planGru(x, h, attributes);
    const { size, tokens } = plan;
    const before = attributes.resetGate === "before-product";

    const [dx, dh0] = [allocate(x.shape), allocate(h.shape)];
    const [dWeightIh, dWeightHh] = [allocate(weightIh.shape), allocate(weightHh.shape)];
    const recurrent = offsetOf(weightHh);
    runSequence("gruBackward", plan, scratchOf(plan), 3, {
      12: offsetOf(gates),
      13: before ? 1 : 0,
      14: offsetOf(outputs),
      15: offsetOf(h),
      19: packedGates.back(recurrent, (before ? 2 : 3) * size, size),
      20: before ? packedNew.back(recurrent + 2 * size * size * 4, size, size) : 0,
      22: offsetOf(dOutputs),
      23: offsetOf(dh),
      25: offsetOf(dh0),
    });

    const dResetUpdate = tokenColumns(gates, 0, 2 * size);
    const dNew = tokenColumns(gates, 3 * size, size);
    inputWeightGradient(plan, dResetUpdate, x, dWeightIh);
    inputWeightGradient(plan, dNew, x, dWeightIh, 2 * size);
    inputGradient(plan, dResetUpdate, weightIh, 0, dx);
    inputGradient(plan, dNew, weightIh, 2 * size, dx, true);
    if (before) {
      recurrentWeightGradient(plan, dResetUpdate, outputs, h, dWeightHh);
      const reset = tokenColumns(gates, 2 * size, size); // r h, as forward left it
      multiply({
        a: { ...dNew, transposed: true },
        b: reset,
        c: { at: offsetOf(dWeightHh) + 2 * size * size * 4, stride: size * 4 },
        m: size,
        n: size,
        k: tokens,
      });
    } else {
      recurrentWeightGradient(plan, tokenColumns(gates, 0, 3 * size), outputs, h, dWeightHh);
    }
    const dBiases: TensorInfo[] = [];
    if (biasIh) {
      const sums = allocate(biasIh.shape);
      sumColumns(dResetUpdate.at, dResetUpdate.stride, tokens, 2 * size, offsetOf(sums));
      sumColumns(dNew.at, dNew.stride, tokens, size, offsetOf(sums) + 2 * size * 4);
      dBiases.push(sums);
    }
    if (biasHh) {
      const sums = allocate(biasHh.shape);
      const dRecurrentNew = before ? dNew : tokenColumns(gates, 2 * size, size);
      sumColumns(dResetUpdate.at, dResetUpdate.stride, tokens, 2 * size, offsetOf(sums));
      sumColumns(dRecurrentNew.at, dNew.stride, tokens, size, offsetOf(sums) + 2 * size * 4);
      dBiases.push(sums);
    }
    return [dx, dh0, dWeightIh, dWeightHh, ...dBiases];
  },
};

export const gruKernels = [forward, backward];

function planGru(
  x: TensorInfo,
  h: TensorInfo,
  { lengths, reverse }: SequenceAttributes,
): SequencePlan {
  const [batch, time] = x.shape as [number, number];
  const size = h.shape[1] as number;
  return planSequence({ batch, time, size, outSize: size, lengths, reverse });
}

function scratchOf({ size }: SequencePlan): (rows: number) => number {
  return (rows) => kernelExports<GruExports>().gruScratchBytes(rows, size);
}
