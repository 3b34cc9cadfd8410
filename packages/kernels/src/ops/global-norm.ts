import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * The Euclidean norm of all values of all gradients together, accumulated in float64; NaN and Infinity
 * propagate.
 */
export function globalNorm(gradients: readonly Tensor[]): number {
  let total = 0;
  for (const gradient of gradients) {
    for (const value of gradient.dataSync()) total += value * value;
  }
  return Math.sqrt(total);
}
