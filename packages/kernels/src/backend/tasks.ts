/**
 * Tasks: kernels that threads share. Keeps the task block and the threads' scratch, runs tasks chunk by chunk.
 */
import { Workspace } from "./heap.ts";
import { kernelExports, loadedModule } from "./module.ts";
import { coreCount, ThreadTeam } from "./threads.ts";

interface TaskExports {
  run(task: number, chunk: number, thread: number): void;
}

let team: ThreadTeam | undefined;
let teamModule: WebAssembly.Module | undefined;
let chosen: number | undefined;

/** Threads that tasks run on, the calling one included. */
export function threadCount(): number {
  return team?.size ?? 1;
}

/**
 * Runs the next tasks on `wanted` threads (default: as many as now, at first the cores), or on one where the
 * heap cannot be shared.
 */
export function setThreads(wanted: number | undefined): void {
  const loaded = loadedModule();
  if (!loaded) return;
  const { module, memory } = loaded;
  const isShared = !(memory.buffer instanceof ArrayBuffer);
  chosen = wanted ?? chosen;
  const size = isShared ? Math.min(chosen ?? coreCount(), mostChunks) : 1;
  if (threadCount() === size && (size === 1 || teamModule === module)) return;
  team?.stop();
  team = size === 1 ? undefined : ThreadTeam.start(size, module, memory);
  teamModule = module;
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
  attentionLstmForward: 11,
  attentionLstmBackward: 12,
} as const;

export type TaskKind = keyof typeof taskKind;

const taskBlock = new Workspace();
const scratchBlock = new Workspace();
const taskWords = 256;
/** The state of a team has a byte for them. */
const mostChunks = 255;

/** Byte offset of the words of the next task. */
export function taskOffset(): number {
  return taskBlock.reserve(taskWords * 4);
}

/** Scratch for every thread, `bytesPerThread` apart. */
export function scratchOffset(bytesPerThread: number): number {
  return scratchBlock.reserve(bytesPerThread * threadCount());
}

/** Runs a task whose words stand at `taskOffset()`. */
export function runTask(chunks: number): void {
  const { run } = kernelExports<TaskExports>();
  const task = taskOffset();
  if (team && team.size > 1 && chunks > 1) {
    team.run(run, task, chunks);
    return;
  }
  for (let chunk = 0; chunk < chunks; chunk++) run(task, chunk, 0);
}
