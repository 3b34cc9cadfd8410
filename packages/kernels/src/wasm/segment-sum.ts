/**
 * The tfjs kernel UnsortedSegmentSum for the WASM backend, which lacks it (tfjs issue 8082): without it no
 * model with a `gather` trains.
 */
import type { KernelConfig, TensorInfo, UnsortedSegmentSumInputs } from "@tensorflow/tfjs-core";
import { allocate, intsOf } from "../backend/heap.ts";
import { scatterAdd } from "./embedding.ts";

export const unsortedSegmentSum: KernelConfig = {
  kernelName: "UnsortedSegmentSum",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { x, segmentIds } = inputs as Record<keyof UnsortedSegmentSumInputs, TensorInfo>;
    const { numSegments } = attrs as unknown as { numSegments: number };
    const leading = segmentIds.shape.length;
    const inner = x.shape.slice(leading);
    if (x.dtype === "float32") {
      return { ...scatterAdd(x, segmentIds, numSegments), shape: [numSegments, ...inner] };
    }
    const width = inner.reduce((a, b) => a * b, 1);
    const out: TensorInfo = allocate([numSegments, ...inner], x.dtype);
    const target = intsOf(out);
    const source = intsOf(x);
    const ids = intsOf(segmentIds);
    target.fill(0);
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row] as number;
      if (id < 0 || id >= numSegments) continue; // dropped, as TensorFlow does
      const to = id * width;
      const from = row * width;
      for (let k = 0; k < width; k++) {
        target[to + k] = (target[to + k] as number) + (source[from + k] as number);
      }
    }
    return out;
  },
};
