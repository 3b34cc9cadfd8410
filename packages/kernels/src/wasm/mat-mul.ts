/**
 * tfjs's own products on our GEMM. Its WASM kernels run transposed and batched products in a scalar loop,
 * which every backward pass uses, and add the bias wrongly in `fused.matMul` when an operand is transposed
 * or batched and K > 48.
 */

import { ShapeError } from "@seq/core";
import {
  type BatchMatMulAttrs,
  broadcast_util,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { multiply } from "../backend/gemm.ts";
import { allocate, free, offsetOf } from "../backend/heap.ts";

export const batchMatMul: KernelConfig = {
  kernelName: "BatchMatMul",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs }) => {
    const { a, b } = inputs as unknown as { a: TensorInfo; b: TensorInfo };
    return product(a, b, attrs as unknown as BatchMatMulAttrs);
  },
};

export const fusedMatMul: KernelConfig = {
  kernelName: "_FusedMatMul",
  backendName: "wasm",
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { a, b, bias, preluActivationWeights } = inputs as unknown as {
      a: TensorInfo;
      b: TensorInfo;
      bias?: TensorInfo;
      preluActivationWeights?: TensorInfo;
    };
    const { activation, leakyreluAlpha, ...transposes } = attrs as unknown as BatchMatMulAttrs & {
      activation: keyof typeof activations;
      leakyreluAlpha?: number;
    };
    const out = product(a, b, transposes, bias);
    if (activation === "linear") return out;
    const name = activations[activation];
    if (name === undefined) {
      throw new ShapeError(`fused.matMul: activation "${activation}" is not known on wasm.`, {
        code: "UNKNOWN_ACTIVATION",
      });
    }
    const run = getKernel(name, "wasm").kernelFunc as KernelFunc;
    const activated = run({
      inputs:
        name === "Prelu" ? { x: out, alpha: preluActivationWeights as TensorInfo } : { x: out },
      attrs: { alpha: leakyreluAlpha ?? 0.2 },
      backend,
    }) as TensorInfo;
    free(out);
    return activated;
  },
};

const activations = {
  linear: "Identity",
  relu: "Relu",
  relu6: "Relu6",
  prelu: "Prelu",
  leakyrelu: "LeakyRelu",
  sigmoid: "Sigmoid",
  elu: "Elu",
} as const;

/** Batched, broadcast over the leading axes, either operand transposed in its last two. */
function product(
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB }: BatchMatMulAttrs,
  bias?: TensorInfo,
): TensorInfo {
  for (const operand of [a, b]) {
    if (operand.dtype !== "float32") {
      throw new ShapeError(`matMul: an operand is ${operand.dtype}, expected float32.`, {
        code: "DTYPE_MISMATCH",
        details: { dtype: operand.dtype },
      });
    }
  }
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [n, kOfB] = transposeB ? [bRows, bColumns] : [bColumns, bRows];
  if (k !== kOfB) {
    throw new ShapeError(
      `matMul: inner sizes differ, ${k} and ${kOfB}, for shapes [${a.shape}] and [${b.shape}] with transposeA ${transposeA} and transposeB ${transposeB}.`,
      { code: "SHAPE_MISMATCH", details: { a: a.shape, b: b.shape } },
    );
  }
  const aBatch = a.shape.slice(0, -2);
  const bBatch = b.shape.slice(0, -2);
  const batch = broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
  const out = allocate([...batch, m, n]);
  const biasAt = biasOffset(bias, n);
  const [aAt, bAt, cAt] = [offsetOf(a), offsetOf(b), offsetOf(out)];
  const bOperand = (index: number) => ({
    at: bAt + index * k * n * 4,
    stride: bColumns * 4,
    transposed: transposeB,
  });
  const aCount = util.sizeFromShape(aBatch);
  const bCount = util.sizeFromShape(bBatch);
  if (bCount === 1 && !transposeA) {
    // One B for all: the batch is just more rows.
    multiply({
      a: { at: aAt, stride: k * 4 },
      b: bOperand(0),
      c: { at: cAt, stride: n * 4 },
      bias: biasAt,
      m: m * aCount,
      n,
      k,
    });
    return out;
  }
  const indices = broadcastIndices(batch, aBatch, bBatch, aCount, bCount);
  indices.forEach(([aIndex, bIndex], index) => {
    multiply({
      a: { at: aAt + aIndex * m * k * 4, stride: aColumns * 4, transposed: transposeA },
      b: bOperand(bIndex),
      c: { at: cAt + index * m * n * 4, stride: n * 4 },
      bias: biasAt,
      m,
      n,
      k,
    });
  });
  return out;
}

/** Which matrix of A and of B makes each matrix of the result. */
function broadcastIndices(
  batch: number[],
  aBatch: number[],
  bBatch: number[],
  aCount: number,
  bCount: number,
): [number, number][] {
  const count = util.sizeFromShape(batch);
  if (aCount === count && bCount === count) return Array.from({ length: count }, (_, i) => [i, i]);
  const strides = util.computeStrides([...batch, 1]);
  return Array.from({ length: count }, (_, i) => {
    const position = util.indexToLoc(i, batch.length + 1, strides).slice(0, -1);
    return [flatIndex(position, aBatch), flatIndex(position, bBatch)];
  });
}

function flatIndex(position: number[], shape: number[]): number {
  const skip = position.length - shape.length;
  return shape.reduce(
    (index, size, axis) => index * size + (size === 1 ? 0 : (position[axis + skip] as number)),
    0,
  );
}

function biasOffset(bias: TensorInfo | undefined, n: number): number {
  if (!bias) return 0;
  if (util.sizeFromShape(bias.shape) !== n) {
    throw new ShapeError(`fused.matMul: bias has shape [${bias.shape}], expected [${n}].`, {
      code: "SHAPE_MISMATCH",
      details: { bias: bias.shape, n },
    });
  }
  return offsetOf(bias);
}
