/** `embedding` on WASM, forward and backward. */
import type { GradConfig, KernelConfig, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { allocate, intsOf, offsetOf, sizeOf, Workspace } from "../backend/heap.ts";
import { kernelExports } from "../backend/module.ts";
import { runKernel } from "../ops/dispatch.ts";
import { embeddingGradientKernel, embeddingKernel } from "../ops/kernel-names.ts";
import { tokenIdError } from "../ops/token-id-error.ts";
import { runRange } from "./ranges.ts";

interface IdExports {
  firstBadId(ids: number, count: number, rows: number): number;
}

/** What backward needs to know; plain values, so that the tape can keep them. */
interface GradientAttributes {
  readonly vocabSize: number;
  /** -1: none. */
  readonly padding: number;
  readonly byFrequency: boolean;
}

export const embeddingForward: KernelConfig = {
  kernelName: embeddingKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs }) => {
    const { weight, ids } = inputs as { weight: TensorInfo; ids: TensorInfo };
    const [vocabSize, width] = weight.shape as [number, number];
    const count = sizeOf(ids);
    const bad = kernelExports<IdExports>().firstBadId(offsetOf(ids), count, vocabSize);
    if (bad < count) throw tokenIdError(intsOf(ids)[bad] as number, bad, vocabSize);
    const out = allocate([...ids.shape, width]);
    const range = { end: count, work: 2 * count * width };
    runRange("gather", range, [offsetOf(weight), offsetOf(ids), offsetOf(out), width]);
    return out;
  },
};

const counts = new Workspace();

const embeddingGradientForward: KernelConfig = {
  kernelName: embeddingGradientKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { dy, ids } = inputs as { dy: TensorInfo; ids: TensorInfo };
    const { vocabSize, padding, byFrequency } = attrs as unknown as GradientAttributes;
    return scatterAdd(dy, ids, vocabSize, padding, byFrequency);
  },
};

/** `[vocabSize, width]`: the sum of the rows of each id. */
export function scatterAdd(
  rows: TensorInfo,
  ids: TensorInfo,
  vocabSize: number,
  padding = -1,
  byFrequency = false,
): TensorInfo {
  const positions = sizeOf(ids);
  const width = positions === 0 ? (rows.shape.at(-1) ?? 1) : sizeOf(rows) / positions;
  const out = allocate([vocabSize, width]);
  const scratch = byFrequency ? counts.reserve(4 * vocabSize) : 0;
  const offsets = [offsetOf(rows), offsetOf(ids), offsetOf(out), scratch];
  const range = { end: vocabSize, work: width * (vocabSize + 2 * positions) };
  runRange("scatterAdd", range, [...offsets, positions, width, padding, byFrequency ? 1 : 0]);
  return out;
}

export const embeddingGradient: GradConfig = {
  kernelName: embeddingKernel,
  inputsToSave: ["ids"],
  gradFunc: (dy, [ids], attributes) => ({
    weight: () =>
      runKernel(
        embeddingGradientKernel,
        { dy: dy as Tensor, ids: ids as Tensor },
        attributes,
      )[0] as Tensor,
  }),
};

export const embeddingKernels = [embeddingForward, embeddingGradientForward];
