/** The plan of a sequence kernel (assembly/recurrent.ts): which rows, which steps, for which thread. */
import { intsAt, Workspace } from "./heap.ts";
import { kernelExports } from "./module.ts";
import {
  runTask,
  scratchOffset,
  type TaskKind,
  taskKind,
  taskOffset,
  threadCount,
} from "./tasks.ts";
import { heapMemory } from "./tfjs.ts";

export interface SequenceShape {
  readonly batch: number;
  readonly time: number;
  /** Hidden units. */
  readonly size: number;
  /** Size of h: `size`, or the projection's. */
  readonly outSize: number;
  readonly lengths: Int32Array | null;
  readonly reverse: boolean;
}

export interface SequencePlan extends SequenceShape {
  /** True steps in all. */
  readonly tokens: number;
  /** Offset of the tables: order, lengths, starts; then `rowTables`. */
  readonly tables: number;
}

const tableBlock = new Workspace();

/** Writes the tables of a batch. They stay valid until the next plan. */
export function planSequence(shape: SequenceShape): SequencePlan {
  const { batch, time, lengths } = shape;
  const tokens = lengths ? lengths.reduce((sum, length) => sum + length, 0) : batch * time;
  const tables = tableBlock.reserve((3 * batch + 2 * tokens) * 4);
  const order = intsAt(tables, batch);
  const lengthTable = intsAt(tables + batch * 4, batch);
  const starts = intsAt(tables + batch * 8, batch);
  let start = 0;
  for (let row = 0; row < batch; row++) {
    const length = lengths ? (lengths[row] as number) : time;
    order[row] = row;
    lengthTable[row] = length;
    starts[row] = start;
    start += length;
  }
  if (lengths) {
    const sorted = Array.from(order);
    sorted.sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b);
    order.set(sorted);
  }
  return { ...shape, tokens, tables };
}

/**
 * A table of the addresses of every token's row in a padded tensor `[B, T, ...]` at `base`, or 0 when there is
 * no padding: then the rows lie one behind the other.
 */
export function tokenRows(plan: SequencePlan, base: number, rowBytes: number): number {
  const { batch, time, lengths, tokens, tables } = plan;
  if (!lengths) return 0;
  const at = tables + batch * 12;
  const rows = new Uint32Array(heapMemory().buffer, at, tokens);
  let token = 0;
  for (let row = 0; row < batch; row++) {
    const length = lengths[row] as number;
    for (let t = 0; t < length; t++) rows[token++] = base + (row * time + t) * rowBytes;
  }
  return at;
}

/** A table of the addresses of every token's previous h: a row of `outputs` or of the initial state. */
export function previousRows(plan: SequencePlan, outputs: number, initial: number): number {
  const { batch, time, lengths, tokens, tables, reverse, outSize } = plan;
  const at = tables + batch * 12 + tokens * 4;
  const rows = new Uint32Array(heapMemory().buffer, at, tokens);
  const rowBytes = outSize * 4;
  const before = reverse ? 1 : -1;
  let token = 0;
  for (let row = 0; row < batch; row++) {
    const length = lengths ? (lengths[row] as number) : time;
    const first = reverse ? length - 1 : 0;
    for (let t = 0; t < length; t++) {
      rows[token++] =
        t === first ? initial + row * rowBytes : outputs + (row * time + t + before) * rowBytes;
    }
  }
  return at;
}

/** Below this many multiplications a sequence is not worth waking threads. */
const worthThreads = 500_000;

/**
 * Runs a sequence kernel. `words` are those behind the plan's own, by index.
 *
 * @param scratchBytes - what one thread needs for so many rows.
 * @param gates - gates per unit, for the decision whether threads pay.
 */
export function runSequence(
  kind: TaskKind,
  plan: SequencePlan,
  scratchBytes: (rows: number) => number,
  gates: number,
  words: Readonly<Record<number, number>>,
): void {
  const { batch, time, size, outSize, reverse, tables, tokens } = plan;
  const isSmall = tokens * size * outSize * gates < worthThreads;
  const chunks = isSmall ? 1 : Math.min(threadCount(), batch);
  const bytes = Math.ceil(scratchBytes(Math.ceil(batch / chunks)) / 64) * 64;
  const scratch = scratchOffset(bytes);
  const task = new Uint32Array(heapMemory().buffer, taskOffset(), 40);
  task.set([
    ...[taskKind[kind], scratch, bytes, chunks, batch, time, size, outSize, reverse ? 1 : 0],
    ...[tables, tables + batch * 4, tables + batch * 8],
  ]);
  for (const index of Object.keys(words)) task[Number(index)] = words[Number(index)] as number;
  runTask(chunks);
}

interface PackExports {
  packedGatesBytes(gates: number, size: number, k: number): number;
  packedBackBytes(k: number, n: number): number;
}

/** A place for packed weights, kept from call to call. */
export class PackedWeights {
  readonly #block = new Workspace();

  /** Packs gate weights `[gates * size, k]` for the forward pass; returns their offset. */
  gates(weights: number, gates: number, size: number, k: number): number {
    const bytes = kernelExports<PackExports>().packedGatesBytes(gates, size, k);
    const to = this.#block.reserve(bytes);
    packTask(weights, to, gates, size, k, Math.ceil(size / 8));
    return to;
  }

  /** Packs weights `[k, n]` for the backward pass. */
  back(weights: number, k: number, n: number): number {
    const bytes = kernelExports<PackExports>().packedBackBytes(k, n);
    const to = this.#block.reserve(bytes);
    packTask(weights, to, 0, k, n, Math.ceil(n / 8));
    return to;
  }
}

function packTask(
  weights: number,
  to: number,
  gates: number,
  a: number,
  b: number,
  blocks: number,
): void {
  const perChunk = Math.ceil(blocks / (a * b < 30_000 ? 1 : threadCount()));
  new Uint32Array(heapMemory().buffer, taskOffset(), 8).set([
    ...[taskKind.pack, weights, to, gates, a, b, blocks, perChunk],
  ]);
  runTask(Math.ceil(blocks / perChunk));
}

/** Sums the columns of `[rows, columns]`, where rows are `stride` bytes apart, to one or two places. */
export function sumColumns(
  matrix: number,
  stride: number,
  rows: number,
  columns: number,
  sums: number,
  second = 0,
): void {
  const parts = rows * columns < 60_000 ? 1 : threadCount();
  const perChunk = Math.ceil(columns / parts / 16) * 16;
  new Uint32Array(heapMemory().buffer, taskOffset(), 9).set([
    ...[taskKind.columnSums, matrix, stride, 0, rows, columns, perChunk, sums, second],
  ]);
  runTask(Math.ceil(columns / perChunk));
}
