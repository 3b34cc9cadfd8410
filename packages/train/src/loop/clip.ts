/** Gradient clipping by norm and by value, equal to torch.nn.utils.clip_grad_norm_ and clip_grad_value_. */
import { checkNumber, checkOptions, SeqError } from "@seq/core";
import { globalNorm } from "@seq/kernels";
import { clipByValue, mul, scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";

/**
 * The factor that brings gradients of this norm to at most `maxNorm`:
 *
 *   min(1, maxNorm / (norm + 1e-6))
 *
 * as torch has it. An infinite norm gives 0, NaN gives NaN.
 *
 * @see Pascanu, Mikolov & Bengio 2013, algorithm 1.
 * @example clipCoefficient(3, 1.5) // just below 0.5
 */
export function clipCoefficient(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6)); // min gives NaN for NaN
}

export interface ClipNormOptions {
  readonly maxNorm: number;
  /** The p of the p-norm over all values of all gradients (default 2); `Infinity` for the largest one. */
  readonly normType?: number;
  /** Throw when the norm is infinite or NaN instead of scaling by it (default false). */
  readonly refuseNonFinite?: boolean;
}

/**
 * Scales all gradients by one factor so that their common norm is at most `maxNorm`. The training loop does this
 * without new tensors, by the optimizer's `gradientScale`.
 *
 * @returns the norm before clipping, and new tensors that the caller disposes.
 * @throws {SeqError} `NON_FINITE_GRADIENT` with `refuseNonFinite`.
 */
export function clipGradientNorm(
  gradients: readonly Tensor[],
  options: ClipNormOptions,
): { norm: number; gradients: Tensor[] } {
  checkOptions("clipGradientNorm", options, ["maxNorm", "normType", "refuseNonFinite"]);
  const { maxNorm, normType = 2, refuseNonFinite = false } = options;
  checkNumber("clipGradientNorm", "maxNorm", maxNorm, { min: 0 });
  const norm = gradientNorm(gradients, normType);
  if (refuseNonFinite && !Number.isFinite(norm)) {
    throw new SeqError(`clipGradientNorm: the gradients' norm is ${norm}; it cannot be clipped.`, {
      code: "NON_FINITE_GRADIENT",
      details: { norm },
    });
  }
  const coefficient = clipCoefficient(norm, maxNorm);
  return { norm, gradients: gradients.map((g) => tidy(() => mul(g, scalar(coefficient)))) };
}

/** Each value cut to [-limit, limit]; new tensors that the caller disposes. */
export function clipGradientValue(gradients: readonly Tensor[], limit: number): Tensor[] {
  checkNumber("clipGradientValue", "limit", limit, { min: 0 });
  return gradients.map((gradient) => clipByValue(gradient, -limit, limit));
}

/** The p-norm of all values of all gradients together, in float64; NaN and Infinity propagate. */
export function gradientNorm(gradients: readonly Tensor[], normType = 2): number {
  if (normType === 2) return globalNorm([...gradients]);
  let total = 0;
  let notANumber = false;
  for (const gradient of gradients) {
    for (const value of gradient.dataSync()) {
      const size = Math.abs(value);
      if (Number.isNaN(size)) notANumber = true;
      if (normType === Number.POSITIVE_INFINITY) total = Math.max(total, size);
      else total += size ** normType;
    }
  }
  if (notANumber) return Number.NaN;
  return normType === Number.POSITIVE_INFINITY ? total : total ** (1 / normType);
}
