/**
 * Layer normalisation of rows: y = (x - mean) / √(variance + ε) ⊙ gain + bias (Ba et al. 2016, eq. 4).
 *
 * Forward and the gradient of x split over threads by rows, the gradients of gain and bias by columns.
 * `stats` keeps mean and 1/√(variance + ε) of each row. `gain` and `bias` may be 0: not there.
 */
import { madd } from "./memory";
import { load4, Part, store4, sumOfLanes64, Whole } from "./vector";

export function layerNorm(
  x: usize, gain: usize, bias: usize, y: usize, stats: usize, size: i32, epsilon: f64, from: i32, to: i32,
): void {
  const bytes = <usize>size << 2;
  for (let row = from; row < to; row++) {
    const xs = x + <usize>row * bytes;
    const mean = <f32>(sumOfRow(xs, size) / <f64>size);
    const variance = sumOfSquaredDistances(xs, size, mean) / <f64>size;
    const scale = <f32>(1 / Math.sqrt(variance + epsilon));
    store<f32>(stats + (<usize>row << 3), mean);
    store<f32>(stats + (<usize>row << 3), scale, 4);
    const ys = y + <usize>row * bytes;
    let k = 0;
    for (const whole = size - 3; k < whole; k += 4) outputBlock<Whole>(xs, gain, bias, ys, <usize>k << 2, 4, mean, scale);
    if (k < size) outputBlock<Part>(xs, gain, bias, ys, <usize>k << 2, size - k, mean, scale);
  }
}

// @ts-ignore: decorator
@inline
function outputBlock<T>(x: usize, gain: usize, bias: usize, y: usize, at: usize, n: i32, mean: f32, scale: f32): void {
  let value = f32x4.mul(f32x4.sub(load4<T>(x + at, n), f32x4.splat(mean)), f32x4.splat(scale));
  if (gain != 0) value = f32x4.mul(value, load4<T>(gain + at, n));
  if (bias != 0) value = f32x4.add(value, load4<T>(bias + at, n));
  store4<T>(y + at, value, n);
}

/** dx = scale (d - mean(d) - x̂ mean(d x̂)) with d = dy ⊙ gain, for rows [from, to). */
export function layerNormGradient(
  dy: usize, x: usize, gain: usize, stats: usize, dx: usize, size: i32, from: i32, to: i32,
): void {
  const bytes = <usize>size << 2;
  for (let row = from; row < to; row++) {
    const xs = x + <usize>row * bytes;
    const ds = dy + <usize>row * bytes;
    const mean = load<f32>(stats + (<usize>row << 3));
    const scale = load<f32>(stats + (<usize>row << 3), 4);
    let sum = f32x4.splat(0);
    let product = f32x4.splat(0);
    let k = 0;
    for (const whole = size - 3; k < whole; k += 4) {
      const d = weighted<Whole>(ds, gain, <usize>k << 2, 4);
      sum = f32x4.add(sum, d);
      product = madd(d, normal<Whole>(xs, <usize>k << 2, 4, mean, scale), product);
    }
    if (k < size) {
      const d = weighted<Part>(ds, gain, <usize>k << 2, size - k);
      sum = f32x4.add(sum, d);
      product = madd(d, normal<Part>(xs, <usize>k << 2, size - k, mean, scale), product);
    }
    const meanOfD = <f32>(sumOfLanes64(sum) / <f64>size);
    const meanOfProduct = <f32>(sumOfLanes64(product) / <f64>size);
    const out = dx + <usize>row * bytes;
    k = 0;
    for (const whole = size - 3; k < whole; k += 4) {
      gradientBlock<Whole>(ds, xs, gain, out, <usize>k << 2, 4, mean, scale, meanOfD, meanOfProduct);
    }
    if (k < size) gradientBlock<Part>(ds, xs, gain, out, <usize>k << 2, size - k, mean, scale, meanOfD, meanOfProduct);
  }
}

// @ts-ignore: decorator
@inline
function gradientBlock<T>(
  dy: usize, x: usize, gain: usize, dx: usize, at: usize, n: i32,
  mean: f32, scale: f32, meanOfD: f32, meanOfProduct: f32,
): void {
  const centred = f32x4.sub(weighted<T>(dy, gain, at, n), f32x4.splat(meanOfD));
  const along = f32x4.mul(normal<T>(x, at, n, mean, scale), f32x4.splat(meanOfProduct));
  store4<T>(dx + at, f32x4.mul(f32x4.sub(centred, along), f32x4.splat(scale)), n);
}

// @ts-ignore: decorator
@inline
function weighted<T>(dy: usize, gain: usize, at: usize, n: i32): v128 {
  const d = load4<T>(dy + at, n);
  return gain == 0 ? d : f32x4.mul(d, load4<T>(gain + at, n));
}

/** x̂; lanes beyond a part hold nonsense, which the zeros of dy cancel. */
// @ts-ignore: decorator
@inline
function normal<T>(x: usize, at: usize, n: i32, mean: f32, scale: f32): v128 {
  return f32x4.mul(f32x4.sub(load4<T>(x + at, n), f32x4.splat(mean)), f32x4.splat(scale));
}

/** dGain = Σ dy x̂ and dBias = Σ dy over all rows, for columns [from, to); `from` is a multiple of 4. */
export function layerNormParameters(
  dy: usize, x: usize, stats: usize, dGain: usize, dBias: usize, rows: i32, size: i32, from: i32, to: i32,
): void {
  let k = from;
  for (const whole = to - 3; k < whole; k += 4) columns<Whole>(dy, x, stats, dGain, dBias, rows, size, <usize>k << 2, 4);
  if (k < to) columns<Part>(dy, x, stats, dGain, dBias, rows, size, <usize>k << 2, to - k);
}

// @ts-ignore: decorator
@inline
function columns<T>(
  dy: usize, x: usize, stats: usize, dGain: usize, dBias: usize, rows: i32, size: i32, at: usize, n: i32,
): void {
  let gain = f32x4.splat(0);
  let bias = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    const o = <usize>row * (<usize>size << 2) + at;
    const d = load4<T>(dy + o, n);
    const mean = load<f32>(stats + (<usize>row << 3));
    const scale = load<f32>(stats + (<usize>row << 3), 4);
    gain = madd(d, normal<T>(x, o, n, mean, scale), gain);
    bias = f32x4.add(bias, d);
  }
  store4<T>(dGain + at, gain, n);
  store4<T>(dBias + at, bias, n);
}

function sumOfRow(x: usize, count: i32): f64 {
  let sum = f32x4.splat(0);
  let k = 0;
  for (const whole = count - 3; k < whole; k += 4) sum = f32x4.add(sum, v128.load(x + (<usize>k << 2)));
  if (k < count) sum = f32x4.add(sum, load4<Part>(x + (<usize>k << 2), count - k));
  return sumOfLanes64(sum);
}

function sumOfSquaredDistances(x: usize, count: i32, mean: f32): f64 {
  let sum = f32x4.splat(0);
  let k = 0;
  for (const whole = count - 3; k < whole; k += 4) {
    const d = f32x4.sub(v128.load(x + (<usize>k << 2)), f32x4.splat(mean));
    sum = madd(d, d, sum);
  }
  let total = sumOfLanes64(sum);
  for (; k < count; k++) {
    const d = <f64>load<f32>(x + (<usize>k << 2)) - <f64>mean;
    total += d * d;
  }
  return total;
}
