/**
 * Applies merge rules to a word: always the rule of the least rank, the leftmost where ranks are equal.
 *
 * Short words: scan all pairs for the least rank, O(n^2) with a tiny constant. Long words: pairs wait in
 * buckets by rank, so a word of a million symbols costs O(n + r log r) with r the distinct ranks met;
 * nothing here is quadratic. Both give the same result (tested against reference.ts).
 */
import type { MergeTable } from "./merges.ts";

/** The symbols of a word: ids and their lengths in bytes. */
export class Symbols {
  ids = new Int32Array(64);
  lengths = new Int32Array(64);
  count = 0;
  /** Scratch of the short way: rank and result of the pair that begins at i. */
  ranks = new Int32Array(64);
  results = new Int32Array(64);

  push(id: number, length: number): void {
    if (this.count === this.ids.length) this.reserve(this.count * 2);
    this.ids[this.count] = id;
    this.lengths[this.count++] = length;
  }

  reserve(capacity: number): void {
    if (capacity <= this.ids.length) return;
    const ids = new Int32Array(capacity);
    ids.set(this.ids.subarray(0, this.count));
    const lengths = new Int32Array(capacity);
    lengths.set(this.lengths.subarray(0, this.count));
    this.ids = ids;
    this.lengths = lengths;
  }

  /** Forgets the symbols, and the memory of an unusually long word with them. */
  clear(): void {
    this.count = 0;
    if (this.ids.length > 1 << 16) {
      this.ids = new Int32Array(64);
      this.lengths = new Int32Array(64);
    }
  }
}

const shortWord = 64;
const none = 0x7fffffff;

export function mergeSymbols(symbols: Symbols, table: MergeTable): void {
  if (symbols.count < 2) return;
  if (symbols.count <= shortWord) mergeShort(symbols, table);
  else mergeLong(symbols, table);
}

function mergeShort(symbols: Symbols, table: MergeTable): void {
  const { ids, lengths, ranks, results } = symbols;
  let count = symbols.count;
  for (let i = 0; i + 1 < count; i++) {
    const rank = table.rank(ids[i] as number, ids[i + 1] as number);
    ranks[i] = rank < 0 ? none : rank;
    results[i] = table.result;
  }
  while (count > 1) {
    let best = 0;
    let bestRank = none;
    for (let i = 0; i + 1 < count; i++) {
      if ((ranks[i] as number) < bestRank) {
        bestRank = ranks[i] as number;
        best = i;
      }
    }
    if (bestRank === none) break;
    ids[best] = results[best] as number;
    lengths[best] = (lengths[best] as number) + (lengths[best + 1] as number);
    count--;
    for (let i = best + 1; i < count; i++) {
      ids[i] = ids[i + 1] as number;
      lengths[i] = lengths[i + 1] as number;
      ranks[i] = ranks[i + 1] as number;
      results[i] = results[i + 1] as number;
    }
    if (best + 1 < count) {
      const rank = table.rank(ids[best] as number, ids[best + 1] as number);
      ranks[best] = rank < 0 ? none : rank;
      results[best] = table.result;
    }
    if (best > 0) {
      const rank = table.rank(ids[best - 1] as number, ids[best] as number);
      ranks[best - 1] = rank < 0 ? none : rank;
      results[best - 1] = table.result;
    }
  }
  symbols.count = count;
}

let scratch: LongWord | undefined;

function mergeLong(symbols: Symbols, table: MergeTable): void {
  // Taken while in use, so that a call from within a call would get its own.
  const word = scratch ?? new LongWord();
  scratch = undefined;
  word.run(symbols, table);
  if (word.capacity <= 1 << 16) scratch = word;
}

/**
 * A word of many symbols as a doubly linked list. Position p holds the pair (p, next[p]); the pairs of
 * one rank form a bucket, buckets are taken by ascending rank, pairs within one by ascending position.
 * A merge may create a pair of a rank not above the current one: such pairs wait in the small heap
 * `urgent`, which is asked before the bucket goes on, so the order is exactly (rank, position).
 */
class LongWord {
  capacity = 0;
  #symbols = new Symbols();
  #table: MergeTable | undefined;
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  #ranks = new Int32Array(0); // of the pair at p, -1: does not join
  #results = new Int32Array(0);
  #heads = new Int32Array(0); // rank -> last entry + 1, 0: empty; all 0 between words
  #entryPosition = new Int32Array(0);
  #entryBefore = new Int32Array(0); // entry + 1 pushed before into the same bucket
  #entries = 0;
  readonly #waiting = new MinHeap(); // ranks with a bucket
  readonly #urgent = new MinHeap(); // rank * 2^31 + position
  #current = -1;

  run(symbols: Symbols, table: MergeTable): void {
    this.#prepare(symbols, table);
    const n = symbols.count;
    for (let p = 0; p < n; p++) {
      this.#next[p] = p + 1;
      this.#previous[p] = p - 1;
    }
    for (let p = 0; p < n; p++) this.#updatePair(p);
    while (this.#waiting.size > 0) this.#emptyBucket(this.#waiting.pop());
    this.#compact();
    this.#symbols = new Symbols();
    this.#table = undefined;
  }

  #prepare(symbols: Symbols, table: MergeTable): void {
    this.#symbols = symbols;
    this.#table = table;
    this.#entries = 0;
    if (symbols.count > this.capacity) {
      this.capacity = Math.max(symbols.count, Math.min(this.capacity * 2, 1 << 16));
      this.#next = new Int32Array(this.capacity);
      this.#previous = new Int32Array(this.capacity);
      this.#ranks = new Int32Array(this.capacity);
      this.#results = new Int32Array(this.capacity);
      this.#entryPosition = new Int32Array(this.capacity * 2);
      this.#entryBefore = new Int32Array(this.capacity * 2);
    }
    if (this.#heads.length < table.rankCount) this.#heads = new Int32Array(table.rankCount);
  }
  /** All merges of one rank, left to right, and the urgent ones that come in between. */
  #emptyBucket(rank: number): void {
    this.#current = rank;
    const positions = this.#takeBucket(rank);
    let at = 0;
    for (;;) {
      while (at < positions.length && this.#ranks[positions[at] as number] !== rank) at++;
      const bucketKey =
        at < positions.length
          ? rank * 2 ** 31 + (positions[at] as number)
          : Number.POSITIVE_INFINITY;
      if (this.#urgent.size > 0 && this.#urgent.top() <= bucketKey) {
        const key = this.#urgent.pop();
        const position = key % 2 ** 31;
        if (this.#ranks[position] === (key - position) / 2 ** 31) this.#mergeAt(position);
      } else if (at < positions.length) {
        this.#mergeAt(positions[at++] as number);
      } else {
        break;
      }
    }
    this.#current = -1;
  }

  #takeBucket(rank: number): Int32Array {
    let size = 0;
    for (let e = this.#heads[rank] as number; e !== 0; e = this.#entryBefore[e - 1] as number)
      size++;
    const positions = new Int32Array(size);
    let sorted = true;
    let at = size;
    let after = none;
    for (let e = this.#heads[rank] as number; e !== 0; e = this.#entryBefore[e - 1] as number) {
      const position = this.#entryPosition[e - 1] as number;
      if (position > after) sorted = false;
      after = position;
      positions[--at] = position;
    }
    this.#heads[rank] = 0;
    return sorted ? positions : positions.sort();
  }

  #mergeAt(p: number): void {
    const { ids, lengths, count } = this.#symbols;
    const right = this.#next[p] as number;
    ids[p] = this.#results[p] as number;
    lengths[p] = (lengths[p] as number) + (lengths[right] as number);
    const after = this.#next[right] as number;
    this.#next[p] = after;
    if (after < count) this.#previous[after] = p;
    lengths[right] = -1; // gone
    this.#ranks[right] = -1;
    this.#updatePair(p);
    const before = this.#previous[p] as number;
    if (before >= 0) this.#updatePair(before);
  }

  #updatePair(p: number): void {
    const { ids, count } = this.#symbols;
    const right = this.#next[p] as number;
    const rank =
      right < count ? (this.#table as MergeTable).rank(ids[p] as number, ids[right] as number) : -1;
    this.#ranks[p] = rank;
    if (rank < 0) return;
    this.#results[p] = (this.#table as MergeTable).result;
    if (rank <= this.#current) this.#urgent.push(rank * 2 ** 31 + p);
    else this.#enqueue(rank, p);
  }

  #enqueue(rank: number, p: number): void {
    if (this.#entries === this.#entryPosition.length) {
      const positions = new Int32Array(this.#entries * 2);
      positions.set(this.#entryPosition);
      const before = new Int32Array(this.#entries * 2);
      before.set(this.#entryBefore);
      this.#entryPosition = positions;
      this.#entryBefore = before;
    }
    const head = this.#heads[rank] as number;
    if (head === 0) this.#waiting.push(rank);
    this.#entryPosition[this.#entries] = p;
    this.#entryBefore[this.#entries] = head;
    this.#heads[rank] = ++this.#entries;
  }

  #compact(): void {
    const { ids, lengths, count } = this.#symbols;
    let kept = 0;
    for (let p = 0; p < count; p++) {
      if ((lengths[p] as number) < 0) continue;
      ids[kept] = ids[p] as number;
      lengths[kept++] = lengths[p] as number;
    }
    this.#symbols.count = kept;
  }
}

/** A binary heap of numbers, least first. */
export class MinHeap {
  #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  top(): number {
    return this.#items[0] as number;
  }

  push(value: number): void {
    const items = this.#items;
    let i = items.length;
    items.push(value);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((items[parent] as number) <= value) break;
      items[i] = items[parent] as number;
      i = parent;
    }
    items[i] = value;
  }

  pop(): number {
    const items = this.#items;
    const least = items[0] as number;
    const last = items.pop() as number;
    const size = items.length;
    if (size === 0) return least;
    let i = 0;
    for (let child = 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && (items[child + 1] as number) < (items[child] as number)) child++;
      if ((items[child] as number) >= last) break;
      items[i] = items[child] as number;
      i = child;
    }
    items[i] = last;
    return least;
  }
}
