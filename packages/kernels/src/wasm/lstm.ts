/** `lstmSequence` on WASM, forward and backward: the products and packings around `assembly/lstm.ts`. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { multiply } from "../backend/gemm.ts";
import { allocate, offsetOf, Workspace } from "../backend/heap.ts";
import { kernelExports } from "../backend/module.ts";
import {
  PackedWeights,
  planSequence,
  runSequence,
  type SequencePlan,
  sumColumns,
} from "../backend/sequence-plan.ts";
import {
  inputGradient,
  inputProduct,
  inputWeightGradient,
  recurrentWeightGradient,
  tokenColumns,
} from "./products.ts";
import { biasSum } from "./vectors.ts";

interface Weights {
  readonly weightIh: TensorInfo;
  readonly weightHh: TensorInfo;
  readonly biasIh?: TensorInfo;
  readonly biasHh?: TensorInfo;
  readonly weightHr?: TensorInfo;
}

interface ForwardInputs extends Weights {
  readonly x: TensorInfo;
  readonly h: TensorInfo;
  readonly c: TensorInfo;
}

interface BackwardInputs extends ForwardInputs {
  readonly outputs: TensorInfo;
  readonly gates: TensorInfo;
  readonly cells: TensorInfo;
  readonly hidden?: TensorInfo;
  readonly dOutputs: TensorInfo;
  readonly dh: TensorInfo;
  readonly dc: TensorInfo;
}

export interface SequenceAttributes {
  readonly lengths: Int32Array | null;
  readonly reverse: boolean;
}

interface LstmExports {
  lstmScratchBytes(rows: number, size: number, outSize: number): number;
}

const packedRecurrent = new PackedWeights();
const packedProjection = new PackedWeights();
const projectedBlock = new Workspace();

/**
 * Outputs: outputs, h, c, and for the gradient: gates `[N, 4H]`, cells `[N, H]`, with a projection hidden
 * `[N, H]` (N: true steps).
 */
const forward: KernelConfig = {
  kernelName: "SeqLstm",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { x, h, c, ...weights } = inputs as unknown as ForwardInputs;
    const { weightIh, weightHh, biasIh, biasHh, weightHr } = weights;
    const plan = planLstm(x, h, c, attrs as unknown as SequenceAttributes);
    const { batch, time, size, outSize, tokens } = plan;

    const outputs = allocate([batch, time, outSize]);
    const [hT, cT] = [allocate(h.shape), allocate(c.shape)];
    const gates = allocate([tokens, 4 * size]);
    const cells = allocate([tokens, size]);
    const hidden = weightHr ? [allocate([tokens, size])] : [];
    const bias = biasSum(biasIh, biasHh, 4 * size);
    inputProduct(plan, x, weightIh, 0, tokenColumns(gates, 0, 4 * size), bias);
    const packed = packedRecurrent.gates(offsetOf(weightHh), 4, size, outSize);
    const projection = weightHr ? packedProjection.gates(offsetOf(weightHr), 1, outSize, size) : 0;
    runSequence("lstmForward", plan, scratchOf(plan), 4, {
      12: offsetOf(gates),
      13: offsetOf(cells),
      14: offsetOf(outputs),
      15: offsetOf(h),
      16: offsetOf(c),
      17: offsetOf(hT),
      18: offsetOf(cT),
      19: packed,
      20: projection,
      21: hidden[0] ? offsetOf(hidden[0]) : 0,
    });
    return [outputs, hT, cT, gates, cells, ...hidden];
  },
};

/**
 * From the gradients of outputs, h and c to those of x, h, c, weightIh, weightHh and, where they are inputs,
 * biasIh, biasHh, weightHr, in this order. Overwrites `gates` with their gradients.
 */
const backward: KernelConfig = {
  kernelName: "SeqLstmGradient",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const all = inputs as unknown as BackwardInputs;
    const { x, h, c, weightIh, weightHh, biasIh, biasHh, weightHr } = all;
    const { outputs, gates, cells, hidden, dOutputs, dh, dc } = all;
    const plan = planLstm(x, h, c, attrs as unknown as SequenceAttributes);
    const { size, outSize, tokens } = plan;

    const [dx, dh0, dc0] = [allocate(x.shape), allocate(h.shape), allocate(c.shape)];
    const [dWeightIh, dWeightHh] = [allocate(weightIh.shape), allocate(weightHh.shape)];
    const dBiases = [biasIh, biasHh].flatMap((bias) => (bias ? [allocate(bias.shape)] : []));
    const dProjected = weightHr ? projectedBlock.reserve(tokens * outSize * 4) : 0;
    const dWeightHr = weightHr ? [allocate(weightHr.shape)] : [];
    const packed = packedRecurrent.back(offsetOf(weightHh), 4 * size, outSize);
    const projection = weightHr ? packedProjection.back(offsetOf(weightHr), outSize, size) : 0;
    runSequence("lstmBackward", plan, scratchOf(plan), 4, {
      12: offsetOf(gates),
      13: offsetOf(cells),
      14: offsetOf(outputs),
      15: offsetOf(h),
      16: offsetOf(c),
      19: packed,
      20: projection,
      22: offsetOf(dOutputs),
      23: offsetOf(dh),
      24: offsetOf(dc),
      25: offsetOf(dh0),
      26: offsetOf(dc0),
      27: dProjected,
    });

    const dGates = tokenColumns(gates, 0, 4 * size);
    inputWeightGradient(plan, dGates, x, dWeightIh);
    recurrentWeightGradient(plan, dGates, outputs, h, dWeightHh);
    inputGradient(plan, dGates, weightIh, 0, dx);
    const [first, second] = dBiases;
    if (first) {
      const other = second ? offsetOf(second) : 0;
      sumColumns(dGates.at, dGates.stride, tokens, 4 * size, offsetOf(first), other);
    }
    if (dWeightHr[0] && hidden) {
      multiply({
        a: { at: dProjected, stride: outSize * 4, transposed: true },
        b: { at: offsetOf(hidden), stride: size * 4 },
        c: { at: offsetOf(dWeightHr[0]), stride: size * 4 },
        m: outSize,
        n: size,
        k: tokens,
      });
    }
    return [dx, dh0, dc0, dWeightIh, dWeightHh, ...dBiases, ...dWeightHr];
  },
};

export const lstmKernels = [forward, backward];

function planLstm(
  x: TensorInfo,
  h: TensorInfo,
  c: TensorInfo,
  { lengths, reverse }: SequenceAttributes,
): SequencePlan {
  const [batch, time] = x.shape as [number, number];
  return planSequence({
    batch,
    time,
    size: c.shape[1] as number,
    outSize: h.shape[1] as number,
    lengths,
    reverse,
  });
}

function scratchOf({ size, outSize }: SequencePlan): (rows: number) => number {
  return (rows) => kernelExports<LstmExports>().lstmScratchBytes(rows, size, outSize);
}
