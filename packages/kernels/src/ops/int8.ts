/**
 * Weights of 8 bits for generation: a quarter of the memory and several times the speed of float32, at errors
 * of about 0.4 % of a row's largest weight. Not for training: no gradient flows.
 */
import { ShapeError } from "@seq/core";
import { type Tensor, tensor, tensor1d, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { quantizeRows, referenceInt8Product } from "../reference/int8.ts";
import { checkFloat, checkShape } from "./check.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { linearInt8Kernel } from "./kernel-names.ts";

/** A matrix `[outSize, inSize]` of 8-bit numbers with one scale for each row. */
export interface Int8Weight {
  readonly outSize: number;
  readonly inSize: number;
  /** int32 `[outSize, inSize / 4 rounded up to a multiple of 4]`: four 8-bit numbers in each. */
  readonly values: Tensor;
  /** `[outSize]` */
  readonly scales: Tensor;
  dispose(): void;
}

/** Beyond it the whole-number sums would no longer fit 32 bits. */
const mostColumns = 8192;

/**
 * Rounds each row of a weight to multiples of its largest magnitude / 127.
 *
 * @param weight - `[out, in]`, float32, in at most 8192; not disposed.
 * @returns a weight for `linearInt8` and the steps of cells; the caller disposes it.
 * @throws {ShapeError} `SHAPE_MISMATCH`
 */
export function quantizeWeight(weight: Tensor): Int8Weight {
  checkShape("quantizeWeight", "weight", weight, ["out", "in"]);
  checkFloat("quantizeWeight", "weight", weight);
  const [outSize, inSize] = weight.shape as [number, number];
  if (inSize > mostColumns) {
    throw new ShapeError(`quantizeWeight: weight has ${inSize} columns, expected at most 8192.`, {
      code: "SHAPE_MISMATCH",
      details: { shape: weight.shape },
    });
  }
  const rows = quantizeRows(weight.dataSync() as Float32Array, outSize, inSize);
  const values = tensor2d(new Int32Array(rows.values.buffer), [outSize, rows.padded / 4], "int32");
  const scales = tensor1d(rows.scales);
  const dispose = () => {
    values.dispose();
    scales.dispose();
  };
  return { outSize, inSize, values, scales, dispose };
}

/**
 * y = x Wᵀ + b with 8-bit weights; x is rounded to 12 bits of its row's largest magnitude.
 *
 * @param x - `[..., in]`, float32; small batches.
 * @returns `[..., out]`; the caller disposes it.
 * @throws {ShapeError} `SHAPE_MISMATCH`
 */
export function linearInt8(x: Tensor, weight: Int8Weight, bias?: Tensor | null): Tensor {
  checkFloat("linearInt8", "x", x);
  checkShape("linearInt8", "x", x, [...x.shape.slice(0, -1), weight.inSize]);
  if (bias) checkShape("linearInt8", "bias", bias, [weight.outSize]);
  const { values, scales } = weight;
  if (!hasKernel(linearInt8Kernel)) return byReference(x, weight, bias ?? null);
  return tidy(() => {
    const inputs = { x, values, scales, bias: bias ?? tensor1d([]) };
    return runKernel(linearInt8Kernel, inputs)[0] as Tensor;
  });
}

function byReference(x: Tensor, weight: Int8Weight, bias: Tensor | null): Tensor {
  const { values, scales, inSize, outSize } = weight;
  const rows = {
    values: new Int8Array(Int32Array.from(values.dataSync()).buffer),
    scales: scales.dataSync() as Float32Array,
    padded: 4 * (values.shape[1] as number),
  };
  const all = x.dataSync() as Float32Array;
  const out = new Float32Array((all.length / inSize) * outSize);
  const biases = bias && (bias.dataSync() as Float32Array);
  for (let row = 0; row * inSize < all.length; row++) {
    const one = all.subarray(row * inSize, (row + 1) * inSize);
    out.set(referenceInt8Product(one, rows, biases), row * outSize);
  }
  return tensor(out, [...x.shape.slice(0, -1), outSize]);
}
