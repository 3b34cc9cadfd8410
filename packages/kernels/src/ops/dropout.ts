import { checkNumber, type Rng } from "@seq/core";
import { clone, mul, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { referenceDropoutMask } from "../reference/dropout.ts";
import { checkFloat } from "./check.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { dropoutKernel } from "./kernel-names.ts";

/**
 * Inverted dropout: each value is 0 with probability `rate`, else divided by 1 - rate. The mask depends on
 * the generator's state and the value's place only: it is the same on every backend and for any number of
 * threads, and backward makes it anew instead of keeping it.
 *
 * @param x - any shape, float32.
 * @param rate - from 0 to 1; 0 gives a copy, 1 zeros.
 * @param rng - moves on by two words (none for rate 0).
 * @returns the shape of `x`; the caller disposes it.
 * @see Srivastava et al. 2014.
 * @example dropout(ones([1000]), 0.5, new Rng(0)) // about 500 zeros and 500 twos
 */
export function dropout(x: Tensor, rate: number, rng: Rng): Tensor {
  checkNumber("dropout", "rate", rate, { min: 0, max: 1 });
  checkFloat("dropout", "x", x);
  if (rate === 0) return clone(x);
  const mask = {
    key0: rng.nextUint32(),
    key1: rng.nextUint32(),
    keep: Math.min(Math.round((1 - rate) * 2 ** 32), 2 ** 32 - 1),
    scale: rate === 1 ? 0 : 1 / (1 - rate),
  };
  if (hasKernel(dropoutKernel)) return runKernel(dropoutKernel, { x }, mask)[0] as Tensor;
  return tidy(() => mul(x, tensor(referenceDropoutMask(x.size, mask), x.shape)));
}
