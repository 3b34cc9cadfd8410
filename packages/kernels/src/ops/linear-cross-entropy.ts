import type { Tensor } from "@tensorflow/tfjs-core";
import { tidy } from "@tensorflow/tfjs-core";
import { linear } from "./linear.ts";
import { type CrossEntropyOptions, softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

/**
 * `softmaxCrossEntropy(linear(x, weight, bias), targets)`.
 *
 * @param x - `[N, H]`, float32.
 * @param weight - `[V, H]`.
 * @param bias - `[V]` or null.
 * @param targets - `[N]`, int32.
 */
export function linearCrossEntropy(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  targets: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  return tidy(() => softmaxCrossEntropy(linear(x, weight, bias), targets, options));
}
