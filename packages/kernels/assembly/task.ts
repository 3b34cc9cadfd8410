/**
 * The one entry of the kernels that threads share: `run(task, chunk, thread)` does one chunk of a task.
 *
 * A task is a row of words in the heap; word 0 tells its kind, the rest is the kind's own. Chunks write
 * disjoint outputs and may run in any order on any thread.
 */
import { attentionLstmBackward, attentionLstmForward } from "./attention-lstm";
import { elmanBackward, elmanForward } from "./elman";
import { gemm, gemmScratchBytes } from "./gemm";
import { gruBackward, gruForward } from "./gru";
import { lstmBackward, lstmForward } from "./lstm";
import { columnSums, pack } from "./prepare";
import { range } from "./ranges";

/** The kinds, as in `src/backend/tasks.ts`. */
const GEMM = 1;
const RANGE = 2;
const PACK = 3;
const COLUMN_SUMS = 4;
const LSTM_FORWARD = 5;
const LSTM_BACKWARD = 6;
const GRU_FORWARD = 7;
const GRU_BACKWARD = 8;
const ELMAN_FORWARD = 9;
const ELMAN_BACKWARD = 10;
const ATTENTION_LSTM_FORWARD = 11;
const ATTENTION_LSTM_BACKWARD = 12;

export function run(task: usize, chunk: i32, thread: i32): void {
  switch (load<i32>(task)) {
    case GEMM: gemmChunk(task, chunk, thread); break;
    case RANGE: range(task, chunk); break;
    case PACK: pack(task, chunk); break;
    case COLUMN_SUMS: columnSums(task, chunk); break;
    case LSTM_FORWARD: lstmForward(task, chunk, thread); break;
    case LSTM_BACKWARD: lstmBackward(task, chunk, thread); break;
    case GRU_FORWARD: gruForward(task, chunk, thread); break;
    case GRU_BACKWARD: gruBackward(task, chunk, thread); break;
    case ELMAN_FORWARD: elmanForward(task, chunk, thread); break;
    case ELMAN_BACKWARD: elmanBackward(task, chunk, thread); break;
    case ATTENTION_LSTM_FORWARD: attentionLstmForward(task, chunk, thread); break;
    case ATTENTION_LSTM_BACKWARD: attentionLstmBackward(task, chunk, thread); break;
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
