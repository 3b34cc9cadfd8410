/** Runs a pair of registered sequence kernels as one op on the tape. */
import type { NamedAttrMap, NamedTensorMap, Tensor } from "@tensorflow/tfjs-core";
import { recordOp } from "../backend/record.ts";
import { isRecording, runKernel } from "./dispatch.ts";
import type { LstmWeights, SequenceOptions } from "./recurrent.types.ts";

export interface SequenceKernels {
  /** Its outputs: `results`, then what the gradient needs. */
  readonly forward: string;
  /** Gets the inputs, the saved tensors by name, and the gradients of the results by name. */
  readonly backward: string;
  /** Names of the results as inputs of the gradient; "" for one it does not need. */
  readonly results: readonly string[];
  readonly reserved: readonly string[];
  /** Names of the gradients of the results. */
  readonly gradients: readonly string[];
  /** Inputs in the order in which the gradient returns theirs; missing ones are left out. */
  readonly order: readonly string[];
}

/** @returns the results; the caller disposes them. */
export function recordSequence(
  kernels: SequenceKernels,
  inputs: NamedTensorMap,
  attributes: NamedAttrMap,
): Tensor[] {
  const names = [...kernels.results, ...kernels.reserved];
  return recordOp({
    inputs,
    forward: (save) => {
      const tensors = runKernel(kernels.forward, inputs, attributes);
      if (isRecording()) {
        save([...Object.values(inputs), ...tensors.filter((_, i) => names[i] !== "")]);
      }
      return tensors.slice(0, kernels.results.length);
    },
    backward: (dys, saved) => {
      const savedNames = [...Object.keys(inputs), ...names.filter((name) => name !== "")];
      const tensors: NamedTensorMap = {};
      saved.forEach((tensor, i) => {
        tensors[savedNames[i] as string] = tensor;
      });
      dys.forEach((dy, i) => {
        tensors[kernels.gradients[i] as string] = dy;
      });
      const gradients = runKernel(kernels.backward, tensors, attributes);
      const present = kernels.order.filter((name) => name in inputs);
      return Object.fromEntries(present.map((name, i) => [name, gradients[i] as Tensor]));
    },
  });
}

/** The weights that are there. */
export function presentWeights(weights: LstmWeights): NamedTensorMap {
  const present = Object.entries(weights).filter((entry): entry is [string, Tensor] => !!entry[1]);
  return Object.fromEntries(present);
}

/** The options as a sequence kernel takes them; lengths that are all T are none. */
export function sequenceAttributes(
  { lengths, reverse = false }: SequenceOptions,
  time: number,
  more: NamedAttrMap = {},
): NamedAttrMap {
  const padded = lengths?.some((length) => length < time) ? lengths : null;
  return { ...more, lengths: padded as unknown as number[], reverse };
}
