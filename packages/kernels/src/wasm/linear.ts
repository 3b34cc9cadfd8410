/** `linear` on WASM, forward and backward. */
import type { GradConfig, KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { matMul, reshape, sum, type Tensor } from "@tensorflow/tfjs-core";
import { multiply } from "../backend/gemm.ts";
import { allocate, offsetOf, sizeOf } from "../backend/heap.ts";

export const linearForward: KernelConfig = {
  kernelName: "SeqLinear",
  backendName: "wasm",
  kernelFunc: ({ inputs }) => {
    const { x, weight, bias } = inputs as { x: TensorInfo; weight: TensorInfo; bias?: TensorInfo };
    const [outputSize, inputSize] = weight.shape as [number, number];
    const out = allocate([...x.shape.slice(0, -1), outputSize]);
    multiply({
      a: { at: offsetOf(x), stride: inputSize * 4 },
      b: { at: offsetOf(weight), stride: inputSize * 4, transposed: true },
      c: { at: offsetOf(out), stride: outputSize * 4 },
      m: inputSize === 0 ? 0 : sizeOf(x) / inputSize,
      n: outputSize,
      k: inputSize,
      ...(bias && { bias: offsetOf(bias) }),
    });
    return out;
  },
};

/** dx = dy W, dW = dyᵀ x, db = Σ dy. */
export const linearGradient: GradConfig = {
  kernelName: "SeqLinear",
  inputsToSave: ["x", "weight"],
  gradFunc: (dy, saved) => {
    const [x, weight] = saved as [Tensor, Tensor];
    const [outputSize, inputSize] = weight.shape as [number, number];
    const rows = () => reshape(dy as Tensor, [-1, outputSize]);
    return {
      x: () => reshape(matMul(rows(), weight), x.shape),
      weight: () => matMul(rows(), reshape(x, [-1, inputSize]), true),
      bias: () => sum(rows(), 0),
    };
  },
};
