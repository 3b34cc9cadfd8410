/**
 * What the gradient flow must be where it can be written down: one unit, and networks without nonlinearity.
 */
import { ShapeError } from "@seq/core";
import { frobeniusNorm, identityMatrix, multiply } from "./matrices.ts";

/**
 * A network of one unit, h_t = φ(w h_{t-1} + u x_t + b):
 *
 *   ∂h_T/∂h_t = w^(T-t) Π_{k=t+1}^{T} φ'(a_k)
 *
 * @param slopes - φ'(a_k) for k = 1 to T.
 * @returns the values for t = 0 to T; the last is 1.
 */
export function scalarGradients(w: number, slopes: ArrayLike<number>): Float64Array {
  const out = new Float64Array(slopes.length + 1);
  out[slopes.length] = 1;
  for (let t = slopes.length - 1; t >= 0; t--) out[t] = out[t + 1]! * w * slopes[t]!;
  return out;
}

/**
 * A network without nonlinearity, h_t = V h_{t-1} + W x_t: ∂h_T/∂h_t = V^(T-t), and the first input reaches
 * h_n as V^(n-1) W x_1.
 *
 * @param v - row-major `[size, size]`.
 * @returns the matrices for t = 0 to T.
 */
export function linearJacobians(v: ArrayLike<number>, size: number, time: number): Float64Array[] {
  const out: Float64Array[] = new Array(time + 1);
  out[time] = identityMatrix(size);
  for (let t = time - 1; t >= 0; t--) out[t] = multiply(out[t + 1] as Float64Array, v, size);
  return out;
}

export interface DecayRate {
  /** Factor per step: below 1 the gradient vanishes, above it explodes. For a linear network the spectral radius. */
  readonly rate: number;
  /** ln(rate): the slope of ln ‖∂J/∂h_t‖ over the distance T - t. */
  readonly slope: number;
  /** Share of the variance of the logarithms that the line explains. */
  readonly r2: number;
  readonly points: number;
}

/**
 * Fits ‖∂J_T/∂h_t‖ ≈ C · rate^(T-t) by least squares on the logarithms.
 *
 * @param norms - for t = 0 to T, as `gradientFlow` gives them.
 * @param from - shortest distance T - t that counts: leave out what is still settling. Default 0.
 * @throws {ShapeError} `NO_DATA` when fewer than two norms are positive and finite.
 */
export function decayRate(norms: ArrayLike<number>, from = 0): DecayRate {
  const last = norms.length - 1;
  const points: [distance: number, log: number][] = [];
  for (let distance = from; distance <= last; distance++) {
    const norm = norms[last - distance]!;
    if (norm > 0 && Number.isFinite(norm)) points.push([distance, Math.log(norm)]);
  }
  if (points.length < 2) {
    throw new ShapeError(
      `decayRate: ${points.length} of ${norms.length} norms are positive and finite from distance ${from} on, expected at least 2.`,
      { code: "NO_DATA" },
    );
  }
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  }
  const slope = xy / xx;
  return {
    rate: Math.exp(slope),
    slope,
    r2: yy === 0 ? 1 : xy ** 2 / (xx * yy),
    points: points.length,
  };
}

/** ‖∂h_T/∂h_t‖ (Frobenius) of a network without nonlinearity, for t = 0 to T. */
export function linearGradientNorms(
  v: ArrayLike<number>,
  size: number,
  time: number,
): Float64Array {
  return Float64Array.from(linearJacobians(v, size, time), frobeniusNorm);
}
