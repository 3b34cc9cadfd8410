/**
 * BPE dropout (Provilkov et al. 2020): each merge is skipped by chance, so one word has many
 * segmentations. As in Hugging Face, a skipped merge gets another chance after the next one that was
 * applied. A heap of pairs by (rank, position): O(n log n).
 */
import type { Rng } from "@seq/core";
import { MinHeap, type Symbols } from "./merge-symbols.ts";
import type { MergeTable } from "./merges.ts";

export function mergeWithDropout(
  symbols: Symbols,
  table: MergeTable,
  dropout: number,
  rng: Rng,
): void {
  const { ids, lengths, count } = symbols;
  const next = Int32Array.from({ length: count }, (_, p) => p + 1);
  const previous = Int32Array.from({ length: count }, (_, p) => p - 1);
  const ranks = new Int32Array(count);
  const results = new Int32Array(count);
  const heap = new MinHeap();
  const update = (p: number): void => {
    const right = next[p] as number;
    const rank = right < count ? table.rank(ids[p] as number, ids[right] as number) : -1;
    ranks[p] = rank;
    results[p] = table.result;
    if (rank >= 0) heap.push(rank * 2 ** 31 + p);
  };
  for (let p = 0; p < count; p++) update(p);
  let skipped: number[] = [];
  while (heap.size > 0) {
    const key = heap.pop();
    const p = key % 2 ** 31;
    if (ranks[p] !== (key - p) / 2 ** 31) continue;
    if (rng.uniform() < dropout) {
      skipped.push(key);
      continue;
    }
    for (const again of skipped) heap.push(again);
    skipped = [];
    const right = next[p] as number;
    ids[p] = results[p] as number;
    lengths[p] = (lengths[p] as number) + (lengths[right] as number);
    next[p] = next[right] as number;
    if ((next[p] as number) < count) previous[next[p] as number] = p;
    lengths[right] = -1;
    ranks[right] = -1;
    update(p);
    if ((previous[p] as number) >= 0) update(previous[p] as number);
  }
  let kept = 0;
  for (let p = 0; p < count; p++) {
    if ((lengths[p] as number) < 0) continue;
    ids[kept] = ids[p] as number;
    lengths[kept++] = lengths[p] as number;
  }
  symbols.count = kept;
}
