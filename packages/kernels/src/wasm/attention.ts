/** The core of `attention` on WASM: scores, softmax, context, and all gradients; projections stay outside. */
import type { GradConfig, KernelConfig, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { allocate, floatsOf, intsAt, offsetOf, Workspace } from "../backend/heap.ts";
import { runKernel } from "../ops/dispatch.ts";
import {
  additiveAttentionGradientKernel,
  additiveAttentionKernel,
  dotAttentionGradientKernel,
  dotAttentionKernel,
} from "../ops/kernel-names.ts";
import { runRange } from "./ranges.ts";

/** Plain values, so that the tape can keep them. */
export interface AttentionAttributes {
  /** Of the products; unused by additive scores. */
  readonly scale: number;
  /** True number of keys of each row, or null: all. */
  readonly lengths: Int32Array | null;
}

interface Inputs {
  /** `[B, Q, D]` */
  readonly query: TensorInfo;
  /** `[B, T, D]` */
  readonly keys: TensorInfo;
  /** `[B, T, V]` */
  readonly values: TensorInfo;
}

/** Outputs: context `[B, Q, V]`, weights `[B, Q, T]`. */
const dotForward: KernelConfig = {
  kernelName: dotAttentionKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { query, keys, values } = inputs as unknown as Inputs;
    const { scale, lengths } = attrs as unknown as AttentionAttributes;
    const s = sizesOf(query, keys, values);
    const weights = allocate([s.batch, s.queries, s.times]);
    const context = allocate([s.batch, s.queries, s.valueSize]);
    const places = [offsetOf(query), offsetOf(keys), offsetOf(values), lengthsOffset(lengths)];
    const sizes = [s.queries, s.times, s.size, s.valueSize];
    const integers = [...places, offsetOf(weights), offsetOf(context), ...sizes];
    runRange("dotAttention", rowsOf(s), integers, [scale]);
    return [context, weights];
  },
};

/** Also takes scoreWeight `[D]`. */
const additiveForward: KernelConfig = {
  kernelName: additiveAttentionKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { query, keys, values } = inputs as unknown as Inputs;
    const { scoreWeight } = inputs as { scoreWeight: TensorInfo };
    const { lengths } = attrs as unknown as AttentionAttributes;
    const s = sizesOf(query, keys, values);
    const weights = allocate([s.batch, s.queries, s.times]);
    const context = allocate([s.batch, s.queries, s.valueSize]);
    const places = [query, keys, values, scoreWeight].map(offsetOf);
    const sizes = [s.queries, s.times, s.size, s.valueSize];
    const outputs = [offsetOf(weights), offsetOf(context)];
    runRange("additiveAttention", rowsOf(s), [
      ...places,
      lengthsOffset(lengths),
      ...outputs,
      ...sizes,
    ]);
    return [context, weights];
  },
};

interface GradientInputs extends Inputs {
  readonly weights: TensorInfo;
  readonly dContext: TensorInfo;
  readonly dWeights: TensorInfo;
}

/** Outputs: the gradients of query, keys and values. */
const dotBackward: KernelConfig = {
  kernelName: dotAttentionGradientKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const all = inputs as unknown as GradientInputs;
    const { query, keys, values } = all;
    const { scale, lengths } = attrs as unknown as AttentionAttributes;
    const s = sizesOf(query, keys, values);
    const [dQuery, dKeys, dValues] = [query, keys, values].map((x) => allocate(x.shape)) as [
      TensorInfo,
      TensorInfo,
      TensorInfo,
    ];
    const lengthsAt = lengthsOffset(lengths);
    const dScores = scoreGradient(all, dValues, lengthsAt, s);
    const places = [dScores, offsetOf(query), offsetOf(keys), lengthsAt];
    const integers = [...places, offsetOf(dQuery), offsetOf(dKeys), s.queries, s.times, s.size];
    runRange("dotAttentionGradient", rowsOf(s), integers, [scale]);
    return [dQuery, dKeys, dValues];
  },
};

const perRow = new Workspace();

/** Outputs: the gradients of query, keys, values and scoreWeight. */
const additiveBackward: KernelConfig = {
  kernelName: additiveAttentionGradientKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const all = inputs as unknown as GradientInputs & { scoreWeight: TensorInfo };
    const { query, keys, values, scoreWeight } = all;
    const { lengths } = attrs as unknown as AttentionAttributes;
    const s = sizesOf(query, keys, values);
    const gradients = [query, keys, values, scoreWeight].map((x) => allocate(x.shape));
    const [dQuery, dKeys, dValues, dScoreWeight] = gradients as [
      TensorInfo,
      TensorInfo,
      TensorInfo,
      TensorInfo,
    ];
    const lengthsAt = lengthsOffset(lengths);
    const dScores = scoreGradient(all, dValues, lengthsAt, s);
    const rows = perRow.reserve(4 * s.batch * s.size); // the score weight's gradient of each batch row
    const places = [dScores, ...[query, keys, scoreWeight].map(offsetOf), lengthsAt];
    const outputs = [offsetOf(dQuery), offsetOf(dKeys), rows];
    const sizes = [s.queries, s.times, s.size];
    runRange("additiveAttentionGradient", rowsOf(s), [...places, ...outputs, ...sizes]);
    floatsOf(dScoreWeight).fill(0);
    const sums = [rows, offsetOf(dScoreWeight), s.batch, s.size];
    runRange("addColumnSums", { end: s.size, unit: 16, work: s.batch * s.size }, sums);
    return gradients;
  },
};

export const attentionKernels = [dotForward, additiveForward, dotBackward, additiveBackward];

export const dotAttentionGradient: GradConfig = {
  kernelName: dotAttentionKernel,
  inputsToSave: ["query", "keys", "values"],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attributes) => {
    const [dContext, dWeights] = dys as [Tensor, Tensor];
    const [query, keys, values, weights] = saved as [Tensor, Tensor, Tensor, Tensor];
    const inputs = { query, keys, values, weights, dContext, dWeights };
    const gradients = runKernel(dotAttentionGradientKernel, inputs, attributes);
    return byName(["query", "keys", "values"], gradients);
  },
};

export const additiveAttentionGradient: GradConfig = {
  kernelName: additiveAttentionKernel,
  inputsToSave: ["query", "keys", "values", "scoreWeight"],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attributes) => {
    const [dContext, dWeights] = dys as [Tensor, Tensor];
    type Saved = [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [query, keys, values, scoreWeight, weights] = saved as Saved;
    const inputs = { query, keys, values, scoreWeight, weights, dContext, dWeights };
    const gradients = runKernel(additiveAttentionGradientKernel, inputs, attributes);
    return byName(["query", "keys", "values", "scoreWeight"], gradients);
  },
};

/** The gradients are computed already: tfjs runs each function in a tidy of its own. */
function byName(names: string[], gradients: Tensor[]): Record<string, () => Tensor> {
  return Object.fromEntries(names.map((name, i) => [name, () => gradients[i] as Tensor]));
}

interface Sizes {
  readonly batch: number;
  readonly queries: number;
  readonly times: number;
  readonly size: number;
  readonly valueSize: number;
}

function sizesOf(query: TensorInfo, keys: TensorInfo, values: TensorInfo): Sizes {
  const [batch, queries, size] = query.shape as [number, number, number];
  const [, times] = keys.shape as [number, number];
  return { batch, queries, times, size, valueSize: values.shape[2] as number };
}

function rowsOf({ batch, queries, times, size, valueSize }: Sizes) {
  return { end: batch, work: batch * queries * times * (size + valueSize) };
}

const dScoresBlock = new Workspace();

/** Makes dValues and the gradient of the scores `[B, Q, T]`; returns the offset of the latter. */
function scoreGradient(
  { weights, dContext, dWeights, values }: GradientInputs,
  dValues: TensorInfo,
  lengthsAt: number,
  s: Sizes,
): number {
  const dScores = dScoresBlock.reserve(4 * s.batch * s.queries * s.times);
  const places = [offsetOf(dContext), offsetOf(dWeights), offsetOf(values), lengthsAt];
  const outputs = [offsetOf(weights), dScores, offsetOf(dValues)];
  const sizes = [s.queries, s.times, s.valueSize];
  runRange("attentionScoreGradient", rowsOf(s), [...places, ...outputs, ...sizes]);
  return dScores;
}

const lengthsBlock = new Workspace();

/** Copies the lengths into the heap; 0: none. */
function lengthsOffset(lengths: Int32Array | null): number {
  if (lengths === null) return 0;
  const offset = lengthsBlock.reserve(4 * lengths.length);
  intsAt(offset, lengths.length).set(lengths);
  return offset;
}
