/**
 * Cross-entropy of softmax(logits) against target ids, row by row; rows split over threads.
 *
 * With m = max z, s = Σ e^(z - m) and target t:
 *   loss = (1 - ε) w[t] (ln s - (z[t] - m)) + ε/V Σ_v w[v] (ln s - (z[v] - m))
 *   dloss/dz[v] = A e^(z[v] - m) / s - ε/V w[v] - (1 - ε) w[t] [v = t],   A = (1 - ε) w[t] + ε/V Σ w
 *
 * Forward keeps m and 1/s of each row (`stats`), from which backward makes the gradient in one pass: no
 * buffer of the logits' size but the gradient itself. A target equal to `ignored` gives loss and gradient 0.
 * `weights` is 0 or the offset of V floats; `weightSum` is Σ w (V without weights).
 */
import { exp4, log64 } from "./math";
import { zero } from "./memory";
import { load4, maxOfLanes, Part, store4, sumOfLanes64, Whole } from "./vector";

/** Values summed in float32 before the sum goes on in float64. */
const sumBlock: i32 = 512;

/** Losses (not divided by anything) and stats of rows [from, to). */
export function crossEntropy(
  logits: usize, targets: usize, weights: usize, losses: usize, stats: usize,
  classes: i32, ignored: i32, smoothing: f64, weightSum: f64, from: i32, to: i32,
): void {
  for (let row = from; row < to; row++) {
    const target = load<i32>(targets + (<usize>row << 2));
    if (target == ignored) {
      store<f32>(losses + (<usize>row << 2), 0);
      continue;
    }
    const z = logits + <usize>row * (<usize>classes << 2);
    const largest = rowMax(z, classes);
    const sum = sumOfExp(z, classes, largest);
    store<f32>(stats + (<usize>row << 3), largest);
    store<f32>(stats + (<usize>row << 3), <f32>(1 / sum), 4);
    const loss = rowLoss(z, weights, classes, target, largest, log64(sum), smoothing, weightSum);
    store<f32>(losses + (<usize>row << 2), <f32>loss);
  }
}

/**
 * gradient = dy scale dloss/dlogits for rows [from, to); `dyStep` is 0 where dy is one number for all rows,
 * 1 where it has one for each.
 */
export function crossEntropyGradient(
  logits: usize, targets: usize, weights: usize, stats: usize, dy: usize, dyStep: i32, gradient: usize,
  classes: i32, ignored: i32, smoothing: f64, weightSum: f64, scale: f64, from: i32, to: i32,
): void {
  const bytes = <usize>classes << 2;
  for (let row = from; row < to; row++) {
    const target = load<i32>(targets + (<usize>row << 2));
    const out = gradient + <usize>row * bytes;
    if (target == ignored) {
      zero(out, classes);
      continue;
    }
    const factor = scale * <f64>load<f32>(dy + (<usize>(row * dyStep) << 2));
    const largest = load<f32>(stats + (<usize>row << 3));
    const inverse = <f64>load<f32>(stats + (<usize>row << 3), 4);
    const z = logits + <usize>row * bytes;
    const whole = classes & ~3;
    let k = 0;
    const hit = (1 - smoothing) * weightOf(weights, target);
    const spread = smoothing / <f64>classes;
    const p = <f32>(factor * (hit + spread * weightSum) * inverse);
    const q = <f32>(factor * spread);
    for (; k < whole; k += 4) {
      gradientBlock<Whole>(z, out, weights, <usize>k << 2, 4, largest, p, q, smoothing > 0);
    }
    if (k < classes) {
      gradientBlock<Part>(z, out, weights, <usize>k << 2, classes - k, largest, p, q, smoothing > 0);
    }
    subtractAt(out, target, <f32>(factor * hit));
  }
}

// @ts-ignore: decorator
@inline
function gradientBlock<T>(
  z: usize, out: usize, weights: usize, at: usize, n: i32, largest: f32, p: f32, q: f32, smoothed: bool,
): void {
  const e = exp4(f32x4.sub(load4<T>(z + at, n), f32x4.splat(largest)));
  store4<T>(out + at, lessUniform<T>(f32x4.mul(e, f32x4.splat(p)), weights, at, n, q, smoothed), n);
}

/** g - q w, where labels are smoothed. */
// @ts-ignore: decorator
@inline
function lessUniform<T>(g: v128, weights: usize, at: usize, n: i32, q: f32, smoothed: bool): v128 {
  if (!smoothed) return g;
  if (weights == 0) return f32x4.sub(g, f32x4.splat(q));
  return f32x4.sub(g, f32x4.mul(load4<T>(weights + at, n), f32x4.splat(q)));
}

/**
 * Both at once, for logits that nobody needs afterwards: writes the losses and leaves the gradient times
 * `factor` (and, with `factors` not 0, times a number of each row) in place of the logits. The losses' bits
 * are those of `crossEntropy`.
 */
export function crossEntropyInPlace(
  logits: usize, targets: usize, weights: usize, losses: usize, factors: usize,
  classes: i32, ignored: i32, smoothing: f64, weightSum: f64, factor: f64, from: i32, to: i32,
): void {
  const bytes = <usize>classes << 2;
  for (let row = from; row < to; row++) {
    const target = load<i32>(targets + (<usize>row << 2));
    const z = logits + <usize>row * bytes;
    if (target == ignored) {
      zero(z, classes);
      store<f32>(losses + (<usize>row << 2), 0);
      continue;
    }
    const largest = rowMax(z, classes);
    const own = load<f32>(z + (<usize>target << 2));
    const linear = smoothing > 0 ? weightedSum(z, weights, classes, largest) : 0;
    const sum = expInPlace(z, classes, largest);
    const logSum = log64(sum);
    const hit = (1 - smoothing) * weightOf(weights, target);
    const spread = smoothing / <f64>classes;
    let loss = hit * (logSum - (<f64>own - <f64>largest));
    if (smoothing > 0) loss += spread * (weightSum * logSum - linear);
    store<f32>(losses + (<usize>row << 2), <f32>loss);

    const f = factors != 0 ? factor * <f64>load<f32>(factors + (<usize>row << 2)) : factor;
    scaleRow(z, weights, classes, <f32>(f * (hit + spread * weightSum) / sum), <f32>(f * spread), smoothing > 0);
    subtractAt(z, target, <f32>(f * hit));
  }
}

// @ts-ignore: decorator
@inline
function subtractAt(row: usize, index: i32, value: f32): void {
  const at = row + (<usize>index << 2);
  store<f32>(at, load<f32>(at) - value);
}

// @ts-ignore: decorator
@inline
function weightOf(weights: usize, target: i32): f64 {
  return weights == 0 ? 1 : <f64>load<f32>(weights + (<usize>target << 2));
}

function rowLoss(
  z: usize, weights: usize, classes: i32, target: i32, largest: f32, logSum: f64, smoothing: f64, weightSum: f64,
): f64 {
  const own = <f64>load<f32>(z + (<usize>target << 2)) - <f64>largest;
  const loss = (1 - smoothing) * weightOf(weights, target) * (logSum - own);
  if (smoothing == 0) return loss; // a logit of -Infinity counts only where it is the target
  return loss + (smoothing / <f64>classes) * (weightSum * logSum - weightedSum(z, weights, classes, largest));
}

/** The largest value; NaN is passed over (it comes back through the sum). */
function rowMax(z: usize, count: i32): f32 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  let k = 0;
  for (const pairs = count & ~7; k < pairs; k += 8) {
    a = f32x4.pmax(a, v128.load(z + (<usize>k << 2)));
    b = f32x4.pmax(b, v128.load(z + (<usize>k << 2), 16));
  }
  let largest = maxOfLanes(f32x4.pmax(a, b));
  for (; k < count; k++) {
    const value = load<f32>(z + (<usize>k << 2));
    largest = value > largest ? value : largest;
  }
  return largest;
}

/** Σ e^(z - m). */
function sumOfExp(z: usize, count: i32, m: f32): f64 {
  let total: f64 = 0;
  for (let start = 0; start < count; start += sumBlock) {
    const end = min(start + sumBlock, count);
    let sum = f32x4.splat(0);
    let k = start;
    for (const whole = end - 3; k < whole; k += 4) {
      sum = f32x4.add(sum, exp4(f32x4.sub(v128.load(z + (<usize>k << 2)), f32x4.splat(m))));
    }
    if (k < end) sum = f32x4.add(sum, expOfPart(z + (<usize>k << 2), end - k, m));
    total += sumOfLanes64(sum);
  }
  return total;
}

/** The same, and leaves e^(z - m) in place of z. */
function expInPlace(z: usize, count: i32, m: f32): f64 {
  let total: f64 = 0;
  for (let start = 0; start < count; start += sumBlock) {
    const end = min(start + sumBlock, count);
    let sum = f32x4.splat(0);
    let k = start;
    for (const whole = end - 3; k < whole; k += 4) {
      const e = exp4(f32x4.sub(v128.load(z + (<usize>k << 2)), f32x4.splat(m)));
      v128.store(z + (<usize>k << 2), e);
      sum = f32x4.add(sum, e);
    }
    if (k < end) {
      const e = expOfPart(z + (<usize>k << 2), end - k, m);
      store4<Part>(z + (<usize>k << 2), e, end - k);
      sum = f32x4.add(sum, e);
    }
    total += sumOfLanes64(sum);
  }
  return total;
}

/** e^(z - m) of 1..3 values; 0 in the lanes beyond. */
function expOfPart(z: usize, count: i32, m: f32): v128 {
  const e = exp4(f32x4.sub(load4<Part>(z, count), f32x4.splat(m)));
  const lane = i32x4(0, 1, 2, 3);
  return v128.and(e, i32x4.lt_s(lane, i32x4.splat(count)));
}

/** Σ w (z - m), without weights Σ (z - m). */
function weightedSum(z: usize, weights: usize, count: i32, m: f32): f64 {
  let total: f64 = 0;
  for (let k = 0; k < count; k++) {
    const value = <f64>load<f32>(z + (<usize>k << 2)) - <f64>m;
    total += weights == 0 ? value : value * <f64>load<f32>(weights + (<usize>k << 2));
  }
  return total;
}

function scaleRow(z: usize, weights: usize, count: i32, p: f32, q: f32, smoothed: bool): void {
  const whole = count & ~3;
  let k = 0;
  for (; k < whole; k += 4) scaleBlock<Whole>(z, weights, <usize>k << 2, 4, p, q, smoothed);
  if (k < count) scaleBlock<Part>(z, weights, <usize>k << 2, count - k, p, q, smoothed);
}

// @ts-ignore: decorator
@inline
function scaleBlock<T>(z: usize, weights: usize, at: usize, n: i32, p: f32, q: f32, smoothed: bool): void {
  const scaled = f32x4.mul(load4<T>(z + at, n), f32x4.splat(p));
  store4<T>(z + at, lessUniform<T>(scaled, weights, at, n, q, smoothed), n);
}

/** out[v] += Σ over rows of x[row, v], for columns [from, to); `from` is a multiple of 4. */
export function addColumnSums(x: usize, out: usize, rows: i32, columns: i32, from: i32, to: i32): void {
  let k = from;
  for (const whole = to - 15; k < whole; k += 16) {
    let at = x + (<usize>k << 2);
    const o = out + (<usize>k << 2);
    let s0 = v128.load(o);
    let s1 = v128.load(o, 16);
    let s2 = v128.load(o, 32);
    let s3 = v128.load(o, 48);
    for (let row = 0; row < rows; row++) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, 16));
      s2 = f32x4.add(s2, v128.load(at, 32));
      s3 = f32x4.add(s3, v128.load(at, 48));
      at += <usize>columns << 2;
    }
    v128.store(o, s0);
    v128.store(o, s1, 16);
    v128.store(o, s2, 32);
    v128.store(o, s3, 48);
  }
  for (const whole = to - 3; k < whole; k += 4) columnBlock<Whole>(x, out, rows, columns, k, 4);
  if (k < to) columnBlock<Part>(x, out, rows, columns, k, to - k);
}

// @ts-ignore: decorator
@inline
function columnBlock<T>(x: usize, out: usize, rows: i32, columns: i32, k: i32, n: i32): void {
  let at = x + (<usize>k << 2);
  let sum = load4<T>(out + (<usize>k << 2), n);
  for (let row = 0; row < rows; row++) {
    sum = f32x4.add(sum, load4<T>(at, n));
    at += <usize>columns << 2;
  }
  store4<T>(out + (<usize>k << 2), sum, n);
}
