/**
 * The one entry of the kernels that threads share: `run(task, chunk, thread)` does one chunk of a task.
 *
 * A task is a row of words in the heap; word 0 tells its kind, the rest is the kind's own. Chunks write
 * disjoint outputs and may run in any order on any thread.
 */
import { gemm, gemmScratchBytes } from "./gemm";
import { range } from "./ranges";

export const GEMM = 1;
export const RANGE = 2;

export function run(task: usize, chunk: i32, thread: i32): void {
  switch (load<i32>(task)) {
    case GEMM: gemmChunk(task, chunk, thread); break;
    case RANGE: range(task, chunk); break;
    default: unreachable();
  }
}

/**
 * Words: 1 scratch of all threads, 2 M, 3 N, 4 split along N (else M), 5 size of a chunk along that axis,
 * 6.. the job of `gemm`.
 */
function gemmChunk(task: usize, chunk: i32, thread: i32): void {
  const scratch = <usize>load<u32>(task, 4) + <usize>thread * <usize>gemmScratchBytes();
  const m = load<i32>(task, 8), n = load<i32>(task, 12);
  const size = load<i32>(task, 20);
  const start = chunk * size;
  if (load<i32>(task, 16) != 0) gemm(task + 24, 0, m, start, min(start + size, n), m, scratch);
  else gemm(task + 24, start, min(start + size, m), 0, n, m, scratch);
}
