/** Registers our kernels with tfjs's WASM backend. */
import * as tf from "@tensorflow/tfjs-core";
import { unsortedSegmentSum } from "./segment-sum.ts";
import type { BackendName } from "./tfjs.ts";

export type KernelPath = "wasm-relaxed-simd" | "wasm-simd" | "reference";

export interface KernelState {
  readonly path: KernelPath;
  readonly sharedHeap: boolean;
  readonly threads: number;
}

const kernels = [unsortedSegmentSum];

export async function installKernels(_options: {
  readonly threads?: number;
  readonly simd?: "auto" | "exact";
}): Promise<void> {
  for (const kernel of kernels) {
    if (tf.getKernel(kernel.kernelName, "wasm")) tf.unregisterKernel(kernel.kernelName, "wasm");
    tf.registerKernel(kernel);
  }
}

export function kernelState(_backend: BackendName): KernelState {
  return { path: "reference", sharedHeap: false, threads: 1 };
}
