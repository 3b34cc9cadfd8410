/** Tasks around the sequence kernels: packing weights before, summing bias gradients after. */
import { loadPart, storePart } from "./memory";
import { rowOf } from "./matrix";
import { packBack, packGates } from "./recurrent";

/**
 * Packs recurrent weights, some blocks of 8 columns per chunk.
 * Words: 1 weights, 2 to, 3 gates or 0 for back weights, 4 H (gates) or K (back), 5 K (gates) or N (back),
 * 6 blocks in all, 7 blocks per chunk.
 */
export function pack(task: usize, chunk: i32): void {
  const weights = <usize>load<u32>(task, 4), to = <usize>load<u32>(task, 8);
  const gates = load<i32>(task, 12), a = load<i32>(task, 16), b = load<i32>(task, 20);
  const from = chunk * load<i32>(task, 28);
  const end = min(from + load<i32>(task, 28), load<i32>(task, 24));
  if (gates != 0) packGates(weights, gates, a, b, to, from, end);
  else packBack(weights, a, b, to, from, end);
}

/**
 * Sums of the columns of a matrix, some columns per chunk.
 * Words: 1 matrix, 2 row stride in bytes, 3 its row table or 0, 4 rows, 5 columns, 6 columns per chunk (a
 * multiple of 4), 7 sums, 8 a second copy of the sums or 0.
 */
export function columnSums(task: usize, chunk: i32): void {
  const base = <usize>load<u32>(task, 4), stride = <usize>load<u32>(task, 8), table = <usize>load<u32>(task, 12);
  const rows = load<i32>(task, 16), columns = load<i32>(task, 20);
  const sums = <usize>load<u32>(task, 28), second = <usize>load<u32>(task, 32);
  const from = chunk * load<i32>(task, 24);
  const end = min(from + load<i32>(task, 24), columns);
  let x = from;
  for (; x + 16 <= end; x += 16) {
    const at = <usize>x << 2;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let row = 0; row < rows; row++) {
      const p = rowOf(base, stride, table, row) + at;
      s0 = f32x4.add(s0, v128.load(p));
      s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32));
      s3 = f32x4.add(s3, v128.load(p, 48));
    }
    put(sums, second, at, s0, 4);
    put(sums, second, at + 16, s1, 4);
    put(sums, second, at + 32, s2, 4);
    put(sums, second, at + 48, s3, 4);
  }
  for (; x < end; x += 4) {
    const at = <usize>x << 2;
    const n = min(4, end - x);
    let s = f32x4.splat(0);
    for (let row = 0; row < rows; row++) s = f32x4.add(s, loadPart(rowOf(base, stride, table, row) + at, n));
    put(sums, second, at, s, n);
  }
}

function put(sums: usize, second: usize, at: usize, v: v128, n: i32): void {
  storePart(sums + at, v, n);
  if (second != 0) storePart(second + at, v, n);
}
