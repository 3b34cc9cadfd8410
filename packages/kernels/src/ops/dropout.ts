import { checkNumber, type Rng } from "@seq/core";
import { clone, mul, type Tensor, tensor, tidy, zerosLike } from "@tensorflow/tfjs-core";

/**
 * Inverted dropout: each value is 0 with probability `rate`, else divided by 1 - rate.
 *
 * @param x - any shape, float32.
 * @param rate - from 0 to 1; 0 gives a copy.
 * @param rng - moves on by one word per value (none for rate 0 and 1).
 * @see Srivastava et al. 2014.
 */
export function dropout(x: Tensor, rate: number, rng: Rng): Tensor {
  checkNumber("dropout", "rate", rate, { min: 0, max: 1 });
  if (rate === 0) return clone(x);
  return tidy(() => {
    if (rate === 1) return mul(x, zerosLike(x));
    const mask = new Float32Array(x.size);
    const threshold = rate * 2 ** 32;
    const scale = 1 / (1 - rate);
    for (let i = 0; i < mask.length; i++) mask[i] = rng.nextUint32() < threshold ? 0 : scale;
    return mul(x, tensor(mask, x.shape));
  });
}
