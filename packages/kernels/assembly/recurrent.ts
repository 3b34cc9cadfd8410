/**
 * What the fused sequence kernels share.
 *
 * A sequence kernel runs a whole layer over a padded batch: one big product gives the input's part of all
 * gates of all steps, then the recurrent part goes step by step. A chunk of the batch's rows is one thread's
 * work from the first step to the last: rows never meet, so threads wait for nobody. The recurrent
 * weights are packed once, before, for all threads. Only true steps are computed, no padding.
 *
 * The plan, the words that all kernels have in front:
 *   0 kind, 1 scratch, 2 its bytes per thread, 3 chunks, 4 B, 5 T, 6 H, 7 P (size of h), 8 reverse
 *   9 order [B]: rows by falling length, 10 lengths [B] by row, 11 starts [B]: a row's first token
 * Tokens are the true steps, row by row; arrays of tokens hold no padding. All i32 or u32.
 */
import { copy } from "./memory";
import { packColumns, packRows, panelSize } from "./pack";
import { FROM_C, FROM_ZERO, tileRows, tileTable } from "./tile";

// @ts-ignore: decorator
@inline export function word(plan: usize, index: usize): usize {
  return <usize>load<u32>(plan + (index << 2));
}

// @ts-ignore: decorator
@inline export function integer(table: usize, index: i32): i32 {
  return load<i32>(table + (<usize>index << 2));
}

/** The chunk's i-th row of the batch; chunks take every n-th row of the order, so their work is alike. */
// @ts-ignore: decorator
@inline export function rowAt(plan: usize, chunk: i32, i: i32): i32 {
  return integer(word(plan, 9), chunk + i * <i32>word(plan, 3));
}

// @ts-ignore: decorator
@inline export function lengthOf(plan: usize, row: i32): i32 {
  return integer(word(plan, 10), row);
}

/** The token of a row's step t. */
// @ts-ignore: decorator
@inline export function tokenOf(plan: usize, row: i32, t: i32): i32 {
  return integer(word(plan, 11), row) + t;
}

/** How many rows the chunk has. */
export function chunkRows(plan: usize, chunk: i32): i32 {
  const chunks = <i32>word(plan, 3);
  return (<i32>word(plan, 4) - chunk + chunks - 1) / chunks;
}

/** How many of the chunk's rows have a step t: they are in front. */
export function activeRows(plan: usize, chunk: i32, rows: i32, t: i32): i32 {
  let active = rows;
  while (active > 0 && lengthOf(plan, rowAt(plan, chunk, active - 1)) <= t) active--;
  return active;
}

/** The first step that a row takes, and the last. */
// @ts-ignore: decorator
@inline export function firstStep(plan: usize, row: i32): i32 {
  return word(plan, 8) != 0 ? lengthOf(plan, row) - 1 : 0;
}

// @ts-ignore: decorator
@inline export function lastStep(plan: usize, row: i32): i32 {
  return word(plan, 8) != 0 ? 0 : lengthOf(plan, row) - 1;
}

/** Bytes of the packed recurrent weights of `gates` gates of `size` units over K inputs. */
export function packedGatesBytes(gates: i32, size: i32, k: i32): i32 {
  return ((size + 7) / 8) * gates * <i32>panelSize(k);
}

/**
 * Packs gate weights W [gates * H, K] for `gateProduct`: for each block of 8 units one panel per gate.
 * Does the blocks [from, to).
 */
export function packGates(weights: usize, gates: i32, size: i32, k: i32, packed: usize, from: i32, to: i32): void {
  const stride = <usize>k << 2;
  for (let block = from; block < to; block++) {
    for (let gate = 0; gate < gates; gate++) {
      const at = packed + <usize>(block * gates + gate) * panelSize(k);
      packColumns(
        weights + <usize>(gate * size) * stride, stride, 0, 0, k,
        block * 8, min(block * 8 + 8, size), at,
      );
    }
  }
}

/**
 * For a block of 8 units: buffer[row][gate][8] = inputs of the rows (addresses in `inputs`) times the
 * packed weights. `inputs` and `buffer` have room for 3 more rows, which repeat the last.
 */
export function gateProduct(
  inputs: usize, rows: i32, k: i32, packed: usize, block: i32, gates: i32, buffer: usize,
): void {
  const rowBytes = <usize>gates << 5;
  for (let gate = 0; gate < gates; gate++) {
    const panel = packed + <usize>(block * gates + gate) * panelSize(k);
    let out = buffer + (<usize>gate << 5);
    for (let i = 0; i < rows; i += 4) {
      tileTable(inputs + (<usize>i << 2), panel, k, out, rowBytes);
      out += rowBytes << 2;
    }
  }
}

/** Repeats the last of `rows` addresses three times. */
export function repeatLast(table: usize, rows: i32): void {
  const at = table + (<usize>rows << 2);
  const last = load<u32>(at - 4);
  store<u32>(at, last);
  store<u32>(at, last, 4);
  store<u32>(at, last, 8);
}

/** Rows of a packed K block: a panel of it and a tile's rows stay in the L1 cache. */
const DEPTH = 512;

/** The bytes of `packBack`. */
export function packedBackBytes(k: i32, n: i32): i32 {
  const panels = (n + 7) / 8;
  let bytes = 0;
  for (let k0 = 0; k0 < k; k0 += DEPTH) bytes += panels * <i32>panelSize(min(DEPTH, k - k0));
  return bytes;
}

/** Packs W [K, N] for `backProduct`: blocks of K, in each a panel per 8 columns. Does the panels [from, to). */
export function packBack(weights: usize, k: i32, n: i32, packed: usize, from: i32, to: i32): void {
  const panels = (n + 7) / 8;
  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const count = min(DEPTH, k - k0);
    packRows(
      weights, <usize>n << 2, 0, k0, count, from * 8, min(to * 8, n),
      packed + <usize>from * panelSize(count),
    );
    packed += <usize>panels * panelSize(count);
  }
}

/**
 * out[row][0 .. N rounded up to 8) = inputs of the rows (K each, addresses in `inputs`) times W packed by
 * `packBack`. Row i's result is at `out + i * outStride`; `spare`, as long, takes what belongs to no row.
 */
export function backProduct(
  inputs: usize, rows: i32, k: i32, n: i32, packed: usize, out: usize, outStride: usize, spare: usize,
): void {
  for (let k0 = 0; k0 < k; k0 += DEPTH) {
    const count = min(DEPTH, k - k0);
    const shift = <usize>k0 << 2;
    const start = k0 == 0 ? FROM_ZERO : FROM_C;
    for (let x: usize = 0; x < <usize>n << 2; x += 32) {
      let c = out + x;
      for (let i = 0; i < rows; i += 4) {
        const at = inputs + (<usize>i << 2);
        if (k0 == 0 && i + 4 <= rows) {
          tileTable(at, packed, count, c, outStride);
          c += outStride << 2;
          continue;
        }
        tileRows(
          <usize>load<u32>(at) + shift, <usize>load<u32>(at, 4) + shift,
          <usize>load<u32>(at, 8) + shift, <usize>load<u32>(at, 12) + shift,
          packed, count, c,
          i + 1 < rows ? c + outStride : spare + x,
          i + 2 < rows ? c + 2 * outStride : spare + x,
          i + 3 < rows ? c + 3 * outStride : spare + x, start, 0,
        );
        c += outStride << 2;
      }
      packed += panelSize(count);
    }
  }
}

/** Bytes of a row of N floats, rounded up to whole panels. */
// @ts-ignore: decorator
@inline export function paddedBytes(n: i32): usize {
  return <usize>((n + 7) & ~7) << 2;
}

/** Zeroes the outputs of the chunk's rows behind their lengths. */
export function clearPadding(plan: usize, chunk: i32, rows: i32, outputs: usize): void {
  const time = <i32>word(plan, 5);
  const size = <usize>word(plan, 7) << 2;
  for (let i = 0; i < rows; i++) {
    const row = rowAt(plan, chunk, i);
    const from = lengthOf(plan, row);
    memory.fill(outputs + <usize>(row * time + from) * size, 0, <usize>(time - from) * size);
  }
}

/** Copies `count` floats of one place per row to row `row` of a state. */
// @ts-ignore: decorator
@inline export function copyState(state: usize, row: i32, from: usize, count: i32): void {
  copy(state + (<usize>(row * count) << 2), from, count);
}
