import { checkNumber, checkOneOf, checkOptions } from "@seq/core";
import { add, div, logSoftmax, mul, neg, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { checkFloat, checkShape } from "./check.ts";

export interface SoftTargetOptions {
  /** ε in [0, 1]: the targets are mixed with the uniform distribution. Default 0. */
  readonly labelSmoothing?: number;
  /** `[V]`, one weight per class. */
  readonly classWeights?: Tensor | null;
  /** Default "mean": over the rows, whatever the weights. */
  readonly reduction?: "mean" | "sum" | "none";
}

/**
 * Cross-entropy of softmax(logits) against distributions, in nats, as torch.nn.functional.cross_entropy with
 * class probabilities: for distillation and mixed labels.
 *
 *   lossₙ = -Σ_v w[v] ((1 - ε) tₙ[v] + ε/V) log pₙ[v]
 *
 * @param logits - `[N, V]`, float32.
 * @param targets - `[N, V]`, float32; rows that sum to 1 (not checked). No gradient flows into them.
 * @returns a scalar, or `[N]` for reduction "none".
 * @throws {ShapeError} `SHAPE_MISMATCH`
 */
export function softTargetCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: SoftTargetOptions = {},
): Tensor {
  const where = "softTargetCrossEntropy";
  checkOptions(where, options, ["labelSmoothing", "classWeights", "reduction"]);
  const { labelSmoothing = 0, classWeights, reduction = "mean" } = options;
  checkNumber(where, "labelSmoothing", labelSmoothing, { min: 0, max: 1 });
  checkOneOf(where, "reduction", reduction, ["mean", "sum", "none"]);
  checkShape(where, "logits", logits, ["N", "V"]);
  checkFloat(where, "logits", logits);
  const [rows, classes] = logits.shape as [number, number];
  checkShape(where, "targets", targets, [rows, classes]);
  return tidy(() => {
    const smooth = add(mul(targets, 1 - labelSmoothing), labelSmoothing / classes);
    const weights = classWeights ? mul(smooth, classWeights) : smooth;
    const losses = neg(sum(mul(weights, logSoftmax(logits)), 1));
    if (reduction === "none") return losses;
    return reduction === "sum" ? sum(losses) : div(sum(losses), rows);
  });
}
