/**
 * `linearCrossEntropy` on WASM: rows in chunks, so that neither all logits nor their gradient are ever held.
 *
 * One pass over a chunk makes its logits, turns them in place into losses and their gradient, and adds that
 * to the gradients of x, weight and bias. Ignored rows take no part in any product.
 */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { multiply, type Operand } from "../backend/gemm.ts";
import {
  allocate,
  floatsAt,
  floatsOf,
  free,
  intsAt,
  intsOf,
  offsetOf,
  sizeOf,
  Workspace,
} from "../backend/heap.ts";
import { heapMemory } from "../backend/tfjs.ts";
import { linearCrossEntropyGradientKernel, linearCrossEntropyKernel } from "../ops/kernel-names.ts";
import { runRange } from "./ranges.ts";
import {
  type LossAttributes,
  reduced,
  sumOfWeights,
  totalWeight,
  weightsOffset,
} from "./softmax-cross-entropy.ts";

interface Inputs {
  readonly x: TensorInfo;
  readonly weight: TensorInfo;
  /** `[V]`, or `[0]`: no bias. */
  readonly bias: TensorInfo;
  readonly targets: TensorInfo;
  /** `[V]`, or `[0]`: no weights. */
  readonly classWeights: TensorInfo;
}

/** With `withGradients`, outputs [loss, dx, dWeight, dBias] for dy = 1; else [loss]. Not for reduction "none". */
const forward: KernelConfig = {
  kernelName: linearCrossEntropyKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const all = inputs as unknown as Inputs;
    const attributes = attrs as unknown as LossAttributes & { withGradients: boolean };
    const { targets, classWeights, weight, x } = all;
    const total = totalWeight(targets, classWeights, weight.shape[0] as number, attributes);
    const losses = allocate([x.shape[0] as number]);
    const factor = attributes.reduction === "mean" ? 1 / total : 1;
    const gradients = attributes.withGradients ? allocateGradients(all) : undefined;
    run(all, attributes, losses, gradients, factor);
    return [reduced(losses, total, attributes), ...Object.values(gradients ?? {})];
  },
};

/** For reduction "none": dy has a number for each row, so the logits are made once more. */
const backward: KernelConfig = {
  kernelName: linearCrossEntropyGradientKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const all = inputs as unknown as Inputs;
    const { dy } = inputs as { dy: TensorInfo };
    const losses = allocate([all.x.shape[0] as number]);
    const gradients = allocateGradients(all);
    run(all, attrs as unknown as LossAttributes, losses, gradients, 1, dy);
    free(losses);
    return Object.values(gradients);
  },
};

export const linearCrossEntropyKernels = [forward, backward];

interface Gradients {
  readonly x: TensorInfo;
  readonly weight: TensorInfo;
  readonly bias: TensorInfo;
}

function allocateGradients({ x, weight, bias }: Inputs): Gradients {
  return { x: allocate(x.shape), weight: allocate(weight.shape), bias: allocate(bias.shape) };
}

/** A chunk's logits take at most this much memory. */
const chunkBytes = 16 * 2 ** 20;
const minChunkRows = 32;

const workspace = new Workspace();

function run(
  { x, weight, bias, targets, classWeights }: Inputs,
  attributes: LossAttributes,
  losses: TensorInfo,
  gradients: Gradients | undefined,
  factor: number,
  factors?: TensorInfo,
): void {
  const [rows, inputSize] = x.shape as [number, number];
  const classes = weight.shape[0] as number;
  const counted = countedRows(intsOf(targets), attributes.ignoreIndex);
  floatsOf(losses).fill(0);
  if (gradients) {
    if (counted.length < rows) floatsOf(gradients.x).fill(0);
    if (counted.length === 0) floatsOf(gradients.weight).fill(0);
    floatsOf(gradients.bias).fill(0);
  }
  if (counted.length === 0) return;

  const chunk = chunkRows(counted.length, classes);
  const buffers = layOut(counted.length, chunk, classes);
  gather(buffers, counted, x, targets, gradients?.x, factors);
  const options = [attributes.labelSmoothing, sumOfWeights(classWeights, classes)];
  const weightOperand = { at: offsetOf(weight), stride: inputSize * 4 };

  for (let start = 0; start < counted.length; start += chunk) {
    const m = Math.min(chunk, counted.length - start);
    const xRows: Operand = { at: 0, stride: 0, rows: buffers.xRows + 4 * start };
    const logits: Operand = { at: buffers.logits, stride: classes * 4 };
    multiply({
      a: xRows,
      b: { ...weightOperand, transposed: true },
      c: logits,
      ...(sizeOf(bias) > 0 && { bias: offsetOf(bias) }),
      m,
      n: classes,
      k: inputSize,
    });
    const places = [buffers.logits, buffers.targets + 4 * start, weightsOffset(classWeights)];
    const lossPlace = buffers.losses + 4 * start;
    const range = { end: m, work: m * classes };
    if (gradients === undefined) {
      const settings = [lossPlace, buffers.stats, classes, attributes.ignoreIndex];
      runRange("crossEntropy", range, [...places, ...settings], options);
      continue;
    }
    const factorPlace = factors ? buffers.factors + 4 * start : 0;
    const settings = [lossPlace, factorPlace, classes, attributes.ignoreIndex];
    runRange("crossEntropyInPlace", range, [...places, ...settings], [...options, factor]);
    multiply({
      a: logits, // by now their gradient
      b: weightOperand,
      c: { at: 0, stride: 0, rows: buffers.dxRows + 4 * start },
      m,
      n: inputSize,
      k: classes,
    });
    multiply({
      a: { ...logits, transposed: true },
      b: xRows,
      c: { at: offsetOf(gradients.weight), stride: inputSize * 4 },
      accumulate: start > 0,
      m: classes,
      n: inputSize,
      k: m,
    });
    if (sizeOf(bias) > 0) {
      const sums = [buffers.logits, offsetOf(gradients.bias), m, classes];
      runRange("addColumnSums", { end: classes, unit: 16, work: m * classes }, sums);
    }
  }
  const values = floatsOf(losses);
  const compact = floatsAt(buffers.losses, counted.length);
  counted.forEach((row, i) => {
    values[row] = compact[i] as number;
  });
}

function countedRows(targets: Int32Array, ignoreIndex: number): Int32Array {
  const rows = new Int32Array(targets.length);
  let count = 0;
  for (let row = 0; row < targets.length; row++) {
    if (targets[row] !== ignoreIndex) rows[count++] = row;
  }
  return rows.subarray(0, count);
}

/** Equal chunks, a multiple of 4 rows each, as few as the memory allows. */
function chunkRows(rows: number, classes: number): number {
  const most = Math.max(minChunkRows, Math.floor(chunkBytes / (4 * classes)));
  const chunks = Math.ceil(rows / most);
  return Math.ceil(rows / chunks / 4) * 4;
}

/** Byte offsets into the workspace; `xRows` and `dxRows` are tables of row addresses. */
interface Buffers {
  readonly logits: number;
  readonly stats: number;
  readonly targets: number;
  readonly losses: number;
  readonly factors: number;
  readonly xRows: number;
  readonly dxRows: number;
}

function layOut(rows: number, chunk: number, classes: number): Buffers {
  const column = Math.ceil(rows / 16) * 64;
  const logits = workspace.reserve(4 * chunk * classes + 64 + 8 * chunk + 64 + 5 * column);
  const stats = align(logits + 4 * chunk * classes);
  const targets = align(stats + 8 * chunk);
  return {
    logits,
    stats,
    targets,
    losses: targets + column,
    factors: targets + 2 * column,
    xRows: targets + 3 * column,
    dxRows: targets + 4 * column,
  };
}

function align(offset: number): number {
  return Math.ceil(offset / 64) * 64;
}

/** The rows that count, side by side. */
function gather(
  buffers: Buffers,
  counted: Int32Array,
  x: TensorInfo,
  targets: TensorInfo,
  dx: TensorInfo | undefined,
  factors: TensorInfo | undefined,
): void {
  const stride = (x.shape[1] as number) * 4;
  const { buffer } = heapMemory();
  const from = offsetOf(x);
  const to = dx ? offsetOf(dx) : 0;
  const ids = intsOf(targets);
  const compactIds = intsAt(buffers.targets, counted.length);
  const xRows = new Uint32Array(buffer, buffers.xRows, counted.length);
  const dxRows = new Uint32Array(buffer, buffers.dxRows, counted.length);
  const compactFactors = floatsAt(buffers.factors, counted.length);
  const rowFactors = factors ? floatsOf(factors) : undefined;
  counted.forEach((row, i) => {
    compactIds[i] = ids[row] as number;
    xRows[i] = from + row * stride;
    dxRows[i] = to + row * stride;
    if (rowFactors) compactFactors[i] = rowFactors[row] as number;
  });
}
