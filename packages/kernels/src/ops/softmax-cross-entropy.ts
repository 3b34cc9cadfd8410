import { checkNumber, checkOneOf, checkOptions, OptionError } from "@seq/core";
import {
  add,
  div,
  gather,
  logSoftmax,
  mul,
  neg,
  oneHot,
  scalar,
  sum,
  type Tensor,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";
import { checkFloat, checkShape } from "./check.ts";

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
  const { labelSmoothing, classWeights, reduction, ignoreIndex } = crossEntropyOptions(
    where,
    options,
  );
  const [rows, classes] = logits.shape as [number, number];
  checkShape(where, "targets", targets, [rows]);
  const ids = checkedTargets(where, targets.dataSync() as Int32Array, classes, ignoreIndex);

  return tidy(() => {
    const counted = tensor1d(Float32Array.from(ids, (id) => (id < 0 ? 0 : 1)));
    const safeIds = tensor1d(
      Int32Array.from(ids, (id) => Math.max(id, 0)),
      "int32",
    );
    const weights = classWeights ? mul(gather(classWeights, safeIds), counted) : counted;
    const logProbs = logSoftmax(logits);
    const picked = sum(mul(logProbs, oneHot(safeIds, classes)), 1);
    let losses = mul(mul(neg(picked), weights), 1 - labelSmoothing);
    if (labelSmoothing > 0) {
      const weighted = classWeights ? mul(logProbs, classWeights) : logProbs;
      const uniform = mul(sum(weighted, 1), counted);
      losses = add(losses, mul(uniform, -labelSmoothing / classes));
    }
    if (reduction === "none") return losses;
    const total = sum(losses);
    if (reduction === "sum") return total;
    // 0/0 is NaN, as in torch; written so that the gradient is 0 and not NaN too.
    if (countOf(ids) === 0) return add(mul(total, 0), Number.NaN);
    return div(total, classWeights ? sum(weights) : scalar(countOf(ids)));
  });
}

/** The options with their defaults, checked. */
export function crossEntropyOptions(where: string, options: CrossEntropyOptions) {
  checkOptions(where, options, ["ignoreIndex", "labelSmoothing", "classWeights", "reduction"]);
  return {
    ignoreIndex: options.ignoreIndex ?? -100,
    labelSmoothing: checkNumber(where, "labelSmoothing", options.labelSmoothing ?? 0, {
      min: 0,
      max: 1,
    }),
    classWeights: options.classWeights ?? null,
    reduction: checkOneOf(where, "reduction", options.reduction ?? "mean", ["mean", "sum", "none"]),
  };
}

/** Targets with ignored ones as -1. */
export function checkedTargets(
  where: string,
  targets: Int32Array,
  classes: number,
  ignoreIndex: number,
): Int32Array {
  return targets.map((id, row) => {
    if (id === ignoreIndex) return -1;
    if (id < 0 || id >= classes) {
      throw new OptionError(
        `${where}: targets[${row}] is ${id}, expected 0 to ${classes - 1} or ignoreIndex (${ignoreIndex}).`,
        { code: "TARGET_RANGE", details: { row, target: id, classes } },
      );
    }
    return id;
  });
}

function countOf(ids: Int32Array): number {
  return ids.reduce((count, id) => count + (id < 0 ? 0 : 1), 0);
}
