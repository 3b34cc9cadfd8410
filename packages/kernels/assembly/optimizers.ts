/**
 * Optimizer updates in place: parameter and slots move by one step in one pass over memory.
 *
 * Every function takes byte offsets, a count of values, and the scalars of the step; what depends only on
 * the step (bias corrections, decayed rates) is computed by the caller in float64. Elementwise, so that any
 * split over threads gives the same bits; no fused multiply-adds, so that both builds do too.
 *
 * `scale` multiplies the gradient first (negative to ascend), then it is clipped to ±`clip` and
 * `decay` * parameter is added.
 */
import { load4, Part, store4, Whole } from "./vector";

/** The gradient of one block, prepared. pmin and pmax let NaN pass. */
// @ts-ignore: decorator
@inline
function prepared(gradient: v128, parameter: v128, scale: f32, clip: f32, decay: f32): v128 {
  const scaled = f32x4.mul(gradient, f32x4.splat(scale));
  const clipped = f32x4.pmax(f32x4.pmin(scaled, f32x4.splat(clip)), f32x4.splat(-clip));
  return f32x4.add(clipped, f32x4.mul(parameter, f32x4.splat(decay)));
}

/** a x + b y. */
// @ts-ignore: decorator
@inline
function mixed(a: f32, x: v128, b: f32, y: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.splat(a), x), f32x4.mul(f32x4.splat(b), y));
}

// @ts-ignore: decorator
@inline
function minusScaled(x: v128, rate: f32, direction: v128): v128 {
  return f32x4.sub(x, f32x4.mul(f32x4.splat(rate), direction));
}

/** p -= rate g. */
export function sgd(p: usize, g: usize, count: i32, scale: f32, clip: f32, decay: f32, rate: f32): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) sgdBlock<Whole>(p + (i << 2), g + (i << 2), 4, scale, clip, decay, rate);
  if (i < count) sgdBlock<Part>(p + (i << 2), g + (i << 2), count - i, scale, clip, decay, rate);
}

// @ts-ignore: decorator
@inline
function sgdBlock<T>(p: usize, g: usize, n: i32, scale: f32, clip: f32, decay: f32, rate: f32): void {
  const parameter = load4<T>(p, n);
  const gradient = prepared(load4<T>(g, n), parameter, scale, clip, decay);
  store4<T>(p, minusScaled(parameter, rate, gradient), n);
}

/** b = keep b + add g; p -= rate (fromGradient g + fromBuffer b). Nesterov: 1 and momentum; else 0 and 1. */
export function sgdMomentum(
  p: usize, g: usize, b: usize, count: i32, scale: f32, clip: f32, decay: f32, rate: f32,
  keep: f32, add: f32, fromGradient: f32, fromBuffer: f32,
): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const o = i << 2;
    momentumBlock<Whole>(p + o, g + o, b + o, 4, scale, clip, decay, rate, keep, add, fromGradient, fromBuffer);
  }
  const o = i << 2;
  if (i < count) {
    momentumBlock<Part>(p + o, g + o, b + o, count - i, scale, clip, decay, rate, keep, add, fromGradient, fromBuffer);
  }
}

// @ts-ignore: decorator
@inline
function momentumBlock<T>(
  p: usize, g: usize, b: usize, n: i32, scale: f32, clip: f32, decay: f32, rate: f32,
  keep: f32, add: f32, fromGradient: f32, fromBuffer: f32,
): void {
  const parameter = load4<T>(p, n);
  const gradient = prepared(load4<T>(g, n), parameter, scale, clip, decay);
  const buffer = mixed(keep, load4<T>(b, n), add, gradient);
  store4<T>(b, buffer, n);
  store4<T>(p, minusScaled(parameter, rate, mixed(fromGradient, gradient, fromBuffer, buffer)), n);
}

/**
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
 * p = shrink p - (rate m + gradientRate g) / (rootScale √v + epsilon).
 *
 * Adam, AdamW (shrink < 1), NAdam (gradientRate > 0), RAdam (rootScale 0 and epsilon 1 while it is not
 * adaptive). With `largest` (offset not 0) the root is of the largest v so far (AMSGrad).
 */
export function adam(
  p: usize, g: usize, m: usize, v: usize, largest: usize, count: i32, scale: f32, clip: f32, decay: f32,
  shrink: f32, rate: f32, gradientRate: f32, beta1: f32, oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32,
  rootScale: f32, epsilon: f32,
): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    adamBlock<Whole>(p, g, m, v, largest, i << 2, 4, scale, clip, decay, shrink, rate, gradientRate,
      beta1, oneMinusBeta1, beta2, oneMinusBeta2, rootScale, epsilon);
  }
  if (i < count) {
    adamBlock<Part>(p, g, m, v, largest, i << 2, count - i, scale, clip, decay, shrink, rate, gradientRate,
      beta1, oneMinusBeta1, beta2, oneMinusBeta2, rootScale, epsilon);
  }
}

// @ts-ignore: decorator
@inline
function adamBlock<T>(
  p: usize, g: usize, m: usize, v: usize, largest: usize, o: usize, n: i32, scale: f32, clip: f32, decay: f32,
  shrink: f32, rate: f32, gradientRate: f32, beta1: f32, oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32,
  rootScale: f32, epsilon: f32,
): void {
  const parameter = load4<T>(p + o, n);
  const gradient = prepared(load4<T>(g + o, n), parameter, scale, clip, decay);
  const first = mixed(beta1, load4<T>(m + o, n), oneMinusBeta1, gradient);
  const second = mixed(beta2, load4<T>(v + o, n), oneMinusBeta2, f32x4.mul(gradient, gradient));
  store4<T>(m + o, first, n);
  store4<T>(v + o, second, n);
  let under = second;
  if (largest != 0) {
    under = f32x4.max(load4<T>(largest + o, n), second);
    store4<T>(largest + o, under, n);
  }
  const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(under), f32x4.splat(rootScale)), f32x4.splat(epsilon));
  const step = f32x4.div(mixed(rate, first, gradientRate, gradient), denominator);
  store4<T>(p + o, f32x4.sub(f32x4.mul(parameter, f32x4.splat(shrink)), step), n);
}

/** m as in `adam`; u = max(beta2 u, |g| + epsilon); p -= rate m / u. */
export function adamax(
  p: usize, g: usize, m: usize, u: usize, count: i32, scale: f32, clip: f32, decay: f32, rate: f32,
  beta1: f32, oneMinusBeta1: f32, beta2: f32, epsilon: f32,
): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const o = i << 2;
    adamaxBlock<Whole>(p + o, g + o, m + o, u + o, 4, scale, clip, decay, rate, beta1, oneMinusBeta1, beta2, epsilon);
  }
  const o = i << 2;
  if (i < count) {
    adamaxBlock<Part>(p + o, g + o, m + o, u + o, count - i, scale, clip, decay, rate, beta1, oneMinusBeta1, beta2, epsilon);
  }
}

// @ts-ignore: decorator
@inline
function adamaxBlock<T>(
  p: usize, g: usize, m: usize, u: usize, n: i32, scale: f32, clip: f32, decay: f32, rate: f32,
  beta1: f32, oneMinusBeta1: f32, beta2: f32, epsilon: f32,
): void {
  const parameter = load4<T>(p, n);
  const gradient = prepared(load4<T>(g, n), parameter, scale, clip, decay);
  const first = mixed(beta1, load4<T>(m, n), oneMinusBeta1, gradient);
  const magnitude = f32x4.add(f32x4.abs(gradient), f32x4.splat(epsilon));
  const norm = f32x4.max(f32x4.mul(load4<T>(u, n), f32x4.splat(beta2)), magnitude);
  store4<T>(m, first, n);
  store4<T>(u, norm, n);
  store4<T>(p, minusScaled(parameter, rate, f32x4.div(first, norm)), n);
}

/** s = rho s + (1 - rho) g²; d = g √(a + epsilon) / √(s + epsilon); a = rho a + (1 - rho) d²; p -= rate d. */
export function adadelta(
  p: usize, g: usize, s: usize, a: usize, count: i32, scale: f32, clip: f32, decay: f32, rate: f32,
  rho: f32, oneMinusRho: f32, epsilon: f32,
): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const o = i << 2;
    adadeltaBlock<Whole>(p + o, g + o, s + o, a + o, 4, scale, clip, decay, rate, rho, oneMinusRho, epsilon);
  }
  const o = i << 2;
  if (i < count) {
    adadeltaBlock<Part>(p + o, g + o, s + o, a + o, count - i, scale, clip, decay, rate, rho, oneMinusRho, epsilon);
  }
}

// @ts-ignore: decorator
@inline
function adadeltaBlock<T>(
  p: usize, g: usize, s: usize, a: usize, n: i32, scale: f32, clip: f32, decay: f32, rate: f32,
  rho: f32, oneMinusRho: f32, epsilon: f32,
): void {
  const parameter = load4<T>(p, n);
  const gradient = prepared(load4<T>(g, n), parameter, scale, clip, decay);
  const squares = mixed(rho, load4<T>(s, n), oneMinusRho, f32x4.mul(gradient, gradient));
  const deltas = load4<T>(a, n);
  const e = f32x4.splat(epsilon);
  const ratio = f32x4.div(f32x4.sqrt(f32x4.add(deltas, e)), f32x4.sqrt(f32x4.add(squares, e)));
  const delta = f32x4.mul(gradient, ratio);
  store4<T>(s, squares, n);
  store4<T>(a, mixed(rho, deltas, oneMinusRho, f32x4.mul(delta, delta)), n);
  store4<T>(p, minusScaled(parameter, rate, delta), n);
}

/** s += g²; p -= rate g / (√s + epsilon). */
export function adagrad(
  p: usize, g: usize, s: usize, count: i32, scale: f32, clip: f32, decay: f32, rate: f32, epsilon: f32,
): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const o = i << 2;
    adagradBlock<Whole>(p + o, g + o, s + o, 4, scale, clip, decay, rate, epsilon);
  }
  const o = i << 2;
  if (i < count) adagradBlock<Part>(p + o, g + o, s + o, count - i, scale, clip, decay, rate, epsilon);
}

// @ts-ignore: decorator
@inline
function adagradBlock<T>(
  p: usize, g: usize, s: usize, n: i32, scale: f32, clip: f32, decay: f32, rate: f32, epsilon: f32,
): void {
  const parameter = load4<T>(p, n);
  const gradient = prepared(load4<T>(g, n), parameter, scale, clip, decay);
  const sum = f32x4.add(load4<T>(s, n), f32x4.mul(gradient, gradient));
  store4<T>(s, sum, n);
  const direction = f32x4.div(gradient, f32x4.add(f32x4.sqrt(sum), f32x4.splat(epsilon)));
  store4<T>(p, minusScaled(parameter, rate, direction), n);
}

/**
 * s = alpha s + (1 - alpha) g²; d = g / (√s + epsilon); with an average a (offset not 0):
 * a = alpha a + (1 - alpha) g and √(s - a²) in place of √s; with a buffer b: b = momentum b + d and b in
 * place of d. p -= rate d.
 */
export function rmsprop(
  p: usize, g: usize, s: usize, a: usize, b: usize, count: i32, scale: f32, clip: f32, decay: f32, rate: f32,
  alpha: f32, oneMinusAlpha: f32, momentum: f32, epsilon: f32,
): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    rmspropBlock<Whole>(p, g, s, a, b, i << 2, 4, scale, clip, decay, rate, alpha, oneMinusAlpha, momentum, epsilon);
  }
  if (i < count) {
    rmspropBlock<Part>(p, g, s, a, b, i << 2, count - i, scale, clip, decay, rate, alpha, oneMinusAlpha, momentum, epsilon);
  }
}

// @ts-ignore: decorator
@inline
function rmspropBlock<T>(
  p: usize, g: usize, s: usize, a: usize, b: usize, o: usize, n: i32, scale: f32, clip: f32, decay: f32,
  rate: f32, alpha: f32, oneMinusAlpha: f32, momentum: f32, epsilon: f32,
): void {
  const parameter = load4<T>(p + o, n);
  const gradient = prepared(load4<T>(g + o, n), parameter, scale, clip, decay);
  const squares = mixed(alpha, load4<T>(s + o, n), oneMinusAlpha, f32x4.mul(gradient, gradient));
  store4<T>(s + o, squares, n);
  let variance = squares;
  if (a != 0) {
    const average = mixed(alpha, load4<T>(a + o, n), oneMinusAlpha, gradient);
    store4<T>(a + o, average, n);
    variance = f32x4.max(f32x4.sub(squares, f32x4.mul(average, average)), f32x4.splat(0));
  }
  let direction = f32x4.div(gradient, f32x4.add(f32x4.sqrt(variance), f32x4.splat(epsilon)));
  if (b != 0) {
    direction = f32x4.add(f32x4.mul(f32x4.splat(momentum), load4<T>(b + o, n)), direction);
    store4<T>(b + o, direction, n);
  }
  store4<T>(p + o, minusScaled(parameter, rate, direction), n);
}

/**
 * With the gradient before, h: where g h > 0 the step z grows, where g h < 0 it shrinks and g counts as 0;
 * z stays within [least, most]; p -= sign(g) z; h = g.
 */
export function rprop(
  p: usize, g: usize, h: usize, z: usize, count: i32, scale: f32, clip: f32,
  shrink: f32, grow: f32, least: f32, most: f32,
): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const o = i << 2;
    rpropBlock<Whole>(p + o, g + o, h + o, z + o, 4, scale, clip, shrink, grow, least, most);
  }
  const o = i << 2;
  if (i < count) rpropBlock<Part>(p + o, g + o, h + o, z + o, count - i, scale, clip, shrink, grow, least, most);
}

// @ts-ignore: decorator
@inline
function rpropBlock<T>(
  p: usize, g: usize, h: usize, z: usize, n: i32, scale: f32, clip: f32,
  shrink: f32, grow: f32, least: f32, most: f32,
): void {
  const zero = f32x4.splat(0);
  const parameter = load4<T>(p, n);
  const gradient = prepared(load4<T>(g, n), parameter, scale, clip, 0);
  const agreement = f32x4.mul(gradient, load4<T>(h, n));
  const turned = f32x4.lt(agreement, zero);
  const same = v128.bitselect(f32x4.splat(grow), f32x4.splat(1), f32x4.gt(agreement, zero));
  const factor = v128.bitselect(f32x4.splat(shrink), same, turned);
  const moved = f32x4.mul(load4<T>(z, n), factor);
  const step = f32x4.min(f32x4.max(moved, f32x4.splat(least)), f32x4.splat(most));
  const kept = v128.andnot(gradient, turned);
  store4<T>(z, step, n);
  store4<T>(h, kept, n);
  const down = v128.and(step, f32x4.gt(kept, zero));
  const up = v128.and(step, f32x4.lt(kept, zero));
  const invalid = f32x4.sub(kept, kept); // 0, or NaN for a gradient that is not finite
  store4<T>(p, f32x4.add(f32x4.add(f32x4.sub(parameter, down), up), invalid), n);
}

/** p = shrink p - rate g; a += mu (p - a). */
export function asgd(
  p: usize, g: usize, a: usize, count: i32, scale: f32, clip: f32, decay: f32, shrink: f32, rate: f32, mu: f32,
): void {
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const o = i << 2;
    asgdBlock<Whole>(p + o, g + o, a + o, 4, scale, clip, decay, shrink, rate, mu);
  }
  const o = i << 2;
  if (i < count) asgdBlock<Part>(p + o, g + o, a + o, count - i, scale, clip, decay, shrink, rate, mu);
}

// @ts-ignore: decorator
@inline
function asgdBlock<T>(
  p: usize, g: usize, a: usize, n: i32, scale: f32, clip: f32, decay: f32, shrink: f32, rate: f32, mu: f32,
): void {
  const parameter = load4<T>(p, n);
  const gradient = prepared(load4<T>(g, n), parameter, scale, clip, decay);
  const next = minusScaled(f32x4.mul(parameter, f32x4.splat(shrink)), rate, gradient);
  store4<T>(p, next, n);
  if (mu == 1) {
    store4<T>(a, next, n);
  } else {
    const average = load4<T>(a, n);
    store4<T>(a, f32x4.add(average, f32x4.mul(f32x4.sub(next, average), f32x4.splat(mu))), n);
  }
}

/** Values whose squares are summed at a time. */
const normBlock: i32 = 1 << 16;

/** sums[b] = Σ x² of block b, for blocks [from, to); the caller adds the blocks up in order. */
export function sumOfSquaresBlocks(x: usize, count: i32, sums: usize, from: i32, to: i32): void {
  for (let b = from; b < to; b++) {
    const start = b * normBlock;
    store<f64>(sums + (<usize>b << 3), sumOfSquares(x + (<usize>start << 2), min(normBlock, count - start)));
  }
}

/** Σ x² in float64; NaN and Infinity propagate, no float32 overflows. */
function sumOfSquares(x: usize, count: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  const whole = count & ~3;
  let i = 0;
  for (; i < whole; i += 4) {
    const block = v128.load(x + (i << 2));
    const low = f64x2.promote_low_f32x4(block);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(block, block, 2, 3, 0, 1));
    a = f64x2.add(a, f64x2.mul(low, low));
    b = f64x2.add(b, f64x2.mul(high, high));
  }
  a = f64x2.add(a, b);
  let sum = f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
  for (; i < count; i++) {
    const value = <f64>load<f32>(x + (i << 2));
    sum += value * value;
  }
  return sum;
}
