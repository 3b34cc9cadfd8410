/**
 * Register tiles: 4 rows of A times a packed panel of 8 columns of B.
 *
 * 4x8 without unrolling is what V8 keeps in 16 vector registers (8 sums, 2 of B, the rest for A); it hoists
 * loads, so larger or unrolled tiles spill and run at half the speed. Each sum is one chain in the order
 * of k, whatever the tile, so a row's bits do not depend on the rows computed beside it.
 *
 * A panel is [k][8]: row k holds 8 columns of B, zeros behind the last column.
 */
import { madd } from "./memory";

/** Where the sums of a tile start: at 0, at what C holds, or at a bias. */
export const FROM_ZERO = 0;
export const FROM_C = 1;
export const FROM_BIAS = 2;

/** C[4][8] = start + rows of A (contiguous in k) * panel. Rows may repeat: then C's must too, or be scratch. */
export function tileRows(
  a0: usize, a1: usize, a2: usize, a3: usize, panel: usize, count: i32,
  c0: usize, c1: usize, c2: usize, c3: usize, start: i32, bias: usize,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00;
  let s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  if (start == FROM_C) {
    s00 = v128.load(c0); s01 = v128.load(c0, 16); s10 = v128.load(c1); s11 = v128.load(c1, 16);
    s20 = v128.load(c2); s21 = v128.load(c2, 16); s30 = v128.load(c3); s31 = v128.load(c3, 16);
  } else if (start == FROM_BIAS) {
    s00 = v128.load(bias); s01 = v128.load(bias, 16);
    s10 = s00; s11 = s01; s20 = s00; s21 = s01; s30 = s00; s31 = s01;
  }
  const end = panel + (<usize>count << 5);
  while (panel < end) {
    const b0 = v128.load(panel), b1 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a0);
    s00 = madd(x0, b0, s00); s01 = madd(x0, b1, s01);
    const x1 = v128.load32_splat(a1);
    s10 = madd(x1, b0, s10); s11 = madd(x1, b1, s11);
    const x2 = v128.load32_splat(a2);
    s20 = madd(x2, b0, s20); s21 = madd(x2, b1, s21);
    const x3 = v128.load32_splat(a3);
    s30 = madd(x3, b0, s30); s31 = madd(x3, b1, s31);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4;
    panel += 32;
  }
  v128.store(c0, s00); v128.store(c0, s01, 16); v128.store(c1, s10); v128.store(c1, s11, 16);
  v128.store(c2, s20); v128.store(c2, s21, 16); v128.store(c3, s30); v128.store(c3, s31, 16);
}

/** The same with A packed as [k][4]: for a transposed A. */
export function tilePacked(
  a: usize, panel: usize, count: i32,
  c0: usize, c1: usize, c2: usize, c3: usize, start: i32, bias: usize,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00;
  let s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  if (start == FROM_C) {
    s00 = v128.load(c0); s01 = v128.load(c0, 16); s10 = v128.load(c1); s11 = v128.load(c1, 16);
    s20 = v128.load(c2); s21 = v128.load(c2, 16); s30 = v128.load(c3); s31 = v128.load(c3, 16);
  } else if (start == FROM_BIAS) {
    s00 = v128.load(bias); s01 = v128.load(bias, 16);
    s10 = s00; s11 = s01; s20 = s00; s21 = s01; s30 = s00; s31 = s01;
  }
  const end = panel + (<usize>count << 5);
  while (panel < end) {
    const b0 = v128.load(panel), b1 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a);
    s00 = madd(x0, b0, s00); s01 = madd(x0, b1, s01);
    const x1 = v128.load32_splat(a, 4);
    s10 = madd(x1, b0, s10); s11 = madd(x1, b1, s11);
    const x2 = v128.load32_splat(a, 8);
    s20 = madd(x2, b0, s20); s21 = madd(x2, b1, s21);
    const x3 = v128.load32_splat(a, 12);
    s30 = madd(x3, b0, s30); s31 = madd(x3, b1, s31);
    a += 16;
    panel += 32;
  }
  v128.store(c0, s00); v128.store(c0, s01, 16); v128.store(c1, s10); v128.store(c1, s11, 16);
  v128.store(c2, s20); v128.store(c2, s21, 16); v128.store(c3, s30); v128.store(c3, s31, 16);
}

/**
 * out[4 rows][8] = rows of A, whose addresses stand at `table`, times a panel; the rows of `out` are
 * `outStride` bytes apart. The tile of the recurrent products, called once per few hundred cycles: it has few
 * arguments on purpose.
 */
export function tileTable(table: usize, panel: usize, count: i32, out: usize, outStride: usize): void {
  let a0 = <usize>load<u32>(table), a1 = <usize>load<u32>(table, 4);
  let a2 = <usize>load<u32>(table, 8), a3 = <usize>load<u32>(table, 12);
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00;
  let s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  const end = panel + (<usize>count << 5);
  while (panel < end) {
    const b0 = v128.load(panel), b1 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a0);
    s00 = madd(x0, b0, s00); s01 = madd(x0, b1, s01);
    const x1 = v128.load32_splat(a1);
    s10 = madd(x1, b0, s10); s11 = madd(x1, b1, s11);
    const x2 = v128.load32_splat(a2);
    s20 = madd(x2, b0, s20); s21 = madd(x2, b1, s21);
    const x3 = v128.load32_splat(a3);
    s30 = madd(x3, b0, s30); s31 = madd(x3, b1, s31);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4;
    panel += 32;
  }
  v128.store(out, s00); v128.store(out, s01, 16);
  out += outStride;
  v128.store(out, s10); v128.store(out, s11, 16);
  out += outStride;
  v128.store(out, s20); v128.store(out, s21, 16);
  out += outStride;
  v128.store(out, s30); v128.store(out, s31, 16);
}
