/**
 * Tasks: kernels that threads share. Keeps the task block and the threads' scratch, runs tasks chunk by chunk.
 */
import { Workspace } from "./heap.ts";
import { kernelExports } from "./module.ts";

interface TaskExports {
  run(task: number, chunk: number, thread: number): void;
}

const threads = 1;

/** Threads that tasks run on, the calling one included. */
export function threadCount(): number {
  return threads;
}

/** Kinds of tasks, as in `assembly/task.ts`. */
export const taskKind = {
  gemm: 1,
  range: 2,
  pack: 3,
  columnSums: 4,
  lstmForward: 5,
  lstmBackward: 6,
  gruForward: 7,
  gruBackward: 8,
  elmanForward: 9,
  elmanBackward: 10,
} as const;

export type TaskKind = keyof typeof taskKind;

const taskBlock = new Workspace();
const scratchBlock = new Workspace();
const taskWords = 256;

/** Byte offset of the words of the next task. */
export function taskOffset(): number {
  return taskBlock.reserve(taskWords * 4);
}

/** Scratch for every thread, `bytesPerThread` apart. */
export function scratchOffset(bytesPerThread: number): number {
  return scratchBlock.reserve(bytesPerThread * threads);
}

/** Runs a task whose words stand at `taskOffset()`. */
export function runTask(chunks: number): void {
  const { run } = kernelExports<TaskExports>();
  const task = taskOffset();
  for (let chunk = 0; chunk < chunks; chunk++) run(task, chunk, 0);
}
