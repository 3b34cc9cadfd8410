import { checkNumber, checkOptions } from "@seq/core";
import { add, mean, mul, rsqrt, square, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { checkShape } from "./check.ts";

/**
 * Layer normalisation over the last axis (Ba et al. 2016, eq. 4): (x - mean) / √(variance + ε) ⊙ gain + bias.
 *
 * @param x - `[..., size]`, float32.
 * @param gain - `[size]` or null.
 * @param bias - `[size]` or null.
 * @param options - `epsilon`, default 1e-5.
 */
export function layerNorm(
  x: Tensor,
  gain: Tensor | null,
  bias: Tensor | null,
  options: { readonly epsilon?: number } = {},
): Tensor {
  checkOptions("layerNorm", options, ["epsilon"]);
  const epsilon = checkNumber("layerNorm", "epsilon", options.epsilon ?? 1e-5, { min: 0 });
  const size = x.shape[x.shape.length - 1] ?? 0;
  if (gain) checkShape("layerNorm", "gain", gain, [size]);
  if (bias) checkShape("layerNorm", "bias", bias, [size]);
  return tidy(() => {
    const centred = sub(x, mean(x, -1, true));
    const variance = mean(square(centred), -1, true);
    const normal = mul(centred, rsqrt(add(variance, epsilon)));
    const scaled = gain ? mul(normal, gain) : normal;
    return bias ? add(scaled, bias) : scaled;
  });
}
