/** `dropout` on WASM; its gradient is the same mask on dy. */
import type { GradConfig, KernelConfig, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { allocate, offsetOf, sizeOf } from "../backend/heap.ts";
import { runKernel } from "../ops/dispatch.ts";
import { dropoutKernel } from "../ops/kernel-names.ts";
import type { DropoutMask } from "../reference/dropout.ts";
import { runRange } from "./ranges.ts";

export const dropoutForward: KernelConfig = {
  kernelName: dropoutKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { x } = inputs as { x: TensorInfo };
    const { key0, key1, keep, scale } = attrs as unknown as DropoutMask;
    const out = allocate(x.shape);
    const size = sizeOf(x);
    const integers = [offsetOf(x), offsetOf(out), key0, key1, keep];
    runRange("dropout", { end: size, unit: 16, work: 2 * size }, integers, [scale]);
    return out;
  },
};

export const dropoutGradient: GradConfig = {
  kernelName: dropoutKernel,
  gradFunc: (dy, _, attributes) => ({
    x: () => runKernel(dropoutKernel, { x: dy as Tensor }, attributes)[0] as Tensor,
  }),
};
