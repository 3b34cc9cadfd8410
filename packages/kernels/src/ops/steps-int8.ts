/** Steps of cells with 8-bit weights, for generation. */
import { add, mul, sigmoid, split, sub, type Tensor, tanh, tidy } from "@tensorflow/tfjs-core";
import { checkFloat, checkShape } from "./check.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { type Int8Weight, linearInt8 } from "./int8.ts";
import { gruStepInt8Kernel, lstmStepInt8Kernel } from "./kernel-names.ts";
import type { HiddenState, LstmState } from "./recurrent.types.ts";

/** Gates stacked along the rows (G = 4 LSTM: i f g o; 3 GRU: r z n). */
export interface Int8CellWeights {
  /** `[G*H, In]` */
  readonly weightIh: Int8Weight;
  /** `[G*H, H]` */
  readonly weightHh: Int8Weight;
  /** `[G*H]` */
  readonly biasIh?: Tensor | null;
  /** `[G*H]` */
  readonly biasHh?: Tensor | null;
}

/**
 * `lstmStep` with 8-bit weights.
 *
 * @param x - `[B, In]`, float32.
 * @returns a new state; the caller disposes it.
 * @throws {ShapeError} `SHAPE_MISMATCH`
 */
export function lstmStepInt8(x: Tensor, { h, c }: LstmState, weights: Int8CellWeights): LstmState {
  const where = "lstmStepInt8";
  checkCell(where, 4, x, h, weights);
  checkShape(where, "state.c", c, h.shape);
  if (hasKernel(lstmStepInt8Kernel)) {
    const outputs = runKernel(lstmStepInt8Kernel, { x, h, c, ...weightInputs(weights) });
    const [nextH, nextC] = outputs as [Tensor, Tensor];
    return { h: nextH, c: nextC };
  }
  return tidy(() => {
    const { weightIh, weightHh, biasIh, biasHh } = weights;
    const gates = add(linearInt8(x, weightIh, biasIh), linearInt8(h, weightHh, biasHh));
    const [i, f, g, o] = split(gates, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const nextC = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return { h: mul(sigmoid(o), tanh(nextC)), c: nextC };
  });
}

/**
 * `gruStep` (reset after the product) with 8-bit weights.
 *
 * @param x - `[B, In]`, float32.
 * @returns a new state; the caller disposes it.
 * @throws {ShapeError} `SHAPE_MISMATCH`
 */
export function gruStepInt8(x: Tensor, { h }: HiddenState, weights: Int8CellWeights): HiddenState {
  checkCell("gruStepInt8", 3, x, h, weights);
  if (hasKernel(gruStepInt8Kernel)) {
    return { h: runKernel(gruStepInt8Kernel, { x, h, ...weightInputs(weights) })[0] as Tensor };
  }
  return tidy(() => {
    const { weightIh, weightHh, biasIh, biasHh } = weights;
    const fromX = split(linearInt8(x, weightIh, biasIh), 3, 1) as [Tensor, Tensor, Tensor];
    const fromH = split(linearInt8(h, weightHh, biasHh), 3, 1) as [Tensor, Tensor, Tensor];
    const r = sigmoid(add(fromX[0], fromH[0]));
    const z = sigmoid(add(fromX[1], fromH[1]));
    const n = tanh(add(fromX[2], mul(r, fromH[2])));
    return { h: add(n, mul(z, sub(h, n))) };
  });
}

function weightInputs({ weightIh, weightHh, biasIh, biasHh }: Int8CellWeights) {
  return {
    ...{ valuesIh: weightIh.values, scalesIh: weightIh.scales },
    ...{ valuesHh: weightHh.values, scalesHh: weightHh.scales },
    ...(biasIh && { biasIh }),
    ...(biasHh && { biasHh }),
  };
}

function checkCell(
  where: string,
  gates: number,
  x: Tensor,
  h: Tensor,
  { weightIh, weightHh, biasIh, biasHh }: Int8CellWeights,
): void {
  checkShape(where, "x", x, ["batch", weightIh.inSize]);
  checkFloat(where, "x", x);
  const size = weightHh.inSize;
  checkShape(where, "state.h", h, [x.shape[0] as number, size]);
  checkShape(where, "weightIh.scales", weightIh.scales, [gates * size]);
  checkShape(where, "weightHh.scales", weightHh.scales, [gates * size]);
  if (biasIh) checkShape(where, "biasIh", biasIh, [gates * size]);
  if (biasHh) checkShape(where, "biasHh", biasHh, [gates * size]);
}
