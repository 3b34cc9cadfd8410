/** Registers our kernels with tfjs's WASM backend, and their gradients. */
import * as tf from "@tensorflow/tfjs-core";
import { loadModule, modulePath } from "./backend/module.ts";
import { setThreads, threadCount } from "./backend/tasks.ts";
import { type BackendName, heapMemory } from "./backend/tfjs.ts";
import {
  additiveAttentionGradient,
  attentionKernels,
  dotAttentionGradient,
} from "./wasm/attention.ts";
import { attentionLstmKernels } from "./wasm/attention-lstm.ts";
import { dropoutForward, dropoutGradient } from "./wasm/dropout.ts";
import { elmanKernels } from "./wasm/elman.ts";
import { embeddingGradient, embeddingKernels } from "./wasm/embedding.ts";
import { gruKernels } from "./wasm/gru.ts";
import { int8Kernels } from "./wasm/int8.ts";
import { layerNormGradient, layerNormKernels } from "./wasm/layer-norm.ts";
import { linearForward, linearGradient } from "./wasm/linear.ts";
import { linearCrossEntropyKernels } from "./wasm/linear-cross-entropy.ts";
import { lstmKernels } from "./wasm/lstm.ts";
import { batchMatMul, fusedMatMul } from "./wasm/mat-mul.ts";
import { unsortedSegmentSum } from "./wasm/segment-sum.ts";
import { sliceKernels } from "./wasm/slice.ts";
import { crossEntropyGradient, crossEntropyKernels } from "./wasm/softmax-cross-entropy.ts";
import { stepKernels } from "./wasm/steps.ts";

export type KernelPath = "wasm-relaxed-simd" | "wasm-simd" | "reference";

export interface KernelState {
  readonly path: KernelPath;
  readonly sharedHeap: boolean;
  readonly threads: number;
}

const forward = () => [
  unsortedSegmentSum,
  batchMatMul,
  fusedMatMul,
  linearForward,
  ...embeddingKernels,
  ...crossEntropyKernels,
  ...linearCrossEntropyKernels,
  ...attentionKernels,
  ...layerNormKernels,
  dropoutForward,
  ...int8Kernels,
  ...lstmKernels,
  ...gruKernels,
  ...elmanKernels,
  ...attentionLstmKernels,
  ...stepKernels,
  ...sliceKernels(),
];
const gradients = () => [
  linearGradient,
  embeddingGradient,
  crossEntropyGradient,
  dotAttentionGradient,
  additiveAttentionGradient,
  layerNormGradient,
  dropoutGradient,
];

let exactness: "auto" | "exact" = "auto";

/** Starts the kernels and registers them; those of tfjs with the same name are replaced. */
export async function installKernels({
  simd,
  threads,
}: {
  readonly threads?: number;
  readonly simd?: "auto" | "exact";
}): Promise<void> {
  if (simd) exactness = simd;
  await loadModule(exactness);
  setThreads(threads);
  for (const config of forward()) {
    if (tf.getKernel(config.kernelName, "wasm")) tf.unregisterKernel(config.kernelName, "wasm");
    tf.registerKernel(config);
  }
  for (const config of gradients()) {
    if (tf.getGradient(config.kernelName) === undefined) tf.registerGradient(config);
  }
}

export function kernelState(backend: BackendName): KernelState {
  if (backend === "cpu") return { path: "reference", sharedHeap: false, threads: 1 };
  return {
    path: modulePath() ?? "reference",
    sharedHeap: !(heapMemory().buffer instanceof ArrayBuffer),
    threads: threadCount(),
  };
}
