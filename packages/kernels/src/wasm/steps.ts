/** Single steps on WASM for generation, where no gradient is recorded. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { multiply } from "../backend/gemm.ts";
import { allocate, offsetOf, Workspace } from "../backend/heap.ts";
import { kernelExports } from "../backend/module.ts";
import type { Activation } from "../ops/recurrent.types.ts";
import { activationNumbers } from "./elman.ts";
import { biasSum } from "./vectors.ts";

interface StepInputs {
  readonly x: TensorInfo;
  readonly h: TensorInfo;
  readonly c: TensorInfo;
  readonly weightIh: TensorInfo;
  readonly weightHh: TensorInfo;
  readonly biasIh?: TensorInfo;
  readonly biasHh?: TensorInfo;
  readonly weightHr?: TensorInfo;
}

interface StepExports {
  lstmPointwise(
    ...args: [sums: number, c: number, nextC: number, nextH: number, rows: number, size: number]
  ): void;
  gruPointwise(
    ...args: [fromX: number, fromH: number, h: number, nextH: number, rows: number, size: number]
  ): void;
  activate(x: number, count: number, activation: number): void;
}

const sumsBlock = new Workspace();
const recurrentBlock = new Workspace();
const hiddenBlock = new Workspace();

/** x `[B, In]`, state -> h, c. */
const lstmStep: KernelConfig = {
  kernelName: "SeqLstmStep",
  backendName: "wasm",
  kernelFunc: ({ inputs }) => {
    const all = inputs as unknown as StepInputs;
    const { x, h, c, weightIh, weightHh, biasIh, biasHh, weightHr } = all;
    const [rows, size] = c.shape as [number, number];
    const [nextH, nextC] = [allocate(h.shape), allocate(c.shape)];
    const sums = sumsBlock.reserve(rows * 4 * size * 4);
    times(x, weightIh, sums, { bias: biasSum(biasIh, biasHh, 4 * size) });
    times(h, weightHh, sums, { accumulate: true });
    const hidden = weightHr ? hiddenBlock.reserve(rows * size * 4) : offsetOf(nextH);
    const { lstmPointwise } = kernelExports<StepExports>();
    lstmPointwise(sums, offsetOf(c), offsetOf(nextC), hidden, rows, size);
    if (weightHr) {
      const outSize = h.shape[1] as number;
      multiply({
        a: { at: hidden, stride: size * 4 },
        b: { at: offsetOf(weightHr), stride: size * 4, transposed: true },
        c: { at: offsetOf(nextH), stride: outSize * 4 },
        ...{ m: rows, n: outSize, k: size },
      });
    }
    return [nextH, nextC];
  },
};

/** Reset after the product; x `[B, In]`, h -> h. */
const gruStep: KernelConfig = {
  kernelName: "SeqGruStep",
  backendName: "wasm",
  kernelFunc: ({ inputs }) => {
    const { x, h, weightIh, weightHh, biasIh, biasHh } = inputs as unknown as StepInputs;
    const [rows, size] = h.shape as [number, number];
    const nextH = allocate(h.shape);
    const fromX = sumsBlock.reserve(rows * 3 * size * 4);
    const fromH = recurrentBlock.reserve(rows * 3 * size * 4);
    times(x, weightIh, fromX, biasIh ? { bias: offsetOf(biasIh) } : {});
    times(h, weightHh, fromH, biasHh ? { bias: offsetOf(biasHh) } : {});
    const { gruPointwise } = kernelExports<StepExports>();
    gruPointwise(fromX, fromH, offsetOf(h), offsetOf(nextH), rows, size);
    return nextH;
  },
};

/** x `[B, In]`, h -> h. */
const elmanStep: KernelConfig = {
  kernelName: "SeqElmanStep",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { x, h, weightIh, weightHh, biasIh, biasHh } = inputs as unknown as StepInputs;
    const { activation } = attrs as unknown as { activation: Activation };
    const [rows, size] = h.shape as [number, number];
    const nextH = allocate(h.shape);
    times(x, weightIh, offsetOf(nextH), { bias: biasSum(biasIh, biasHh, size) });
    times(h, weightHh, offsetOf(nextH), { accumulate: true });
    const { activate } = kernelExports<StepExports>();
    activate(offsetOf(nextH), rows * size, activationNumbers[activation]);
    return nextH;
  },
};

export const stepKernels = [lstmStep, gruStep, elmanStep];

/** to (+)= x Wᵀ + bias. */
function times(
  x: TensorInfo,
  weight: TensorInfo,
  to: number,
  more: { readonly bias?: number; readonly accumulate?: boolean },
): void {
  const [n, k] = weight.shape as [number, number];
  multiply({
    a: { at: offsetOf(x), stride: k * 4 },
    b: { at: offsetOf(weight), stride: k * 4, transposed: true },
    c: { at: to, stride: n * 4 },
    ...{ m: x.shape[0] as number, n, k },
    ...more,
  });
}
