/**
 * Attention of Q queries over the T keys of each batch row: scores, softmax over the row's true length,
 * context. Scores are products q·k times a scale, or u·tanh(q + k) (additive, after both projections).
 * Every output belongs to one batch row; rows split over threads.
 *
 * Shapes: q [B, Q, D], k [B, T, D], v [B, T, V], weights and scores [B, Q, T], context [B, Q, V].
 * `lengths` is 0 or the offset of B counts in 1..T; keys beyond have weight exactly 0.
 */
import { exp4, tanh4 } from "./math";
import { madd, zero } from "./memory";
import { load4, Part, store4, sumOfLanes, Whole } from "./vector";

export function dotAttention(
  q: usize, k: usize, v: usize, lengths: usize, weights: usize, context: usize,
  queries: i32, times: i32, size: i32, valueSize: i32, scale: f32, from: i32, to: i32,
): void {
  for (let b = from; b < to; b++) {
    const length = lengthOf(lengths, b, times);
    const keys = k + floats(b, times, size);
    for (let i = 0; i < queries; i++) {
      const row = weights + floats(b * queries + i, times, 1);
      dots(row, q + floats(b * queries + i, size, 1), keys, length, size, scale);
      softmax(row, length, times);
      combine(context + floats(b * queries + i, valueSize, 1), row, 1, v + floats(b, times, valueSize), length, valueSize, 1);
    }
  }
}

/** u: `size` floats. */
export function additiveAttention(
  q: usize, k: usize, v: usize, u: usize, lengths: usize, weights: usize, context: usize,
  queries: i32, times: i32, size: i32, valueSize: i32, from: i32, to: i32,
): void {
  for (let b = from; b < to; b++) {
    const length = lengthOf(lengths, b, times);
    for (let i = 0; i < queries; i++) {
      const row = weights + floats(b * queries + i, times, 1);
      const query = q + floats(b * queries + i, size, 1);
      for (let t = 0; t < length; t++) {
        store<f32>(row + (<usize>t << 2), additiveScore(query, k + floats(b * times + t, size, 1), u, size));
      }
      softmax(row, length, times);
      combine(context + floats(b * queries + i, valueSize, 1), row, 1, v + floats(b, times, valueSize), length, valueSize, 1);
    }
  }
}

/**
 * The gradients of values and scores: dv[t] = Σ_i w[i, t] dContext[i] and
 * dScores = w (dw - Σ w dw) with dw[i, t] = dContext[i]·v[t] + dWeights[i, t] (`dWeights` may be 0).
 */
export function attentionScoreGradient(
  dContext: usize, dWeights: usize, v: usize, lengths: usize, weights: usize, dScores: usize, dv: usize,
  queries: i32, times: i32, valueSize: i32, from: i32, to: i32,
): void {
  for (let b = from; b < to; b++) {
    const length = lengthOf(lengths, b, times);
    const dContexts = dContext + floats(b, queries, valueSize);
    const values = v + floats(b, times, valueSize);
    const own = weights + floats(b, queries, times);
    for (let i = 0; i < queries; i++) {
      const row = floats(b * queries + i, times, 1);
      dots(dScores + row, dContexts + floats(i, valueSize, 1), values, length, valueSize, 1);
      softmaxGradient(dScores + row, dWeights == 0 ? 0 : dWeights + row, weights + row, length, times);
    }
    for (let t = 0; t < length; t++) {
      combine(dv + floats(b * times + t, valueSize, 1), own + (<usize>t << 2), times, dContexts, queries, valueSize, 1);
    }
    zero(dv + floats(b * times + length, valueSize, 1), (times - length) * valueSize);
  }
}

/** dq[i] = scale Σ_t dScores[i, t] k[t]; dk[t] = scale Σ_i dScores[i, t] q[i]. */
export function dotAttentionGradient(
  dScores: usize, q: usize, k: usize, lengths: usize, dq: usize, dk: usize,
  queries: i32, times: i32, size: i32, scale: f32, from: i32, to: i32,
): void {
  for (let b = from; b < to; b++) {
    const length = lengthOf(lengths, b, times);
    const scores = dScores + floats(b, queries, times);
    for (let i = 0; i < queries; i++) {
      combine(dq + floats(b * queries + i, size, 1), scores + floats(i, times, 1), 1, k + floats(b, times, size), length, size, scale);
    }
    for (let t = 0; t < length; t++) {
      combine(dk + floats(b * times + t, size, 1), scores + (<usize>t << 2), times, q + floats(b, queries, size), queries, size, scale);
    }
    zero(dk + floats(b * times + length, size, 1), (times - length) * size);
  }
}

/**
 * With g = dScores[i, t] u (1 - tanh²(q[i] + k[t])): dq[i] = Σ_t g, dk[t] = Σ_i g; and for each batch row
 * du[b] = Σ dScores tanh (the caller sums over b).
 */
export function additiveAttentionGradient(
  dScores: usize, q: usize, k: usize, u: usize, lengths: usize, dq: usize, dk: usize, du: usize,
  queries: i32, times: i32, size: i32, from: i32, to: i32,
): void {
  for (let b = from; b < to; b++) {
    const length = lengthOf(lengths, b, times);
    const dU = du + floats(b, size, 1);
    zero(dU, size);
    zero(dk + floats(b, times, size), times * size);
    zero(dq + floats(b, queries, size), queries * size);
    for (let i = 0; i < queries; i++) {
      const query = floats(b * queries + i, size, 1);
      for (let t = 0; t < length; t++) {
        const key = floats(b * times + t, size, 1);
        const score = load<f32>(dScores + floats(b * queries + i, times, 1) + (<usize>t << 2));
        let d = 0;
        for (const whole = size - 3; d < whole; d += 4) {
          additiveBlock<Whole>(q + query, k + key, u, dq + query, dk + key, dU, <usize>d << 2, 4, score);
        }
        if (d < size) additiveBlock<Part>(q + query, k + key, u, dq + query, dk + key, dU, <usize>d << 2, size - d, score);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function additiveBlock<T>(
  q: usize, k: usize, u: usize, dq: usize, dk: usize, du: usize, at: usize, n: i32, score: f32,
): void {
  const t = tanh4(f32x4.add(load4<T>(q + at, n), load4<T>(k + at, n)));
  const slope = f32x4.sub(f32x4.splat(1), f32x4.mul(t, t));
  const g = f32x4.mul(f32x4.mul(load4<T>(u + at, n), slope), f32x4.splat(score));
  store4<T>(dq + at, f32x4.add(load4<T>(dq + at, n), g), n);
  store4<T>(dk + at, f32x4.add(load4<T>(dk + at, n), g), n);
  store4<T>(du + at, madd(t, f32x4.splat(score), load4<T>(du + at, n)), n);
}

function additiveScore(q: usize, k: usize, u: usize, size: i32): f32 {
  let sum = f32x4.splat(0);
  let d = 0;
  for (const whole = size - 3; d < whole; d += 4) {
    const at = <usize>d << 2;
    sum = madd(v128.load(u + at), tanh4(f32x4.add(v128.load(q + at), v128.load(k + at))), sum);
  }
  if (d < size) {
    const at = <usize>d << 2;
    const n = size - d;
    sum = madd(load4<Part>(u + at, n), tanh4(f32x4.add(load4<Part>(q + at, n), load4<Part>(k + at, n))), sum);
  }
  return sumOfLanes(sum);
}

/** Bytes of a × b × c floats. */
// @ts-ignore: decorator
@inline
function floats(a: i32, b: i32, c: i32): usize {
  return (<usize>a * <usize>b * <usize>c) << 2;
}

// @ts-ignore: decorator
@inline
function lengthOf(lengths: usize, row: i32, times: i32): i32 {
  return lengths == 0 ? times : load<i32>(lengths + (<usize>row << 2));
}

/** out[t] = scale a·rows[t]; four rows at a time share the loads of a. */
function dots(out: usize, a: usize, rows: usize, count: i32, size: i32, scale: f32): void {
  const stride = <usize>size << 2;
  let t = 0;
  for (const whole = count - 3; t < whole; t += 4) {
    const r0 = rows + <usize>t * stride;
    const r1 = r0 + stride;
    const r2 = r1 + stride;
    const r3 = r2 + stride;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let d = 0;
    for (const end = size - 3; d < end; d += 4) {
      const at = <usize>d << 2;
      const x = v128.load(a + at);
      s0 = madd(x, v128.load(r0 + at), s0);
      s1 = madd(x, v128.load(r1 + at), s1);
      s2 = madd(x, v128.load(r2 + at), s2);
      s3 = madd(x, v128.load(r3 + at), s3);
    }
    if (d < size) {
      const at = <usize>d << 2;
      const n = size - d;
      const x = load4<Part>(a + at, n);
      s0 = madd(x, load4<Part>(r0 + at, n), s0);
      s1 = madd(x, load4<Part>(r1 + at, n), s1);
      s2 = madd(x, load4<Part>(r2 + at, n), s2);
      s3 = madd(x, load4<Part>(r3 + at, n), s3);
    }
    const o = out + (<usize>t << 2);
    store<f32>(o, scale * sumOfLanes(s0));
    store<f32>(o, scale * sumOfLanes(s1), 4);
    store<f32>(o, scale * sumOfLanes(s2), 8);
    store<f32>(o, scale * sumOfLanes(s3), 12);
  }
  for (; t < count; t++) {
    store<f32>(out + (<usize>t << 2), scale * dot(a, rows + <usize>t * stride, size));
  }
}

function dot(a: usize, b: usize, size: i32): f32 {
  let sum = f32x4.splat(0);
  let d = 0;
  for (const end = size - 3; d < end; d += 4) {
    sum = madd(v128.load(a + (<usize>d << 2)), v128.load(b + (<usize>d << 2)), sum);
  }
  if (d < size) {
    const at = <usize>d << 2;
    sum = madd(load4<Part>(a + at, size - d), load4<Part>(b + at, size - d), sum);
  }
  return sumOfLanes(sum);
}

/** out = scale Σ_t coefficient[t] rows[t]; coefficients lie `step` floats apart. Sixteen columns at a time. */
function combine(out: usize, coefficients: usize, step: i32, rows: usize, count: i32, size: i32, scale: f32): void {
  const stride = <usize>size << 2;
  const next = <usize>step << 2;
  let d = 0;
  for (const whole = size - 15; d < whole; d += 16) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let c = coefficients;
    let r = rows + (<usize>d << 2);
    for (let t = 0; t < count; t++) {
      const x = v128.load32_splat(c);
      s0 = madd(x, v128.load(r), s0);
      s1 = madd(x, v128.load(r, 16), s1);
      s2 = madd(x, v128.load(r, 32), s2);
      s3 = madd(x, v128.load(r, 48), s3);
      c += next;
      r += stride;
    }
    const o = out + (<usize>d << 2);
    v128.store(o, f32x4.mul(s0, f32x4.splat(scale)));
    v128.store(o, f32x4.mul(s1, f32x4.splat(scale)), 16);
    v128.store(o, f32x4.mul(s2, f32x4.splat(scale)), 32);
    v128.store(o, f32x4.mul(s3, f32x4.splat(scale)), 48);
  }
  for (const whole = size - 3; d < whole; d += 4) {
    combineBlock<Whole>(out + (<usize>d << 2), coefficients, next, rows + (<usize>d << 2), stride, count, 4, scale);
  }
  if (d < size) {
    combineBlock<Part>(out + (<usize>d << 2), coefficients, next, rows + (<usize>d << 2), stride, count, size - d, scale);
  }
}

// @ts-ignore: decorator
@inline
function combineBlock<T>(
  out: usize, coefficients: usize, next: usize, rows: usize, stride: usize, count: i32, n: i32, scale: f32,
): void {
  let sum = f32x4.splat(0);
  let c = coefficients;
  let r = rows;
  for (let t = 0; t < count; t++) {
    sum = madd(v128.load32_splat(c), load4<T>(r, n), sum);
    c += next;
    r += stride;
  }
  store4<T>(out, f32x4.mul(sum, f32x4.splat(scale)), n);
}

/** Scores to weights in place; 0 beyond `length`. */
function softmax(row: usize, length: i32, times: i32): void {
  let largest = load<f32>(row);
  for (let t = 1; t < length; t++) {
    const score = load<f32>(row + (<usize>t << 2));
    largest = score > largest ? score : largest;
  }
  let sum: f32 = 0;
  let t = 0;
  for (const whole = length - 3; t < whole; t += 4) {
    const e = exp4(f32x4.sub(v128.load(row + (<usize>t << 2)), f32x4.splat(largest)));
    v128.store(row + (<usize>t << 2), e);
    sum += sumOfLanes(e);
  }
  if (t < length) {
    const at = row + (<usize>t << 2);
    store4<Part>(at, exp4(f32x4.sub(load4<Part>(at, length - t), f32x4.splat(largest))), length - t);
    for (; t < length; t++) sum += load<f32>(row + (<usize>t << 2));
  }
  for (t = 0; t < length; t++) {
    const at = row + (<usize>t << 2);
    store<f32>(at, load<f32>(at) / sum);
  }
  zero(row + (<usize>length << 2), times - length);
}

/** In place from dWeights to dScores: w (d - Σ w d), d with `extra` added; 0 beyond `length`. */
function softmaxGradient(d: usize, extra: usize, weights: usize, length: i32, times: i32): void {
  let sum: f32 = 0;
  for (let t = 0; t < length; t++) {
    const at = <usize>t << 2;
    let value = load<f32>(d + at);
    if (extra != 0) value += load<f32>(extra + at);
    store<f32>(d + at, value);
    sum += value * load<f32>(weights + at);
  }
  for (let t = 0; t < length; t++) {
    const at = <usize>t << 2;
    store<f32>(d + at, load<f32>(weights + at) * (load<f32>(d + at) - sum));
  }
  zero(d + (<usize>length << 2), times - length);
}
