import { add, matMul, reshape, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { checkFloat, checkShape } from "./check.ts";
import { hasKernel, runKernel } from "./dispatch.ts";

/** The name `linear` is registered under. */
export const linearKernel = "SeqLinear";

/**
 * A linear map: y = x Wᵀ + b, as torch.nn.Linear.
 *
 * @param x - `[..., in]`, float32.
 * @param weight - `[out, in]`.
 * @param bias - `[out]`, or nothing.
 * @returns `[..., out]`; the caller disposes it.
 * @throws {ShapeError} when a size differs.
 * @example linear(tensor2d([[1, 2]]), tensor2d([[3, 4]])) // [[11]]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  const inputSize = x.shape[x.shape.length - 1] ?? 0;
  checkFloat("linear", "x", x);
  checkShape("linear", "weight", weight, ["out", inputSize]);
  const outputSize = weight.shape[0] as number;
  if (bias) checkShape("linear", "bias", bias, [outputSize]);

  if (hasKernel(linearKernel)) {
    return runKernel(linearKernel, bias ? { x, weight, bias } : { x, weight })[0] as Tensor;
  }
  return tidy(() => {
    const product = matMul(reshape(x, [-1, inputSize]), weight, false, true);
    const sum = bias ? add(product, bias) : product;
    return reshape(sum, [...x.shape.slice(0, -1), outputSize]);
  });
}
