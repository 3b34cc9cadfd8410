/** `attentionLstmSequence` on WASM: the products and packings around `assembly/attention-lstm.ts`. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { multiply } from "../backend/gemm.ts";
import { allocate, floatsAt, floatsOf, intsAt, offsetOf, Workspace } from "../backend/heap.ts";
import { kernelExports } from "../backend/module.ts";
import {
  PackedWeights,
  planSequence,
  runSequence,
  type SequencePlan,
  sumColumns,
} from "../backend/sequence-plan.ts";
import { tokenColumns } from "./products.ts";
import { biasSum } from "./vectors.ts";

interface ForwardInputs {
  readonly x: TensorInfo;
  readonly h: TensorInfo;
  readonly c: TensorInfo;
  readonly keys: TensorInfo;
  readonly weightIh: TensorInfo;
  readonly weightHh: TensorInfo;
  readonly biasIh?: TensorInfo;
  readonly biasHh?: TensorInfo;
}

interface BackwardInputs extends ForwardInputs {
  readonly attentionWeights: TensorInfo;
  readonly gates: TensorInfo;
  readonly cells: TensorInfo;
  readonly joined: TensorInfo;
  readonly dOutputs: TensorInfo;
  readonly dh: TensorInfo;
  readonly dc: TensorInfo;
  readonly dContexts: TensorInfo;
  readonly dAttentionWeights: TensorInfo;
}

export interface AttentionLstmAttributes {
  /** True sources of each row, or null for all. */
  readonly lengths: Int32Array | null;
  /** Multiplies the scores. */
  readonly scale: number;
}

interface Exports {
  attentionLstmScratchBytes(rows: number, size: number, sources: number): number;
}

const packed = new PackedWeights();
const joinedWeights = new Workspace();
const sourceLengths = new Workspace();
const scoreGradients = new Workspace();
const contextGradients = new Workspace();

/**
 * Outputs: outputs, h, c, contexts, attentionWeights, and for the gradient gates `[N, 4H]`, cells `[N, H]`,
 * joined `[N, 2H]` (context and h before; N = B T).
 */
const forward: KernelConfig = {
  kernelName: "SeqAttentionLstm",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { x, h, c, keys, weightIh, weightHh, biasIh, biasHh } =
      inputs as unknown as ForwardInputs;
    const { lengths, scale } = attrs as unknown as AttentionLstmAttributes;
    const plan = planDecoder(x, h);
    const { batch, time, size, tokens } = plan;
    const sources = keys.shape[1] as number;

    const outputs = allocate([batch, time, size]);
    const [hT, cT] = [allocate(h.shape), allocate(c.shape)];
    const contexts = allocate([batch, time, size]);
    const attentionWeights = allocate([batch, time, sources]);
    const gates = allocate([tokens, 4 * size]);
    const cells = allocate([tokens, size]);
    const joined = allocate([tokens, 2 * size]);
    const { embeddingSize, weightStride } = sizesOf(x, weightIh);
    multiply({
      a: { at: offsetOf(x), stride: embeddingSize * 4 },
      b: { at: offsetOf(weightIh), stride: weightStride, transposed: true },
      c: tokenColumns(gates, 0, 4 * size),
      bias: biasSum(biasIh, biasHh, 4 * size),
      m: tokens,
      n: 4 * size,
      k: embeddingSize,
    });
    const weights = joinWeights(weightIh, weightHh, embeddingSize);
    runSequence("attentionLstmForward", plan, scratchOf(plan, sources), 8, {
      12: offsetOf(gates),
      13: offsetOf(cells),
      14: offsetOf(outputs),
      15: offsetOf(h),
      16: offsetOf(c),
      17: offsetOf(hT),
      18: offsetOf(cT),
      19: packed.gates(weights, 4, size, 2 * size),
      20: offsetOf(joined),
      21: offsetOf(keys),
      22: sources,
      23: lengthTable(lengths, batch, sources),
      24: offsetOf(attentionWeights),
      25: floatBits(scale),
      34: offsetOf(contexts),
    });
    return [outputs, hT, cT, contexts, attentionWeights, gates, cells, joined];
  },
};

/**
 * From the gradients of the results to those of x, h, c, keys, weightIh, weightHh and, where they are inputs,
 * biasIh, biasHh, in this order. Overwrites `gates`.
 */
const backward: KernelConfig = {
  kernelName: "SeqAttentionLstmGradient",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const all = inputs as unknown as BackwardInputs;
    const { x, h, c, keys, weightIh, weightHh, biasIh, biasHh } = all;
    const { attentionWeights, gates, cells, joined } = all;
    const { lengths, scale } = attrs as unknown as AttentionLstmAttributes;
    const plan = planDecoder(x, h);
    const { batch, size, tokens } = plan;
    const sources = keys.shape[1] as number;
    const { embeddingSize, weightStride } = sizesOf(x, weightIh);

    const [dx, dh0, dc0] = [allocate(x.shape), allocate(h.shape), allocate(c.shape)];
    const dKeys = allocate(keys.shape);
    const [dWeightIh, dWeightHh] = [allocate(weightIh.shape), allocate(weightHh.shape)];
    const [first, second] = [biasIh, biasHh].flatMap((bias) =>
      bias ? [allocate(bias.shape)] : [],
    );
    const dScores = scoreGradients.reserve(tokens * sources * 4);
    const dStepContexts = contextGradients.reserve(tokens * size * 4);
    floatsAt(dScores, tokens * sources).set(floatsOf(all.dAttentionWeights));
    const weights = joinWeights(weightIh, weightHh, embeddingSize);
    runSequence("attentionLstmBackward", plan, scratchOf(plan, sources), 8, {
      12: offsetOf(gates),
      13: offsetOf(cells),
      15: offsetOf(h),
      16: offsetOf(c),
      19: packed.back(weights, 4 * size, 2 * size),
      21: offsetOf(keys),
      22: sources,
      23: lengthTable(lengths, batch, sources),
      24: offsetOf(attentionWeights),
      25: floatBits(scale),
      26: offsetOf(all.dOutputs),
      27: offsetOf(all.dh),
      28: offsetOf(all.dc),
      29: offsetOf(dh0),
      30: offsetOf(dc0),
      31: offsetOf(all.dContexts),
      32: dScores,
      33: dStepContexts,
    });

    const dGates = tokenColumns(gates, 0, 4 * size);
    const dGatesTransposed = { ...dGates, transposed: true };
    const rowsOfGates = { m: 4 * size, k: tokens };
    multiply({
      a: dGatesTransposed,
      b: { at: offsetOf(x), stride: embeddingSize * 4 },
      c: { at: offsetOf(dWeightIh), stride: weightStride },
      n: embeddingSize,
      ...rowsOfGates,
    });
    multiply({
      a: dGatesTransposed,
      b: tokenColumns(joined, 0, size),
      c: { at: offsetOf(dWeightIh) + embeddingSize * 4, stride: weightStride },
      n: size,
      ...rowsOfGates,
    });
    multiply({
      a: dGatesTransposed,
      b: tokenColumns(joined, size, size),
      c: { at: offsetOf(dWeightHh), stride: size * 4 },
      n: size,
      ...rowsOfGates,
    });
    multiply({
      a: dGates,
      b: { at: offsetOf(weightIh), stride: weightStride },
      c: { at: offsetOf(dx), stride: embeddingSize * 4 },
      m: tokens,
      n: embeddingSize,
      k: 4 * size,
    });
    if (first) {
      const other = second ? offsetOf(second) : 0;
      sumColumns(dGates.at, dGates.stride, tokens, 4 * size, offsetOf(first), other);
    }
    keyGradient(plan, attentionWeights, dStepContexts, dScores, joined, dKeys);
    const biases = [first, second].flatMap((bias) => (bias ? [bias] : []));
    return [dx, dh0, dc0, dKeys, dWeightIh, dWeightHh, ...biases];
  },
};

export const attentionLstmKernels = [forward, backward];

/** dK = αᵀ dContext + dScoreᵀ h_before, for each row of the batch: products over its T steps. */
function keyGradient(
  { batch, time, size }: SequencePlan,
  attentionWeights: TensorInfo,
  dContexts: number,
  dScores: number,
  joined: TensorInfo,
  dKeys: TensorInfo,
): void {
  const sources = dKeys.shape[1] as number;
  const before = tokenColumns(joined, size, size);
  for (let row = 0; row < batch; row++) {
    const scores = row * time * sources * 4;
    const c = { at: offsetOf(dKeys) + row * sources * size * 4, stride: size * 4 };
    multiply({
      a: { at: offsetOf(attentionWeights) + scores, stride: sources * 4, transposed: true },
      b: { at: dContexts + row * time * size * 4, stride: size * 4 },
      ...{ c, m: sources, n: size, k: time },
    });
    multiply({
      a: { at: dScores + scores, stride: sources * 4, transposed: true },
      b: { at: before.at + row * time * before.stride, stride: before.stride },
      ...{ c, m: sources, n: size, k: time },
      accumulate: true,
    });
  }
}

/** `[4H, 2H]`: the columns of weightIh that meet the context, then weightHh. */
function joinWeights(weightIh: TensorInfo, weightHh: TensorInfo, embeddingSize: number): number {
  const [rows, size] = weightHh.shape as [number, number];
  const at = joinedWeights.reserve(rows * 2 * size * 4);
  const to = floatsAt(at, rows * 2 * size);
  const ih = floatsOf(weightIh);
  const hh = floatsOf(weightHh);
  const width = embeddingSize + size;
  for (let row = 0; row < rows; row++) {
    to.set(ih.subarray(row * width + embeddingSize, (row + 1) * width), row * 2 * size);
    to.set(hh.subarray(row * size, (row + 1) * size), row * 2 * size + size);
  }
  return at;
}

function planDecoder(x: TensorInfo, h: TensorInfo): SequencePlan {
  const [batch, time] = x.shape as [number, number];
  const size = h.shape[1] as number;
  return planSequence({ batch, time, size, outSize: size, lengths: null, reverse: false });
}

function sizesOf(x: TensorInfo, weightIh: TensorInfo) {
  return {
    embeddingSize: x.shape[2] as number,
    weightStride: (weightIh.shape[1] as number) * 4,
  };
}

function lengthTable(lengths: Int32Array | null, batch: number, sources: number): number {
  const at = sourceLengths.reserve(batch * 4);
  const table = intsAt(at, batch);
  if (lengths) table.set(lengths);
  else table.fill(sources);
  return at;
}

function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] as number;
}

function scratchOf({ size }: SequencePlan, sources: number): (rows: number) => number {
  return (rows) => kernelExports<Exports>().attentionLstmScratchBytes(rows, size, sources);
}
