/**
 * Rows of a table by id, and the sum of their gradients.
 *
 * Both split over threads: `gather` by positions, `scatterAdd` by rows of the table, so that each row is
 * summed by one thread in the order of the positions.
 */
import { copy, zero } from "./memory";
import { load4, Part, store4, Whole } from "./vector";

/** The first position whose id is outside [0, rows), or `count`. */
export function firstBadId(ids: usize, count: i32, rows: i32): i32 {
  for (let i = 0; i < count; i++) {
    if (load<u32>(ids + (<usize>i << 2)) >= <u32>rows) return i;
  }
  return count;
}

/** out[i] = table[ids[i]] for positions [from, to); rows of `width` floats. */
export function gather(table: usize, ids: usize, out: usize, width: i32, from: i32, to: i32): void {
  const bytes = <usize>width << 2;
  for (let i = from; i < to; i++) {
    copy(out + <usize>i * bytes, table + <usize>load<i32>(ids + (<usize>i << 2)) * bytes, width);
  }
}

/**
 * out[id] = Σ over positions with that id of rows[position] (times 1 / the id's number of occurrences where
 * `byFrequency` is 1), for ids in [from, to); the row `padding` and rows without positions are 0. Ids outside
 * the table are dropped. `counts` holds one i32 for each row of the table; needed only by frequency.
 */
export function scatterAdd(
  rows: usize, ids: usize, out: usize, counts: usize, positions: i32, width: i32,
  padding: i32, byFrequency: i32, from: i32, to: i32,
): void {
  if (to <= from) return;
  const bytes = <usize>width << 2;
  zero(out + <usize>from * bytes, (to - from) * width);
  if (byFrequency) countIds(ids, counts, positions, from, to);
  for (let i = 0; i < positions; i++) {
    const id = load<i32>(ids + (<usize>i << 2));
    if (id < from || id >= to || id == padding) continue;
    const factor: f32 = byFrequency ? 1 / <f32>load<i32>(counts + (<usize>id << 2)) : 1;
    addRow(rows + <usize>i * bytes, out + <usize>id * bytes, width, factor);
  }
}

function countIds(ids: usize, counts: usize, positions: i32, from: i32, to: i32): void {
  zero(counts + (<usize>from << 2), to - from);
  for (let i = 0; i < positions; i++) {
    const id = load<i32>(ids + (<usize>i << 2));
    if (id < from || id >= to) continue;
    const at = counts + (<usize>id << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
}

function addRow(row: usize, out: usize, width: i32, factor: f32): void {
  const whole = width & ~3;
  let k = 0;
  for (; k < whole; k += 4) addBlock<Whole>(row + (<usize>k << 2), out + (<usize>k << 2), 4, factor);
  if (k < width) addBlock<Part>(row + (<usize>k << 2), out + (<usize>k << 2), width - k, factor);
}

// @ts-ignore: decorator
@inline
function addBlock<T>(row: usize, out: usize, n: i32, factor: f32): void {
  const scaled = f32x4.mul(load4<T>(row, n), f32x4.splat(factor));
  store4<T>(out, f32x4.add(load4<T>(out, n), scaled), n);
}
