/**
 * Elementary functions on four float32 lanes. Errors: exp below 1 ulp, tanh and σ below 3; NaN gives NaN.
 * They use no tables: a module that works inside tfjs's heap has no memory of its own.
 */
import { madd } from "./memory";

/**
 * 1.5 * 2^23: adding it rounds a small number to the nearest whole one, which then stands in the low bits; a
 * shift by 23 puts them in the place of an exponent. Cheaper than a conversion to integers.
 */
const MAGIC: f32 = 12582912;

/**
 * e^x: x = n ln 2 + r with |r| <= ln 2 / 2, then e^x = 2^n (1 + r + r² q(r)), q a minimax polynomial
 * (relative error 3e-9). Below -87.336 (results under the normal range, -Infinity) exactly 0; above
 * 88.722 the largest finite value.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const bounded = f32x4.pmin(x, f32x4.splat(88.72283));
  const t = f32x4.add(f32x4.mul(bounded, f32x4.splat(1.44269504088896)), f32x4.splat(MAGIC));
  const r = reduced(bounded, f32x4.sub(t, f32x4.splat(MAGIC)));
  const p = f32x4.add(tail(r), f32x4.splat(1));
  const scaled = i32x4.add(p, i32x4.shl(t, 23));
  return v128.andnot(scaled, f32x4.lt(x, f32x4.splat(-87.33654)));
}

/** e^x - 1 for |x| <= 80, exact to 2 ulp near 0 too. */
// @ts-ignore: decorator
@inline
function expm1(x: v128): v128 {
  const t = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504088896)), f32x4.splat(MAGIC));
  const n = f32x4.sub(t, f32x4.splat(MAGIC));
  const scale = i32x4.add(i32x4.shl(t, 23), i32x4.splat(0x3f800000)); // 2^n
  return madd(scale, tail(reduced(x, n)), f32x4.sub(scale, f32x4.splat(1)));
}

/** tanh x = E / (E + 2) with E = e^(2x) - 1; ±1 beyond |x| = 9.02. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, f32x4.splat(9.02)), f32x4.splat(-9.02));
  const e = expm1(f32x4.add(bounded, bounded));
  return f32x4.div(e, f32x4.add(e, f32x4.splat(2)));
}

/** σ(x) = 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** x - n ln 2, with ln 2 in two parts so that n ln 2 is exact. */
// @ts-ignore: decorator
@inline
function reduced(x: v128, n: v128): v128 {
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  return f32x4.sub(high, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
}

/** e^r - 1 = r + r² q(r) for |r| <= ln 2 / 2. */
// @ts-ignore: decorator
@inline
function tail(r: v128): v128 {
  let q = f32x4.splat(0.0013814599);
  q = madd(q, r, f32x4.splat(0.008368717));
  q = madd(q, r, f32x4.splat(0.04166839));
  q = madd(q, r, f32x4.splat(0.16666521));
  q = madd(q, r, f32x4.splat(0.49999994));
  return madd(f32x4.mul(r, r), q, r);
}

/**
 * ln x in float64 for x > 0 and Infinity: x = m 2^k with m in [√½, √2), ln m = 2 atanh((m - 1) / (m + 1))
 * as a series. Relative error about 1e-15; for one value per row, not for every element.
 */
export function log64(x: f64): f64 {
  if (!(x > 0) || x == Infinity) return x == 0 ? -Infinity : x > 0 ? x : NaN;
  let bits = reinterpret<i64>(x);
  let k = <i32>(bits >> 52) - 1023;
  if (k == -1023) {
    bits = reinterpret<i64>(x * 4503599627370496.0); // subnormal: times 2^52
    k = <i32>(bits >> 52) - 1023 - 52;
  }
  let m = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    k++;
  }
  const y = (m - 1) / (m + 1);
  const y2 = y * y;
  let sum: f64 = 0;
  for (let n = 25; n >= 1; n -= 2) sum = sum * y2 + 1 / <f64>n;
  return <f64>k * 0.6931471805599453 + 2 * y * sum;
}
