/** Products on the heap: describes a `gemm` task (assembly/gemm.ts), splits it for the threads, runs it. */

import { kernelExports } from "./module.ts";
import { runTask, scratchOffset, taskKind, taskOffset, threadCount } from "./tasks.ts";
import { heapMemory } from "./tfjs.ts";

/** A matrix in the heap, by byte offsets. */
export interface Operand {
  readonly at: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
  /** Offset of a table of row addresses; then `at` and `stride` mean nothing. */
  readonly rows?: number;
  /** The stored matrix is the transpose of the operand. */
  readonly transposed?: boolean;
}

export interface Product {
  readonly a: Operand;
  readonly b: Operand;
  readonly c: Operand;
  /** Offset of N floats, added to every row. */
  readonly bias?: number;
  /** Adds to what C holds. */
  readonly accumulate?: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

interface GemmExports {
  gemmScratchBytes(): number;
}

/** Below this many multiplications a product is not worth waking threads. */
const worthThreads = 250_000;
const wideChunk = 256;

/** C (+)= A B + bias. */
export function multiply({ a, b, c, bias = 0, accumulate = false, m, n, k }: Product): void {
  if (m === 0 || n === 0) return;
  const scratch = scratchOffset(kernelExports<GemmExports>().gemmScratchBytes());
  const alongN = n >= m;
  const parts = partsOf(m * n * k, alongN ? n : 0);
  const [length, unit] = alongN ? [n, 8] : [m, 4];
  const size = Math.ceil(Math.ceil(length / unit) / parts) * unit;
  const task = taskOffset();
  const words = new Uint32Array(heapMemory().buffer, task, 20);
  words[0] = taskKind.gemm;
  words[1] = scratch;
  words[2] = m;
  words[3] = n;
  words[4] = alongN ? 1 : 0;
  words[5] = size;
  operand(words, 6, a);
  words[9] = a.transposed ? 1 : 0;
  operand(words, 10, b);
  words[13] = b.transposed ? 1 : 0;
  operand(words, 14, c);
  words[17] = bias;
  words[18] = accumulate ? 1 : 0;
  words[19] = k;
  runTask(Math.ceil(length / size));
}

function operand(words: Uint32Array, index: number, { at, stride, rows = 0 }: Operand): void {
  words[index] = at;
  words[index + 1] = stride;
  words[index + 2] = rows;
}

/**
 * How many chunks: two a thread where they stay wide, so that a thread that is held up leaves one to the
 * others; each chunk packs A for itself.
 */
function partsOf(work: number, columns: number): number {
  const threads = threadCount();
  if (threads === 1 || work < worthThreads) return 1;
  return columns >= 2 * threads * wideChunk ? 2 * threads : threads;
}
