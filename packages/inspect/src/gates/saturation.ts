/**
 * How far gates are open: shares of nearly closed and nearly open ones, a histogram, and how steep the
 * nonlinearity still is there. Where σ' or tanh' is near 0, no gradient passes.
 *
 * @see Karpathy, Johnson & Fei-Fei 2015, "Visualizing and Understanding Recurrent Networks", section 4.2.
 */
import { checkInteger, checkNumber, checkOneOf, checkOptions, ShapeError } from "@seq/core";

export interface SaturationOptions {
  /** `"sigmoid"` for gates in 0..1 (default), `"tanh"` for values in -1..1. */
  readonly nonlinearity?: "sigmoid" | "tanh";
  /** Of the range at either end: default 0.1, so a sigmoid gate is closed below 0.1 and open above 0.9. */
  readonly margin?: number;
  /** Bars of the histogram. Default 20. */
  readonly bins?: number;
}

export interface Saturation {
  /** Per unit: share of steps at which it lay in the lower, in the upper margin. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** The same over all units. */
  readonly lowShare: number;
  readonly highShare: number;
  /** Mean of the nonlinearity's slope, relative to its steepest (1/4 for σ, 1 for tanh): 1 free, 0 stuck. */
  readonly meanSlope: number;
  /** Counts over equal parts of the range, lowest first. */
  readonly histogram: Float64Array;
  readonly range: readonly [number, number];
}

/**
 * @param values - gate values, row-major `[rows, units]` (rows: steps of all sequences).
 * @throws {ShapeError} `SHAPE_MISMATCH` when they do not divide into units, or there are none.
 * @example saturation(recording.gates.f.dataSync(), hiddenSize).highShare // forget gates that keep
 */
export function saturation(
  values: ArrayLike<number>,
  units: number,
  options: SaturationOptions = {},
): Saturation {
  const where = "saturation";
  checkOptions(where, options, ["nonlinearity", "margin", "bins"]);
  const { nonlinearity = "sigmoid" } = options;
  checkOneOf(where, "nonlinearity", nonlinearity, ["sigmoid", "tanh"]);
  const margin = checkNumber(where, "margin", options.margin ?? 0.1, { min: 0, max: 0.5 });
  const bins = checkInteger(where, "bins", options.bins ?? 20, { min: 1 });
  checkInteger(where, "units", units, { min: 1 });
  const rows = values.length / units;
  if (rows === 0 || !Number.isInteger(rows)) {
    throw new ShapeError(
      `saturation: ${values.length} values do not make rows of ${units} units; give [rows, units].`,
      { code: "SHAPE_MISMATCH", details: { length: values.length, units } },
    );
  }
  const range = nonlinearity === "sigmoid" ? ([0, 1] as const) : ([-1, 1] as const);
  const width = range[1] - range[0];
  const low = new Float64Array(units);
  const high = new Float64Array(units);
  const histogram = new Float64Array(bins);
  let slopes = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const place = (value - range[0]) / width; // 0..1
    if (place < margin) low[i % units]! += 1 / rows;
    if (place > 1 - margin) high[i % units]! += 1 / rows;
    histogram[Math.max(0, Math.min(bins - 1, Math.floor(place * bins)))]!++;
    slopes += nonlinearity === "sigmoid" ? 4 * value * (1 - value) : 1 - value * value;
  }
  return {
    low,
    high,
    lowShare: meanOf(low),
    highShare: meanOf(high),
    meanSlope: slopes / values.length,
    histogram,
    range,
  };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
