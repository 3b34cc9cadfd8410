/**
 * Products of a few rows with a transposed B (stored [N, K]) by dot products along k: nothing is packed, so
 * B is read once from wherever it lies. This is how a weight matrix meets a small batch.
 */
import { madd } from "./memory";
import { rowOf } from "./matrix";

/** Adds the four lanes. */
// @ts-ignore: decorator
@inline function total(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** The last `rest` (0..3) terms of a dot product. */
// @ts-ignore: decorator
@inline function tail(a: usize, b: usize, rest: i32): f32 {
  let sum: f32 = 0;
  for (let k = 0; k < rest; k++) sum += load<f32>(a + (<usize>k << 2)) * load<f32>(b + (<usize>k << 2));
  return sum;
}

// @ts-ignore: decorator
@inline function finish(c: usize, sum: f32, accumulate: bool, bias: usize): void {
  let start: f32 = 0;
  if (accumulate) start = load<f32>(c);
  else if (bias != 0) start = load<f32>(bias);
  store<f32>(c, start + sum);
}

/** c0[0..1], c1.., c2.., c3.. = four rows of A times two rows of B. */
export function dot4x2(
  a0: usize, a1: usize, a2: usize, a3: usize, b0: usize, b1: usize, k: i32,
  c0: usize, c1: usize, c2: usize, c3: usize, accumulate: bool, bias: usize,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00;
  let s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  const end = a0 + (<usize>(k & ~3) << 2);
  while (a0 < end) {
    const y0 = v128.load(b0), y1 = v128.load(b1);
    const x0 = v128.load(a0);
    s00 = madd(x0, y0, s00); s01 = madd(x0, y1, s01);
    const x1 = v128.load(a1);
    s10 = madd(x1, y0, s10); s11 = madd(x1, y1, s11);
    const x2 = v128.load(a2);
    s20 = madd(x2, y0, s20); s21 = madd(x2, y1, s21);
    const x3 = v128.load(a3);
    s30 = madd(x3, y0, s30); s31 = madd(x3, y1, s31);
    a0 += 16; a1 += 16; a2 += 16; a3 += 16;
    b0 += 16; b1 += 16;
  }
  const rest = k & 3;
  const second = bias == 0 ? 0 : bias + 4;
  finish(c0, total(s00) + tail(a0, b0, rest), accumulate, bias);
  finish(c0 + 4, total(s01) + tail(a0, b1, rest), accumulate, second);
  finish(c1, total(s10) + tail(a1, b0, rest), accumulate, bias);
  finish(c1 + 4, total(s11) + tail(a1, b1, rest), accumulate, second);
  finish(c2, total(s20) + tail(a2, b0, rest), accumulate, bias);
  finish(c2 + 4, total(s21) + tail(a2, b1, rest), accumulate, second);
  finish(c3, total(s30) + tail(a3, b0, rest), accumulate, bias);
  finish(c3 + 4, total(s31) + tail(a3, b1, rest), accumulate, second);
}

/** c[0..3] = one row of A times four rows of B, in two chains each. */
export function dot1x4(
  a: usize, b0: usize, b1: usize, b2: usize, b3: usize, k: i32,
  c: usize, accumulate: bool, bias: usize,
): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  const end8 = a + (<usize>(k & ~7) << 2);
  const end4 = a + (<usize>(k & ~3) << 2);
  while (a < end8) {
    const x = v128.load(a), y = v128.load(a, 16);
    s0 = madd(x, v128.load(b0), s0); t0 = madd(y, v128.load(b0, 16), t0);
    s1 = madd(x, v128.load(b1), s1); t1 = madd(y, v128.load(b1, 16), t1);
    s2 = madd(x, v128.load(b2), s2); t2 = madd(y, v128.load(b2, 16), t2);
    s3 = madd(x, v128.load(b3), s3); t3 = madd(y, v128.load(b3, 16), t3);
    a += 32; b0 += 32; b1 += 32; b2 += 32; b3 += 32;
  }
  if (a < end4) {
    const x = v128.load(a);
    s0 = madd(x, v128.load(b0), s0);
    s1 = madd(x, v128.load(b1), s1);
    s2 = madd(x, v128.load(b2), s2);
    s3 = madd(x, v128.load(b3), s3);
    a += 16; b0 += 16; b1 += 16; b2 += 16; b3 += 16;
  }
  const rest = k & 3;
  const step: usize = bias == 0 ? 0 : 4;
  finish(c, total(f32x4.add(s0, t0)) + tail(a, b0, rest), accumulate, bias);
  finish(c + 4, total(f32x4.add(s1, t1)) + tail(a, b1, rest), accumulate, bias + step);
  finish(c + 8, total(f32x4.add(s2, t2)) + tail(a, b2, rest), accumulate, bias + 2 * step);
  finish(c + 12, total(f32x4.add(s3, t3)) + tail(a, b3, rest), accumulate, bias + 3 * step);
}

/** One row of A times one row of B. */
export function dot1x1(a: usize, b: usize, k: i32, c: usize, accumulate: bool, bias: usize): void {
  let s = f32x4.splat(0);
  const end = a + (<usize>(k & ~3) << 2);
  while (a < end) {
    s = madd(v128.load(a), v128.load(b), s);
    a += 16; b += 16;
  }
  finish(c, total(s) + tail(a, b, k & 3), accumulate, bias);
}

/** C[m0..m1, n0..n1] for rows by tables or strides; see `gemm` for the arguments. */
export function dotBlock(
  aBase: usize, aStride: usize, aTable: usize, b: usize, bStride: usize, bTable: usize,
  cBase: usize, cStride: usize, cTable: usize, bias: usize, accumulate: bool,
  m0: i32, m1: i32, n0: i32, n1: i32, k: i32,
): void {
  let m = m0;
  for (; m + 4 <= m1; m += 4) {
    const a0 = rowOf(aBase, aStride, aTable, m), a1 = rowOf(aBase, aStride, aTable, m + 1);
    const a2 = rowOf(aBase, aStride, aTable, m + 2), a3 = rowOf(aBase, aStride, aTable, m + 3);
    const c0 = rowOf(cBase, cStride, cTable, m), c1 = rowOf(cBase, cStride, cTable, m + 1);
    const c2 = rowOf(cBase, cStride, cTable, m + 2), c3 = rowOf(cBase, cStride, cTable, m + 3);
    let n = n0;
    for (; n + 2 <= n1; n += 2) {
      const x = <usize>n << 2;
      dot4x2(
        a0, a1, a2, a3, rowOf(b, bStride, bTable, n), rowOf(b, bStride, bTable, n + 1), k,
        c0 + x, c1 + x, c2 + x, c3 + x, accumulate, bias == 0 ? 0 : bias + x,
      );
    }
    if (n < n1) {
      const x = <usize>n << 2;
      const last = rowOf(b, bStride, bTable, n);
      const start = bias == 0 ? 0 : bias + x;
      dot1x1(a0, last, k, c0 + x, accumulate, start);
      dot1x1(a1, last, k, c1 + x, accumulate, start);
      dot1x1(a2, last, k, c2 + x, accumulate, start);
      dot1x1(a3, last, k, c3 + x, accumulate, start);
    }
  }
  for (; m < m1; m++) {
    const a = rowOf(aBase, aStride, aTable, m);
    const c = rowOf(cBase, cStride, cTable, m);
    let n = n0;
    for (; n + 4 <= n1; n += 4) {
      const x = <usize>n << 2;
      dot1x4(
        a, rowOf(b, bStride, bTable, n), rowOf(b, bStride, bTable, n + 1),
        rowOf(b, bStride, bTable, n + 2), rowOf(b, bStride, bTable, n + 3), k,
        c + x, accumulate, bias == 0 ? 0 : bias + x,
      );
    }
    for (; n < n1; n++) {
      const x = <usize>n << 2;
      dot1x1(a, rowOf(b, bStride, bTable, n), k, c + x, accumulate, bias == 0 ? 0 : bias + x);
    }
  }
}
