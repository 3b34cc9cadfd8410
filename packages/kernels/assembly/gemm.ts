/**
 * C[m0..m1, n0..n1] (+)= op(A) op(B) + bias: one rectangle of a product, for one thread.
 *
 * The product is described by 14 words at `job`:
 *   0 A, 1 its row stride in bytes, 2 its row table or 0, 3 A is stored transposed [K, M]
 *   4 B, 5 its row stride,          6 its row table or 0, 7 B is stored transposed [N, K]
 *   8 C, 9 its row stride,         10 its row table or 0
 *  11 bias [N] or 0, 12 accumulate into C, 13 K
 *
 * Both are packed block by block (B: at most KC x NC floats, half an L2 cache). The split of
 * K depends on K only, so every output's bits are the same whatever the rectangle. Blocking after Goto &
 * van de Geijn 2008, "Anatomy of high-performance matrix multiplication".
 */
import { dotBlock } from "./dot";
import { rowOf } from "./matrix";
import { copy, zero } from "./memory";
import { packColumns, packQuads, packQuadsOfRows, packRows, panelSize, quadSize } from "./pack";
import { FROM_BIAS, FROM_C, FROM_ZERO, tilePacked, tileRows } from "./tile";

const KC = 384;
const NC = 256;
const MC = 128;
/** Up to this many rows, a transposed B is not worth packing. */
const FEW_ROWS = 12;

const PACKED_B = (KC * 32 + 64) * (NC / 8);
const PACKED_A = (KC * 16 + 64) * (MC / 4);

/** Bytes of scratch that one thread needs: packed B, packed A, a tile for ragged edges. */
export function gemmScratchBytes(): i32 {
  return PACKED_B + PACKED_A + 160;
}

// @ts-ignore: decorator
@inline function word(job: usize, index: usize): usize {
  return <usize>load<u32>(job + (index << 2));
}

export function gemm(job: usize, m0: i32, m1: i32, n0: i32, n1: i32, rowsInAll: i32, scratch: usize): void {
  const transposedA = word(job, 3) != 0, transposedB = word(job, 7) != 0;
  const bias = word(job, 11);
  const accumulate = word(job, 12) != 0;
  const k = <i32>word(job, 13);
  if (k == 0) {
    clear(job, m0, m1, n0, n1, bias, accumulate);
    return;
  }
  if (rowsInAll <= FEW_ROWS && transposedB && !transposedA) {
    dotBlock(
      word(job, 0), word(job, 1), word(job, 2), word(job, 4), word(job, 5), word(job, 6),
      word(job, 8), word(job, 9), word(job, 10), bias, accumulate, m0, m1, n0, n1, k,
    );
    return;
  }
  const blocks = (k + KC - 1) / KC;
  const depth = (k + blocks - 1) / blocks;
  const packedB = scratch;
  const packedA = packedB + PACKED_B;
  const edge = packedA + PACKED_A;
  // Packed rows stream from the L2 cache in one line; in place they are four, which may share cache sets.
  const packA = transposedA || n1 - n0 >= 64;
  for (let n = n0; n < n1; n += NC) {
    const nEnd = min(n + NC, n1);
    for (let k0 = 0; k0 < k; k0 += depth) {
      const count = min(depth, k - k0);
      if (transposedB) packColumns(word(job, 4), word(job, 5), word(job, 6), k0, count, n, nEnd, packedB);
      else packRows(word(job, 4), word(job, 5), word(job, 6), k0, count, n, nEnd, packedB);
      const start = k0 > 0 || accumulate ? FROM_C : bias != 0 ? FROM_BIAS : FROM_ZERO;
      for (let m = m0; m < m1; m += MC) {
        const mEnd = min(m + MC, m1);
        if (transposedA) packQuads(word(job, 0), word(job, 1), word(job, 2), k0, count, m, mEnd, packedA);
        else if (packA) packQuadsOfRows(word(job, 0), word(job, 1), word(job, 2), k0, count, m, mEnd, packedA);
        block(job, packA ? packedA : 0, packedB, m, mEnd, n, nEnd, k0, count, start, edge);
      }
    }
  }
}

/** A packed B block times up to MC rows: each panel of B stays in the L1 cache while the rows pass. */
function block(
  job: usize, packedA: usize, packedB: usize,
  m0: i32, m1: i32, n0: i32, n1: i32, k0: i32, count: i32, start: i32, edge: usize,
): void {
  const aBase = word(job, 0), aStride = word(job, 1), aTable = word(job, 2);
  const cBase = word(job, 8), cStride = word(job, 9), cTable = word(job, 10);
  const bias = word(job, 11);
  const shift = <usize>k0 << 2;
  let panel = packedB;
  for (let n = n0; n < n1; n += 8) {
    const x = <usize>n << 2;
    const width = min(8, n1 - n);
    let biasAt = bias + x;
    if (start == FROM_BIAS && width < 8) {
      biasAt = edge + 128;
      zero(biasAt, 8);
      copy(biasAt, bias + x, width);
    }
    let quad = packedA;
    for (let m = m0; m < m1; m += 4) {
      const rows = min(4, m1 - m);
      const r1 = min(m + 1, m1 - 1), r2 = min(m + 2, m1 - 1), r3 = min(m + 3, m1 - 1);
      let c0 = rowOf(cBase, cStride, cTable, m) + x, c1 = rowOf(cBase, cStride, cTable, r1) + x;
      let c2 = rowOf(cBase, cStride, cTable, r2) + x, c3 = rowOf(cBase, cStride, cTable, r3) + x;
      const whole = rows == 4 && width == 8;
      const t0 = c0, t1 = c1, t2 = c2, t3 = c3;
      if (!whole) {
        c0 = edge; c1 = edge + 32; c2 = edge + 64; c3 = edge + 96;
        if (start == FROM_C) {
          zero(edge, 32);
          copy(c0, t0, width); copy(c1, t1, width); copy(c2, t2, width); copy(c3, t3, width);
        }
      }
      if (packedA != 0) {
        tilePacked(quad, panel, count, c0, c1, c2, c3, start, biasAt);
        quad += quadSize(count);
      } else {
        tileRows(
          rowOf(aBase, aStride, aTable, m) + shift, rowOf(aBase, aStride, aTable, r1) + shift,
          rowOf(aBase, aStride, aTable, r2) + shift, rowOf(aBase, aStride, aTable, r3) + shift,
          panel, count, c0, c1, c2, c3, start, biasAt,
        );
      }
      if (!whole) {
        copy(t0, c0, width);
        if (rows > 1) copy(t1, c1, width);
        if (rows > 2) copy(t2, c2, width);
        if (rows > 3) copy(t3, c3, width);
      }
    }
    panel += panelSize(count);
  }
}

/** The product of nothing: C is what it starts from. */
function clear(job: usize, m0: i32, m1: i32, n0: i32, n1: i32, bias: usize, accumulate: bool): void {
  if (accumulate) return;
  for (let m = m0; m < m1; m++) {
    const c = rowOf(word(job, 8), word(job, 9), word(job, 10), m) + (<usize>n0 << 2);
    if (bias != 0) copy(c, bias + (<usize>n0 << 2), n1 - n0);
    else zero(c, n1 - n0);
  }
}
