/** Runs kernels that threads share by cutting a range into chunks: `assembly/ranges.ts`. */

import { runTask, taskKind, taskOffset, threadCount } from "../backend/tasks.ts";
import { heapMemory } from "../backend/tfjs.ts";

/** Numbers of the kernels, as in `assembly/ranges.ts`. */
const kernelNumbers = {
  sgd: 1,
  sgdMomentum: 2,
  adam: 3,
  adamax: 4,
  adadelta: 5,
  adagrad: 6,
  rmsprop: 7,
  rprop: 8,
  asgd: 9,
  sumOfSquaresBlocks: 10,
  gather: 16,
  scatterAdd: 17,
  crossEntropy: 18,
  crossEntropyGradient: 19,
  crossEntropyInPlace: 20,
  layerNorm: 21,
  layerNormGradient: 22,
  layerNormParameters: 23,
  dropout: 24,
  addColumnSums: 25,
  quantizeInputs: 26,
  int8Product: 27,
  dotAttention: 32,
  additiveAttention: 33,
  attentionScoreGradient: 34,
  dotAttentionGradient: 35,
  additiveAttentionGradient: 36,
} as const;

export interface Range {
  /** Exclusive; the range starts at 0. */
  readonly end: number;
  /** Chunks are multiples of it. Default 1. */
  readonly unit?: number;
  /** Values read or written, all in all. */
  readonly work: number;
}

/** A chunk has at least this much work, some microseconds: less than two of them wake no thread. */
const worthThread = 16_384;
/** Several chunks a thread: one that is held up leaves the rest to the others. */
const chunksPerThread = 4;
/** What the threads' bookkeeping holds. */
const mostChunks = 255;

/**
 * @param integers - offsets and whole numbers, in the order of the kernel's arguments.
 * @param floats - the kernel's other arguments, in order.
 */
export function runRange(
  kernel: keyof typeof kernelNumbers,
  { end, unit = 1, work }: Range,
  integers: readonly number[],
  floats: readonly number[] = [],
): void {
  if (end <= 0) return;
  const parts = partsOf(work);
  const length = Math.ceil(Math.ceil(end / unit) / parts) * unit;
  const task = taskOffset();
  const { buffer } = heapMemory();
  const words = new Uint32Array(buffer, task, 4 + integers.length);
  words[0] = taskKind.range;
  words[1] = kernelNumbers[kernel];
  words[2] = length;
  words[3] = end;
  words.set(integers, 4);
  if (floats.length > 0) new Float64Array(buffer, task + 128, floats.length).set(floats);
  runTask(Math.ceil(end / length));
}

function partsOf(work: number): number {
  const threads = threadCount();
  if (threads === 1 || work < 2 * worthThread) return 1;
  return Math.min(chunksPerThread * threads, Math.ceil(work / worthThread), mostChunks);
}
