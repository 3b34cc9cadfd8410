/** Copies blocks of matrices into the order in which the tiles read them. */
import { loadPart } from "./memory";
import { rowOf } from "./matrix";

/**
 * Bytes from one panel to the next. One cache line more than a panel holds: at a distance of a power of two
 * all panels would compete for the same few lines of the L1 cache while they are written.
 */
// @ts-ignore: decorator
@inline export function panelSize(count: i32): usize {
  return (<usize>count << 5) + 64;
}

/** Bytes from one block of a packed A to the next. */
// @ts-ignore: decorator
@inline export function quadSize(count: i32): usize {
  return (<usize>count << 4) + 64;
}

/**
 * Columns [n0, n1) of the K rows [k0, k0 + count) of a row-major B into panels [k][8], each
 * `panelSize(count)` bytes; the last is filled with zeros.
 */
export function packRows(
  base: usize, stride: usize, table: usize,
  k0: i32, count: i32, n0: i32, n1: i32, to: usize,
): void {
  const panelBytes = panelSize(count);
  const wide = n0 + ((n1 - n0) & ~7);
  for (let k = 0; k < count; k++) {
    let from = rowOf(base, stride, table, k0 + k) + (<usize>n0 << 2);
    let out = to + (<usize>k << 5);
    for (let n = n0; n < wide; n += 8) {
      v128.store(out, v128.load(from));
      v128.store(out, v128.load(from, 16), 16);
      from += 32;
      out += panelBytes;
    }
    const rest = n1 - wide;
    if (rest > 0) {
      v128.store(out, loadPart(from, rest));
      v128.store(out, rest > 4 ? loadPart(from + 16, rest - 4) : f32x4.splat(0), 16);
    }
  }
}

/** The same for a B that is stored transposed: rows [n0, n1), columns [k0, k0 + count). */
export function packColumns(
  base: usize, stride: usize, table: usize,
  k0: i32, count: i32, n0: i32, n1: i32, to: usize,
): void {
  const panelBytes = panelSize(count);
  for (let n = n0; n < n1; n += 8) {
    transpose4(base, stride, table, n, n1, k0, count, to);
    transpose4(base, stride, table, n + 4, n1, k0, count, to + 16);
    to += panelBytes;
  }
}

/** Rows n..n+3 (zeros from n1 on), columns k0.., to [k] at `to`, 32 bytes apart. */
function transpose4(
  base: usize, stride: usize, table: usize,
  n: i32, n1: i32, k0: i32, count: i32, to: usize,
): void {
  const rows = n1 - n;
  const shift = <usize>k0 << 2;
  if (rows < 4) {
    zeroQuads(to, count);
    for (let r = 0; r < rows; r++) {
      let from = rowOf(base, stride, table, n + r) + shift;
      let out = to + (<usize>r << 2);
      for (let k = 0; k < count; k++, from += 4, out += 32) store<f32>(out, load<f32>(from));
    }
    return;
  }
  let r0 = rowOf(base, stride, table, n) + shift;
  let r1 = rowOf(base, stride, table, n + 1) + shift;
  let r2 = rowOf(base, stride, table, n + 2) + shift;
  let r3 = rowOf(base, stride, table, n + 3) + shift;
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    const x0 = v128.load(r0), x1 = v128.load(r1), x2 = v128.load(r2), x3 = v128.load(r3);
    const low01 = i32x4.shuffle(x0, x1, 0, 4, 1, 5), high01 = i32x4.shuffle(x0, x1, 2, 6, 3, 7);
    const low23 = i32x4.shuffle(x2, x3, 0, 4, 1, 5), high23 = i32x4.shuffle(x2, x3, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
    v128.store(to, i64x2.shuffle(low01, low23, 1, 3), 32);
    v128.store(to, i64x2.shuffle(high01, high23, 0, 2), 64);
    v128.store(to, i64x2.shuffle(high01, high23, 1, 3), 96);
    r0 += 16; r1 += 16; r2 += 16; r3 += 16;
    to += 128;
  }
  for (; k < count; k++) {
    store<f32>(to, load<f32>(r0));
    store<f32>(to, load<f32>(r1), 4);
    store<f32>(to, load<f32>(r2), 8);
    store<f32>(to, load<f32>(r3), 12);
    r0 += 4; r1 += 4; r2 += 4; r3 += 4;
    to += 32;
  }
}

function zeroQuads(to: usize, count: i32): void {
  for (let k = 0; k < count; k++, to += 32) v128.store(to, f32x4.splat(0));
}

/**
 * For a transposed A (stored [K, M]): columns [m0, m1) of rows [k0, k0 + count) into blocks [k][4], each
 * `quadSize(count)` bytes; the last is filled with zeros.
 */
export function packQuads(
  base: usize, stride: usize, table: usize,
  k0: i32, count: i32, m0: i32, m1: i32, to: usize,
): void {
  const blockBytes = quadSize(count);
  const wide = m0 + ((m1 - m0) & ~3);
  for (let k = 0; k < count; k++) {
    let from = rowOf(base, stride, table, k0 + k) + (<usize>m0 << 2);
    let out = to + (<usize>k << 4);
    for (let m = m0; m < wide; m += 4) {
      v128.store(out, v128.load(from));
      from += 16;
      out += blockBytes;
    }
    if (m1 > wide) v128.store(out, loadPart(from, m1 - wide));
  }
}

/** Rows [m0, m1), columns [k0, k0 + count) of a row-major A into blocks [k][4] as `packQuads` makes them. */
export function packQuadsOfRows(
  base: usize, stride: usize, table: usize,
  k0: i32, count: i32, m0: i32, m1: i32, to: usize,
): void {
  const shift = <usize>k0 << 2;
  for (let m = m0; m < m1; m += 4) {
    // rows behind the last repeat it; their sums are not stored
    let r0 = rowOf(base, stride, table, m) + shift;
    let r1 = rowOf(base, stride, table, min(m + 1, m1 - 1)) + shift;
    let r2 = rowOf(base, stride, table, min(m + 2, m1 - 1)) + shift;
    let r3 = rowOf(base, stride, table, min(m + 3, m1 - 1)) + shift;
    let out = to;
    let k = 0;
    for (; k + 4 <= count; k += 4) {
      const x0 = v128.load(r0), x1 = v128.load(r1), x2 = v128.load(r2), x3 = v128.load(r3);
      const low01 = i32x4.shuffle(x0, x1, 0, 4, 1, 5), high01 = i32x4.shuffle(x0, x1, 2, 6, 3, 7);
      const low23 = i32x4.shuffle(x2, x3, 0, 4, 1, 5), high23 = i32x4.shuffle(x2, x3, 2, 6, 3, 7);
      v128.store(out, i64x2.shuffle(low01, low23, 0, 2));
      v128.store(out, i64x2.shuffle(low01, low23, 1, 3), 16);
      v128.store(out, i64x2.shuffle(high01, high23, 0, 2), 32);
      v128.store(out, i64x2.shuffle(high01, high23, 1, 3), 48);
      r0 += 16; r1 += 16; r2 += 16; r3 += 16;
      out += 64;
    }
    for (; k < count; k++) {
      store<f32>(out, load<f32>(r0));
      store<f32>(out, load<f32>(r1), 4);
      store<f32>(out, load<f32>(r2), 8);
      store<f32>(out, load<f32>(r3), 12);
      r0 += 4; r1 += 4; r2 += 4; r3 += 4;
      out += 16;
    }
    to += quadSize(count);
  }
}
