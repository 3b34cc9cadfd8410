/**
 * Which rows share a batch: rows of about one length, so that little is padding, in an order that is random all the
 * same.
 *
 * The rows are shuffled; pools of many batches are cut from the shuffled row and sorted by length; batches are cut from
 * the sorted pools; then the batches are shuffled. So batches differ from epoch to epoch. O(n log n), no object per row.
 */
import type { Rng } from "@seq/core";

export interface BucketOptions {
  /** Rows in a batch at most. */
  readonly batchSize: number;
  /** Padded cells in a batch at most (all sides together); `Infinity` for no limit. */
  readonly maxTokens: number;
  /** Batches in a pool; 1 sorts within a batch only, `Infinity` sorts everything. */
  readonly poolBatches: number;
  readonly shuffle: boolean;
}

export interface BatchPlan {
  /** Row numbers; batch b holds `order[starts[b]] ... order[starts[b + 1] - 1]`. */
  readonly order: Uint32Array;
  readonly starts: Uint32Array;
  /** Share of the cells that is padding, 0..1. */
  readonly paddingRatio: number;
}

/**
 * @param sides - the lengths of each row, one array per side: `[target, source]`; the first sorts first.
 * @param rng - moves on by the draws of one epoch.
 */
export function planBuckets(
  sides: readonly Int32Array[],
  options: BucketOptions,
  rng: Rng,
): BatchPlan {
  const count = sides[0]?.length ?? 0;
  const order = options.shuffle ? rng.permutation(count) : Uint32Array.from({ length: count }, (_, i) => i); // biome-ignore format: one line
  sortPools(order, sides, poolSize(sides, options));
  const { starts, cells, tokens } = cutBatches(order, sides, options);
  const paddingRatio = cells === 0 ? 0 : 1 - tokens / cells;
  if (!options.shuffle) return { order, starts: Uint32Array.from(starts), paddingRatio };
  return { ...shuffleBatches(order, starts, rng), paddingRatio };
}

/** Rows in a pool: with a token budget, as many as fill `poolBatches` batches of average rows. */
function poolSize(sides: readonly Int32Array[], options: BucketOptions): number {
  const count = sides[0]?.length ?? 0;
  let total = 0;
  for (const lengths of sides) for (const length of lengths) total += length;
  const byTokens = Math.max(1, Math.floor((options.maxTokens * count) / Math.max(1, total)));
  return Math.min(options.batchSize, byTokens) * options.poolBatches;
}

/** Sorts each pool by the lengths; equal ones keep their (shuffled) order, so the result is the same everywhere. */
function sortPools(order: Uint32Array, sides: readonly Int32Array[], size: number): void {
  for (let begin = 0; begin < order.length; begin += size) {
    const pool = order.subarray(begin, Math.min(order.length, begin + size));
    const copy = pool.slice();
    // One number per row that sorts by the lengths, then by the place: typed arrays sort numbers fastest.
    let base = copy.length;
    const keys = Float64Array.from(copy, (_, place) => place);
    for (const lengths of [...sides].reverse()) {
      let longest = 0;
      for (let i = 0; i < copy.length; i++) {
        const length = lengths[copy[i] as number] as number;
        keys[i] = (keys[i] as number) + length * base;
        if (length > longest) longest = length;
      }
      base *= longest + 1;
    }
    keys.sort();
    for (let i = 0; i < copy.length; i++)
      pool[i] = copy[(keys[i] as number) % copy.length] as number;
    if (size === Number.POSITIVE_INFINITY) return;
  }
}

function cutBatches(
  order: Uint32Array,
  sides: readonly Int32Array[],
  { batchSize, maxTokens }: BucketOptions,
): { starts: number[]; cells: number; tokens: number } {
  const starts = [0];
  const longest = sides.map(() => 0);
  let rows = 0;
  let cells = 0;
  let tokens = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i] as number;
    let width = 0;
    for (let s = 0; s < sides.length; s++) {
      width += Math.max(longest[s] as number, sides[s]?.[row] as number);
    }
    if (rows > 0 && (rows === batchSize || (rows + 1) * width > maxTokens)) {
      cells += rows * longest.reduce((a, b) => a + b, 0);
      starts.push(i);
      longest.fill(0);
      rows = 0;
    }
    for (let s = 0; s < sides.length; s++) {
      const length = sides[s]?.[row] as number;
      if (length > (longest[s] as number)) longest[s] = length;
      tokens += length;
    }
    rows++;
  }
  if (rows > 0) {
    cells += rows * longest.reduce((a, b) => a + b, 0);
    starts.push(order.length);
  }
  return { starts, cells, tokens };
}

function shuffleBatches(
  order: Uint32Array,
  starts: readonly number[],
  rng: Rng,
): { order: Uint32Array; starts: Uint32Array } {
  const batches = rng.permutation(starts.length - 1);
  const shuffled = new Uint32Array(order.length);
  const newStarts = new Uint32Array(starts.length);
  let end = 0;
  for (let b = 0; b < batches.length; b++) {
    const from = batches[b] as number;
    const rows = order.subarray(starts[from], starts[from + 1]);
    shuffled.set(rows, end);
    end += rows.length;
    newStarts[b + 1] = end;
  }
  return { order: shuffled, starts: newStarts };
}
