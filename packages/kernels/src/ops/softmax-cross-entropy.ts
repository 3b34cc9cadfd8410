import { checkInteger, checkNumber, checkOneOf, checkOptions } from "@seq/core";
import {
  customGrad,
  type GradSaveFunc,
  scalar,
  type Tensor,
  tensor1d,
  tensor2d,
  tidy,
} from "@tensorflow/tfjs-core";
import {
  referenceCrossEntropy,
  referenceCrossEntropyGradient,
  referenceTotalWeight,
} from "../reference/cross-entropy.ts";
import { checkFloat, checkInt, checkShape } from "./check.ts";
import { checkTargets } from "./check-targets.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { crossEntropyKernel } from "./kernel-names.ts";

export interface CrossEntropyOptions {
  /** Rows with this target count nowhere, neither in the loss nor in its mean. Default -100. */
  readonly ignoreIndex?: number;
  /** ε in [0, 1]: the target distribution is (1 - ε) one-hot + ε uniform. Default 0. */
  readonly labelSmoothing?: number;
  /** `[V]`, one weight per class; the mean divides by the targets' weights. */
  readonly classWeights?: Tensor | null;
  /** Default "mean". "none" gives one loss per row, 0 for ignored ones. */
  readonly reduction?: "mean" | "sum" | "none";
}

/**
 * Cross-entropy of softmax(logits) against target ids, in nats, as torch.nn.functional.cross_entropy.
 *
 *   lossₙ = -(1 - ε) w[yₙ] log pₙ[yₙ] - ε/V Σ_v w[v] log pₙ[v];   mean = Σ lossₙ / Σ w[yₙ]
 *
 * When every row is ignored the mean is NaN (0/0) and the gradient 0, as in torch.
 *
 * @param logits - `[N, V]`, float32.
 * @param targets - `[N]`, int32, each 0..V-1 or `ignoreIndex`.
 * @returns a scalar, or `[N]` for reduction "none".
 * @throws {OptionError} `TARGET_RANGE` when a target is no class.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  const where = "softmaxCrossEntropy";
  checkShape(where, "logits", logits, ["N", "V"]);
  checkFloat(where, "logits", logits);
  const [rows, classes] = logits.shape as [number, number];
  const { classWeights, ...checked } = checkedOptions(where, options, classes);
  checkShape(where, "targets", targets, [rows]);
  checkInt(where, "targets", targets);
  if (hasKernel(crossEntropyKernel)) {
    return tidy(() => {
      const inputs = { logits, targets, classWeights: classWeights ?? tensor1d([]) };
      return runKernel(crossEntropyKernel, inputs, { ...checked, where })[0] as Tensor;
    });
  }
  return byReference(logits, targets, { ...checked, classWeights });
}

/** The float64 reference, forward and backward. */
function byReference(
  logits: Tensor,
  targets: Tensor,
  { ignoreIndex, labelSmoothing, classWeights, reduction }: CheckedOptions,
): Tensor {
  const [rows, classes] = logits.shape as [number, number];
  const ids = targets.dataSync() as Int32Array;
  checkTargets("softmaxCrossEntropy", ids, classes, ignoreIndex);
  const weights = classWeights && (classWeights.dataSync() as Float32Array);
  const options = { ignored: ignoreIndex, smoothing: labelSmoothing, weights };
  const scale = reduction === "mean" ? 1 / referenceTotalWeight(ids, options) : 1;
  const run = customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [z, save] = args as [Tensor, GradSaveFunc];
    save([z]);
    const losses = referenceCrossEntropy(z.dataSync() as Float32Array, ids, classes, options);
    const value =
      reduction === "none"
        ? tensor1d(Float32Array.from(losses))
        : scalar(losses.reduce((a, b) => a + b, 0) * scale);
    const gradFunc = (dy: Tensor, [saved]: Tensor[]) => {
      const given = dy.dataSync() as Float32Array;
      const factors = Float64Array.from(ids, (_, row) => scale * (given[dy.rank && row] as number));
      const values = (saved as Tensor).dataSync() as Float32Array;
      const gradient = referenceCrossEntropyGradient(values, ids, classes, factors, options);
      return tensor2d(Float32Array.from(gradient), [rows, classes]);
    };
    return { value, gradFunc };
  });
  return run(logits);
}

interface CheckedOptions {
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  readonly classWeights: Tensor | null;
  readonly reduction: "mean" | "sum" | "none";
}

/** The options with their defaults, checked. */
export function checkedOptions(
  where: string,
  options: CrossEntropyOptions,
  classes: number,
): CheckedOptions {
  checkOptions(where, options, ["ignoreIndex", "labelSmoothing", "classWeights", "reduction"]);
  const {
    ignoreIndex = -100,
    labelSmoothing = 0,
    classWeights = null,
    reduction = "mean",
  } = options;
  checkInteger(where, "ignoreIndex", ignoreIndex);
  checkNumber(where, "labelSmoothing", labelSmoothing, { min: 0, max: 1 });
  checkOneOf(where, "reduction", reduction, ["mean", "sum", "none"]);
  if (classWeights) {
    checkShape(where, "classWeights", classWeights, [classes]);
    checkFloat(where, "classWeights", classWeights);
  }
  return { ignoreIndex, labelSmoothing, classWeights, reduction };
}
