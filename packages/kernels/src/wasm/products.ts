/** The products around a sequence kernel, of token arrays and padded tensors. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { multiply } from "../backend/gemm.ts";
import { floatsOf, offsetOf } from "../backend/heap.ts";
import { previousRows, type SequencePlan, tokenRows } from "../backend/sequence-plan.ts";

/** Some columns of an array of tokens: `[N, width]` at `at`, rows `stride` bytes apart. */
export interface Columns {
  readonly at: number;
  readonly stride: number;
  readonly width: number;
}

/** Columns `[from, from + width)` of a tokens' array with `size` values per row. */
export function tokenColumns(array: TensorInfo, from: number, width: number): Columns {
  return { at: offsetOf(array) + from * 4, stride: (array.shape[1] as number) * 4, width };
}

/** tokens = x Wᵀ + bias, for rows [firstRow, firstRow + width) of W `[G*H, In]`. */
export function inputProduct(
  plan: SequencePlan,
  x: TensorInfo,
  weightIh: TensorInfo,
  firstRow: number,
  tokens: Columns,
  bias: number,
): void {
  const stride = (x.shape[2] as number) * 4;
  multiply({
    a: { at: offsetOf(x), stride, rows: tokenRows(plan, offsetOf(x), stride) },
    b: { at: offsetOf(weightIh) + firstRow * stride, stride, transposed: true },
    c: tokens,
    bias: bias === 0 ? 0 : bias + firstRow * 4,
    m: plan.tokens,
    n: tokens.width,
    k: x.shape[2] as number,
  });
}

/** dx (+)= dGates W, zero at the pads. */
export function inputGradient(
  plan: SequencePlan,
  dGates: Columns,
  weightIh: TensorInfo,
  firstRow: number,
  dx: TensorInfo,
  accumulate = false,
): void {
  const stride = (dx.shape[2] as number) * 4;
  if (plan.lengths && !accumulate) floatsOf(dx).fill(0);
  multiply({
    a: dGates,
    b: { at: offsetOf(weightIh) + firstRow * stride, stride },
    c: { at: offsetOf(dx), stride, rows: tokenRows(plan, offsetOf(dx), stride) },
    accumulate,
    m: plan.tokens,
    n: dx.shape[2] as number,
    k: dGates.width,
  });
}

/** Rows [firstRow, ..) of dW `[G*H, In]` = dGatesᵀ x. */
export function inputWeightGradient(
  plan: SequencePlan,
  dGates: Columns,
  x: TensorInfo,
  dWeight: TensorInfo,
  firstRow = 0,
): void {
  const stride = (x.shape[2] as number) * 4;
  multiply({
    a: { ...dGates, transposed: true },
    b: { at: offsetOf(x), stride, rows: tokenRows(plan, offsetOf(x), stride) },
    c: { at: offsetOf(dWeight) + firstRow * stride, stride },
    m: dGates.width,
    n: x.shape[2] as number,
    k: plan.tokens,
  });
}

/** Rows [firstRow, ..) of dU `[G*H, Out]` = dGatesᵀ h_before. */
export function recurrentWeightGradient(
  plan: SequencePlan,
  dGates: Columns,
  outputs: TensorInfo,
  initial: TensorInfo,
  dWeight: TensorInfo,
  firstRow = 0,
): void {
  const stride = plan.outSize * 4;
  multiply({
    a: { ...dGates, transposed: true },
    b: { at: 0, stride: 0, rows: previousRows(plan, offsetOf(outputs), offsetOf(initial)) },
    c: { at: offsetOf(dWeight) + firstRow * stride, stride },
    m: dGates.width,
    n: plan.outSize,
    k: plan.tokens,
  });
}
