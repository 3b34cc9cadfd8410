/** `softmaxCrossEntropy` on WASM, forward and backward. */
import type { GradConfig, KernelConfig, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { allocate, floatsOf, free, intsOf, offsetOf, sizeOf } from "../backend/heap.ts";
import { targetError } from "../ops/check-targets.ts";
import { runKernel } from "../ops/dispatch.ts";
import { crossEntropyGradientKernel, crossEntropyKernel } from "../ops/kernel-names.ts";
import { runRange } from "./ranges.ts";

/** The options of a loss; plain values, so that the tape can keep them. */
export interface LossAttributes {
  readonly where: string;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  readonly reduction: "mean" | "sum" | "none";
}

interface LossInputs {
  readonly logits: TensorInfo;
  readonly targets: TensorInfo;
  /** `[V]`, or `[0]`: no weights. */
  readonly classWeights: TensorInfo;
}

/** Outputs: the loss, and for backward the largest logit and 1 / Σ e^(z - largest) of each row. */
const forward: KernelConfig = {
  kernelName: crossEntropyKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { logits, targets, classWeights } = inputs as unknown as LossInputs;
    const attributes = attrs as unknown as LossAttributes;
    const [rows, classes] = logits.shape as [number, number];
    const total = totalWeight(targets, classWeights, classes, attributes);
    const losses = allocate([rows]);
    const stats = allocate([rows, 2]);
    const weights = weightsOffset(classWeights);
    const offsets = [
      offsetOf(logits),
      offsetOf(targets),
      weights,
      offsetOf(losses),
      offsetOf(stats),
    ];
    runRange(
      "crossEntropy",
      { end: rows, work: rows * classes },
      [...offsets, classes, attributes.ignoreIndex],
      [attributes.labelSmoothing, sumOfWeights(classWeights, classes)],
    );
    return [reduced(losses, total, attributes), stats];
  },
};

const backward: KernelConfig = {
  kernelName: crossEntropyGradientKernel,
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { logits, targets, classWeights } = inputs as unknown as LossInputs;
    const { dy, stats } = inputs as { dy: TensorInfo; stats: TensorInfo };
    const attributes = attrs as unknown as LossAttributes;
    const [rows, classes] = logits.shape as [number, number];
    const gradient = allocate(logits.shape);
    const offsets = [offsetOf(logits), offsetOf(targets), weightsOffset(classWeights)];
    const dyStep = attributes.reduction === "none" ? 1 : 0;
    const scale =
      attributes.reduction === "mean"
        ? 1 / totalWeight(targets, classWeights, classes, attributes)
        : 1;
    runRange(
      "crossEntropyGradient",
      { end: rows, work: 2 * rows * classes },
      [
        ...offsets,
        offsetOf(stats),
        offsetOf(dy),
        dyStep,
        offsetOf(gradient),
        classes,
        attributes.ignoreIndex,
      ],
      [attributes.labelSmoothing, sumOfWeights(classWeights, classes), scale],
    );
    return gradient;
  },
};

export const crossEntropyKernels = [forward, backward];

export const crossEntropyGradient: GradConfig = {
  kernelName: crossEntropyKernel,
  inputsToSave: ["logits", "targets", "classWeights"],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attributes) => {
    const [dy] = dys as Tensor[];
    const [logits, targets, classWeights, stats] = saved as [Tensor, Tensor, Tensor, Tensor];
    const inputs = { dy: dy as Tensor, logits, targets, classWeights, stats };
    return { logits: () => runKernel(crossEntropyGradientKernel, inputs, attributes)[0] as Tensor };
  },
};

/** Σ of the weights of the targets that count; refuses targets that are no class. */
export function totalWeight(
  targets: TensorInfo,
  classWeights: TensorInfo,
  classes: number,
  { where, ignoreIndex }: LossAttributes,
): number {
  const ids = intsOf(targets);
  const weights = sizeOf(classWeights) === 0 ? undefined : floatsOf(classWeights);
  let total = 0;
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row] as number;
    if (id === ignoreIndex) continue;
    if (id < 0 || id >= classes) throw targetError(where, id, row, classes, ignoreIndex);
    total += weights === undefined ? 1 : (weights[id] as number);
  }
  return total;
}

/** Losses of rows to the loss that was asked for; frees them unless they are it. */
export function reduced(
  losses: TensorInfo,
  total: number,
  { reduction }: Pick<LossAttributes, "reduction">,
): TensorInfo {
  if (reduction === "none") return losses;
  const scalar = allocate([]);
  const sum = floatsOf(losses).reduce((a, b) => a + b, 0);
  floatsOf(scalar)[0] = reduction === "sum" ? sum : sum / total;
  free(losses);
  return scalar;
}

export function weightsOffset(classWeights: TensorInfo): number {
  return sizeOf(classWeights) === 0 ? 0 : offsetOf(classWeights);
}

/** Σ w over all classes. */
export function sumOfWeights(classWeights: TensorInfo, classes: number): number {
  if (sizeOf(classWeights) === 0) return classes;
  return floatsOf(classWeights).reduce((a, b) => a + b, 0);
}
