/** `layerNorm` on WASM, forward and backward. */
import type { GradConfig, KernelConfig, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { allocate, offsetOf, sizeOf } from "../backend/heap.ts";
import { runKernel } from "../ops/dispatch.ts";
import { layerNormGradientKernel, layerNormKernel } from "../ops/kernel-names.ts";
import { runRange } from "./ranges.ts";

/** Inputs x `[..., size]`, gain and bias (`[size]`, or `[0]`: none); outputs y and each row's mean and 1/deviation. */
const forward: KernelConfig = {
  kernelName: layerNormKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { x, gain, bias } = inputs as { x: TensorInfo; gain: TensorInfo; bias: TensorInfo };
    const { epsilon } = attrs as unknown as { epsilon: number };
    const { rows, size } = rowsOf(x);
    const y = allocate(x.shape);
    const stats = allocate([rows, 2]);
    const places = [offsetOf(x), optional(gain), optional(bias), offsetOf(y), offsetOf(stats)];
    runRange("layerNorm", { end: rows, work: 3 * sizeOf(x) }, [...places, size], [epsilon]);
    return [y, stats];
  },
};

interface BackwardInputs {
  readonly dy: TensorInfo;
  readonly x: TensorInfo;
  readonly gain: TensorInfo;
  readonly bias: TensorInfo;
  readonly stats: TensorInfo;
}

/** Outputs the gradients of x, gain and bias; the latter two are undefined content where there is neither. */
const backward: KernelConfig = {
  kernelName: layerNormGradientKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs }) => {
    const { dy, x, gain, bias, stats } = inputs as unknown as BackwardInputs;
    const { rows, size } = rowsOf(x);
    const dx = allocate(x.shape);
    const dGain = allocate([size]);
    const dBias = allocate([size]);
    const work = 4 * sizeOf(x);
    const places = [offsetOf(dy), offsetOf(x), optional(gain), offsetOf(stats), offsetOf(dx)];
    runRange("layerNormGradient", { end: rows, work }, [...places, size]);
    if (sizeOf(gain) + sizeOf(bias) > 0) {
      const sums = [dy, x, stats, dGain, dBias].map(offsetOf);
      runRange("layerNormParameters", { end: size, unit: 16, work }, [...sums, rows, size]);
    }
    return [dx, dGain, dBias];
  },
};

export const layerNormKernels = [forward, backward];

export const layerNormGradient: GradConfig = {
  kernelName: layerNormKernel,
  inputsToSave: ["x", "gain", "bias"],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attributes) => {
    const [dy] = dys as [Tensor];
    const [x, gain, bias, stats] = saved as [Tensor, Tensor, Tensor, Tensor];
    const inputs = { dy, x, gain, bias, stats };
    const [dx, dGain, dBias] = runKernel(layerNormGradientKernel, inputs, attributes) as Tensor[];
    return {
      x: () => dx as Tensor,
      gain: () => dGain as Tensor,
      bias: () => dBias as Tensor,
    };
  },
};

function rowsOf(x: TensorInfo): { rows: number; size: number } {
  const size = x.shape.at(-1) as number;
  return { rows: size === 0 ? 0 : sizeOf(x) / size, size };
}

/** 0 for the empty tensor. */
function optional(tensor: TensorInfo): number {
  return sizeOf(tensor) === 0 ? 0 : offsetOf(tensor);
}
