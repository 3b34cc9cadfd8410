/** A matrix in the heap: rows at equal distance, or anywhere by a table of row addresses (u32 each). */

// @ts-ignore: decorator
@inline export function rowOf(base: usize, stride: usize, table: usize, row: i32): usize {
  return table != 0 ? <usize>load<u32>(table + (<usize>row << 2)) : base + <usize>row * stride;
}
