/**
 * Suffixes of all runs, sorted by their first characters: a suffix array that is sorted only as deep as
 * a piece can be long.
 *
 * Prefix doubling (Manber & Myers 1990): sorted by k characters, the order by 2k follows from one
 * counting sort by the rank of the first k, of suffixes already in order of their second k. For pieces of
 * at most L characters this takes ceil(log2 L) rounds, O(n log L), whatever the text repeats.
 */
import type { TrainingText } from "./training-text.ts";

/**
 * Start positions in the order of their first `depth` or more characters; a run's end sorts before any
 * character. Suffixes that agree that far keep the order of their positions.
 */
export function sortSuffixes(
  { text, remaining, alphabet }: TrainingText,
  depth: number,
): Int32Array {
  const n = text.length;
  const order = new Int32Array(n);
  const other = new Int32Array(n);
  let ranks = Int32Array.from(text);
  let nextRanks = new Int32Array(n);
  for (let i = 0; i < n; i++) other[i] = i;
  let distinct = alphabet.length;
  countingSort(other, ranks, distinct, order);
  for (let k = 1; k < depth && !(k > 1 && distinct === n); k *= 2) {
    // In order of what follows after k characters: first those whose run ends before.
    let filled = 0;
    for (let i = 0; i < n; i++) if ((remaining[i] as number) <= k) other[filled++] = i;
    for (let j = 0; j < n; j++) {
      const i = (order[j] as number) - k;
      if (i >= 0 && (remaining[i] as number) > k) other[filled++] = i;
    }
    countingSort(other, ranks, distinct, order);

    const second = (i: number) => ((remaining[i] as number) > k ? (ranks[i + k] as number) : -1);
    let rank = -1;
    let previous = -1;
    for (let j = 0; j < n; j++) {
      const i = order[j] as number;
      const same = previous >= 0 && ranks[i] === ranks[previous] && second(i) === second(previous);
      if (!same) rank++;
      nextRanks[i] = rank;
      previous = i;
    }
    [ranks, nextRanks] = [nextRanks, ranks];
    distinct = rank + 1;
  }
  return order;
}

/** Sorts `items` by their ranks (below `size`) into `sorted`; equal ranks keep their order. */
function countingSort(
  items: Int32Array,
  ranks: Int32Array,
  size: number,
  sorted: Int32Array,
): void {
  const ends = new Int32Array(size + 1);
  for (let i = 0; i < ranks.length; i++) {
    const above = (ranks[i] as number) + 1;
    ends[above] = (ends[above] as number) + 1;
  }
  for (let r = 0; r < size; r++) ends[r + 1] = (ends[r + 1] as number) + (ends[r] as number);
  for (let j = 0; j < items.length; j++) {
    const item = items[j] as number;
    const rank = ranks[item] as number;
    const at = ends[rank] as number;
    sorted[at] = item;
    ends[rank] = at + 1;
  }
}

/** Characters that two suffixes share at their begin, at most `limit`. */
export function sharedPrefix(
  { text, remaining }: TrainingText,
  a: number,
  b: number,
  limit: number,
): number {
  const most = Math.min(limit, remaining[a] as number, remaining[b] as number);
  let length = 0;
  while (length < most && text[a + length] === text[b + length]) length++;
  return length;
}
