import type { Tensor } from "@tensorflow/tfjs-core";
import { hasFastKernels } from "../wasm/has-fast-kernels.ts";
import { sumOfSquares } from "../wasm/optimizers.ts";

/**
 * The Euclidean norm of all values of all gradients together, accumulated in float64; NaN and Infinity
 * propagate.
 *
 * @example globalNorm([tensor1d([3]), tensor2d([[4]])]) // 5
 */
export function globalNorm(gradients: readonly Tensor[]): number {
  let total = 0;
  const isFast = hasFastKernels();
  for (const gradient of gradients) {
    if (isFast) total += sumOfSquares(gradient);
    else for (const value of gradient.dataSync()) total += value * value;
  }
  return Math.sqrt(total);
}
