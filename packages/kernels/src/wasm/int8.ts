/** Products with 8-bit weights on WASM, and the steps of cells made of them. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { allocate, offsetOf, sizeOf, Workspace } from "../backend/heap.ts";
import { kernelExports } from "../backend/module.ts";
import { gruStepInt8Kernel, linearInt8Kernel, lstmStepInt8Kernel } from "../ops/kernel-names.ts";
import { runRange } from "./ranges.ts";
import { biasSum } from "./vectors.ts";

interface LinearInputs {
  readonly x: TensorInfo;
  readonly values: TensorInfo;
  readonly scales: TensorInfo;
  readonly bias: TensorInfo;
}

/** x `[..., in]`, values int32 `[out, padded / 4]` (four bytes each), scales `[out]`, bias `[out]` or `[0]`. */
const linearInt8: KernelConfig = {
  kernelName: linearInt8Kernel,
  backendName: "wasm",
  kernelFunc: ({ inputs }) => {
    const { x, values, scales, bias } = inputs as unknown as LinearInputs;
    const out = allocate([...x.shape.slice(0, -1), sizeOf(scales)]);
    const biasAt = sizeOf(bias) === 0 ? 0 : offsetOf(bias);
    multiplyInt8(x, values, scales, offsetOf(out), { bias: biasAt });
    return out;
  },
};

interface StepInputs {
  readonly x: TensorInfo;
  readonly h: TensorInfo;
  readonly c: TensorInfo;
  readonly valuesIh: TensorInfo;
  readonly scalesIh: TensorInfo;
  readonly valuesHh: TensorInfo;
  readonly scalesHh: TensorInfo;
  readonly biasIh?: TensorInfo;
  readonly biasHh?: TensorInfo;
}

interface StepExports {
  lstmPointwise(
    ...args: [sums: number, c: number, nextC: number, nextH: number, rows: number, size: number]
  ): void;
  gruPointwise(
    ...args: [fromX: number, fromH: number, h: number, nextH: number, rows: number, size: number]
  ): void;
}

const sumsBlock = new Workspace();

/** x `[B, In]`, state -> h, c. */
const lstmStepInt8: KernelConfig = {
  kernelName: lstmStepInt8Kernel,
  backendName: "wasm",
  kernelFunc: ({ inputs }) => {
    const all = inputs as unknown as StepInputs;
    const { x, h, c, biasIh, biasHh } = all;
    const [rows, size] = c.shape as [number, number];
    const [nextH, nextC] = [allocate(h.shape), allocate(c.shape)];
    const sums = sumsBlock.reserve(rows * 4 * size * 4);
    multiplyInt8(x, all.valuesIh, all.scalesIh, sums, { bias: biasSum(biasIh, biasHh, 4 * size) });
    multiplyInt8(h, all.valuesHh, all.scalesHh, sums, { accumulate: true });
    const { lstmPointwise } = kernelExports<StepExports>();
    lstmPointwise(sums, offsetOf(c), offsetOf(nextC), offsetOf(nextH), rows, size);
    return [nextH, nextC];
  },
};

const fromHBlock = new Workspace();

/** x `[B, In]`, h -> h. */
const gruStepInt8: KernelConfig = {
  kernelName: gruStepInt8Kernel,
  backendName: "wasm",
  kernelFunc: ({ inputs }) => {
    const all = inputs as unknown as StepInputs;
    const { x, h, biasIh, biasHh } = all;
    const [rows, size] = h.shape as [number, number];
    const nextH = allocate(h.shape);
    const fromX = sumsBlock.reserve(rows * 3 * size * 4);
    const fromH = fromHBlock.reserve(rows * 3 * size * 4);
    const bias = (tensor?: TensorInfo) => (tensor ? { bias: offsetOf(tensor) } : {});
    multiplyInt8(x, all.valuesIh, all.scalesIh, fromX, bias(biasIh));
    multiplyInt8(h, all.valuesHh, all.scalesHh, fromH, bias(biasHh));
    const { gruPointwise } = kernelExports<StepExports>();
    gruPointwise(fromX, fromH, offsetOf(h), offsetOf(nextH), rows, size);
    return nextH;
  },
};

export const int8Kernels = [linearInt8, lstmStepInt8, gruStepInt8];

const inputsBlock = new Workspace();

/** to (+)= x Wᵀ + bias. */
function multiplyInt8(
  x: TensorInfo,
  values: TensorInfo,
  scales: TensorInfo,
  to: number,
  { bias = 0, accumulate = false }: { readonly bias?: number; readonly accumulate?: boolean },
): void {
  const size = x.shape.at(-1) as number;
  const batch = sizeOf(x) / size;
  const outSize = sizeOf(scales);
  const padded = 4 * (values.shape[1] as number);
  const p = inputsBlock.reserve(batch * padded * 2 + batch * 4);
  const inputScales = p + batch * padded * 2;
  const quantizing = [offsetOf(x), p, inputScales, size, padded];
  runRange("quantizeInputs", { end: batch, work: sizeOf(x) }, quantizing);
  const places = [p, inputScales, offsetOf(values), offsetOf(scales), bias, to];
  const range = { end: outSize, unit: 4, work: (batch * padded * outSize) / 4 };
  runRange("int8Product", range, [...places, batch, padded, outSize, accumulate ? 1 : 0]);
}
