/**
 * Products with weights of 8 bits, for generation: a quarter of the memory to read, and 8 multiplications an
 * instruction. Inputs are rounded to 12 bits row by row when they come.
 *
 *   y[r] = bias[r] + scale[r] t Σ_k q[r, k] p[k],   x ≈ t p, w[r] ≈ scale[r] q[r],   |q| <= 127, |p| <= 2047
 *
 * The sums are exact in 32 bits up to 8192 columns, so the result's bits do not depend on any order. Rows of q and p
 * are padded with zeros to a multiple of 16 (`padded`).
 */
import { load4, Part } from "./vector";

/** p (i16) and t of rows [from, to) of x. */
export function quantizeInputs(
  x: usize, p: usize, scales: usize, size: i32, padded: i32, from: i32, to: i32,
): void {
  for (let row = from; row < to; row++) {
    const xs = x + <usize>row * (<usize>size << 2);
    const ps = p + <usize>row * (<usize>padded << 1);
    const largest = largestOf(xs, size);
    const scale = largest / 2047;
    store<f32>(scales + (<usize>row << 2), scale);
    const factor = f32x4.splat(scale == 0 ? 0 : 1 / scale);
    for (let k = 0; k < padded; k += 8) {
      const low = rounded(xs + (<usize>k << 2), size - k, factor);
      const high = rounded(xs + (<usize>k << 2) + 16, size - k - 4, factor);
      v128.store(ps + (<usize>k << 1), i16x8.narrow_i32x4_s(low, high));
    }
  }
}

function rounded(x: usize, left: i32, factor: v128): v128 {
  if (left <= 0) return i32x4.splat(0);
  const value = left >= 4 ? v128.load(x) : load4<Part>(x, left);
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(value, factor)));
}

/** The largest magnitude; NaN if there is one. */
function largestOf(x: usize, size: i32): f32 {
  let largest = f32x4.splat(0);
  for (let k = 0; k < size; k += 4) {
    const value = size - k >= 4 ? v128.load(x + (<usize>k << 2)) : load4<Part>(x + (<usize>k << 2), size - k);
    largest = f32x4.max(largest, f32x4.abs(value));
  }
  return max(
    max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
    max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
  );
}

/** y[b, r] (+)= ... for rows r of q in [from, to) and all `batch` inputs; y has `rows` columns. */
export function int8Product(
  p: usize, inputScales: usize, q: usize, scales: usize, bias: usize, y: usize,
  batch: i32, padded: i32, rows: i32, accumulate: i32, from: i32, to: i32,
): void {
  const bytes = <usize>padded;
  let r = from;
  for (const whole = to - 3; r < whole; r += 4) {
    for (let b = 0; b < batch; b++) {
      const sums = fourDots(p + <usize>b * (bytes << 1), q + <usize>r * bytes, bytes);
      const scale = f32x4.mul(v128.load(scales + (<usize>r << 2)), v128.load32_splat(inputScales + (<usize>b << 2)));
      let value = f32x4.mul(f32x4.convert_i32x4_s(sums), scale);
      if (bias != 0) value = f32x4.add(value, v128.load(bias + (<usize>r << 2)));
      const at = y + (<usize>(b * rows + r) << 2);
      if (accumulate) value = f32x4.add(value, v128.load(at));
      v128.store(at, value);
    }
  }
  for (; r < to; r++) {
    for (let b = 0; b < batch; b++) {
      const sum = oneDot(p + <usize>b * (bytes << 1), q + <usize>r * bytes, bytes);
      let value = <f32>sum * (load<f32>(scales + (<usize>r << 2)) * load<f32>(inputScales + (<usize>b << 2)));
      if (bias != 0) value += load<f32>(bias + (<usize>r << 2));
      const at = y + (<usize>(b * rows + r) << 2);
      if (accumulate) value += load<f32>(at);
      store<f32>(at, value);
    }
  }
}

/** Four rows of q at once share the loads of p. */
function fourDots(p: usize, q0: usize, bytes: usize): v128 {
  const q1 = q0 + bytes;
  const q2 = q1 + bytes;
  const q3 = q2 + bytes;
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let k: usize = 0; k < bytes; k += 16) {
    const low = v128.load(p + (k << 1));
    const high = v128.load(p + (k << 1), 16);
    s0 = i32x4.add(s0, i32x4.add(dot8(q0 + k, low), dot8(q0 + k + 8, high)));
    s1 = i32x4.add(s1, i32x4.add(dot8(q1 + k, low), dot8(q1 + k + 8, high)));
    s2 = i32x4.add(s2, i32x4.add(dot8(q2 + k, low), dot8(q2 + k + 8, high)));
    s3 = i32x4.add(s3, i32x4.add(dot8(q3 + k, low), dot8(q3 + k + 8, high)));
  }
  // Transposes and adds: lane i becomes the sum of si.
  const a = i32x4.add(v128.shuffle<i32>(s0, s1, 0, 4, 2, 6), v128.shuffle<i32>(s0, s1, 1, 5, 3, 7));
  const b = i32x4.add(v128.shuffle<i32>(s2, s3, 0, 4, 2, 6), v128.shuffle<i32>(s2, s3, 1, 5, 3, 7));
  return i32x4.add(v128.shuffle<i32>(a, b, 0, 1, 4, 5), v128.shuffle<i32>(a, b, 2, 3, 6, 7));
}

function oneDot(p: usize, q: usize, bytes: usize): i32 {
  let sum = i32x4.splat(0);
  for (let k: usize = 0; k < bytes; k += 16) {
    sum = i32x4.add(sum, dot8(q + k, v128.load(p + (k << 1))));
    sum = i32x4.add(sum, dot8(q + k + 8, v128.load(p + (k << 1), 16)));
  }
  return i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
}

/** Eight products of i8 and i16, added in pairs. */
// @ts-ignore: decorator
@inline
function dot8(q: usize, p: v128): v128 {
  return i32x4.dot_i16x8_s(v128.load_ext<i8>(q), p);
}
