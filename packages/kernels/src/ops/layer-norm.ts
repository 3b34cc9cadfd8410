import { checkNumber, checkOptions } from "@seq/core";
import {
  add,
  mean,
  mul,
  rsqrt,
  square,
  sub,
  type Tensor,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";
import { checkFloat, checkShape } from "./check.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { layerNormKernel } from "./kernel-names.ts";

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
  checkFloat("layerNorm", "x", x);
  if (gain) checkShape("layerNorm", "gain", gain, [size]);
  if (bias) checkShape("layerNorm", "bias", bias, [size]);
  if (hasKernel(layerNormKernel)) {
    return tidy(() => {
      const inputs = { x, gain: gain ?? tensor1d([]), bias: bias ?? tensor1d([]) };
      return runKernel(layerNormKernel, inputs, { epsilon })[0] as Tensor;
    });
  }
  return tidy(() => {
    const centred = sub(x, mean(x, -1, true));
    const variance = mean(square(centred), -1, true);
    const normal = mul(centred, rsqrt(add(variance, epsilon)));
    const scaled = gain ? mul(normal, gain) : normal;
    return bias ? add(scaled, bias) : scaled;
  });
}
