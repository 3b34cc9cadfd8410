/**
 * The words of a corpus as chains of symbols, and for every pair of neighbouring symbols its count and
 * the places where it stands. Merging a pair touches only those places.
 *
 * Every place (the left symbol of a pair) belongs to exactly one pair, so the occurrence lists are
 * threaded through the places themselves: no list ever holds a stale entry, counts are exact, and all
 * merges together cost no more steps than there are symbols. A place is 32 bytes in one array, so that
 * visiting it costs one cache line, not seven.
 *
 * Overlapping occurrences count as neighbours do: "aaa" holds the pair (a, a) twice, though it can be
 * merged once, from the left (as Hugging Face's trainer counts).
 */

const none = -1;

/** The fields of a place: eight words, the last two one double. */
const stride = 8;
const symbolAt = 0; // -1 where a merge swallowed it
const nextAt = 1; // place of the next symbol of the word, or -1
const previousAt = 2;
const pairAt = 3; // the pair that begins here
const nextOccurrenceAt = 4; // in the list of that pair
const previousOccurrenceAt = 5;
const countAt = 3; // in doubles: how often the word occurs

/** The fields of a pair, as wide. */
const leftAt = 0;
const rightAt = 1;
const firstAt = 2; // ends of the occurrence list
const lastAt = 3;
const grownInAt = 4; // the merge in which its count last grew, so that `grown` names it once
// countAt: weighted count

export class MergeGraph {
  readonly #places: Int32Array;
  /** The same memory as doubles. */
  readonly #doubles: Float64Array;

  #pairTable = new Int32Array(1024 * stride);
  #pairDoubles = new Float64Array(this.#pairTable.buffer);
  #pairs = 0;

  /** Weighted count of each symbol. */
  symbolCounts: Float64Array;
  /** Weighted number of symbols in the corpus. */
  total = 0;

  /** Hash table: slot -> pair + 1, or 0. Open addressing, a power of two. */
  #slots = new Int32Array(4096);

  /** Pairs whose count grew in the last merge, each once. */
  grown: number[] = [];
  #merges = 0;
  #found = new Int32Array(256);

  /**
   * @param symbols - all words one after the other.
   * @param starts - `words + 1` numbers: word i is `symbols[starts[i]] .. symbols[starts[i + 1] - 1]`.
   * @param counts - how often each word occurs.
   */
  constructor(
    symbols: Int32Array,
    starts: ArrayLike<number>,
    counts: ArrayLike<number>,
    symbolCount: number,
  ) {
    this.#places = new Int32Array(symbols.length * stride);
    this.#doubles = new Float64Array(this.#places.buffer);
    this.symbolCounts = new Float64Array(Math.max(1024, symbolCount));
    for (let word = 0; word < counts.length; word++) {
      const begin = starts[word] as number;
      this.#link(symbols, begin, starts[word + 1] as number, counts[word] as number);
    }
  }

  /** Number of pairs ever seen; pairs are numbered from 0. */
  get pairs(): number {
    return this.#pairs;
  }

  leftOf(pair: number): number {
    return this.#pairTable[pair * stride + leftAt] as number;
  }

  rightOf(pair: number): number {
    return this.#pairTable[pair * stride + rightAt] as number;
  }

  /** Weighted number of occurrences. */
  countOf(pair: number): number {
    return this.#pairDoubles[pair * (stride / 2) + countAt] as number;
  }

  #link(symbols: Int32Array, begin: number, end: number, count: number): void {
    const places = this.#places;
    for (let i = begin; i < end; i++) {
      const symbol = symbols[i] as number;
      const place = i * stride;
      places[place + symbolAt] = symbol;
      places[place + nextAt] = i + 1 < end ? place + stride : none;
      places[place + previousAt] = i > begin ? place - stride : none;
      this.#doubles[place / 2 + countAt] = count;
      this.symbolCounts[symbol] = (this.symbolCounts[symbol] as number) + count;
      if (i + 1 < end) this.#attach(place, symbol, symbols[i + 1] as number, count);
    }
    this.total += count * (end - begin);
  }

  /**
   * Replaces every occurrence of a pair by a new symbol, from left to right in each word.
   *
   * @returns the weighted number of replacements, at most the pair's count.
   */
  merge(pair: number, symbol: number): number {
    const left = this.leftOf(pair);
    const right = this.rightOf(pair);
    this.grown = [];
    this.#merges++;
    if (symbol >= this.symbolCounts.length) this.#growSymbols();
    const places = this.#places;
    const found = this.#occurrences(pair);
    let replaced = 0;
    for (let i = 0; i < found.length; i++) {
      const place = found[i] as number;
      // An overlapping occurrence, "aa" in the middle of "aaa", may be gone.
      if (places[place + pairAt] !== pair) continue;
      const absorbed = places[place + nextAt] as number;
      const count = this.#doubles[place / 2 + countAt] as number;
      const before = places[place + previousAt] as number;
      const after = places[absorbed + nextAt] as number;
      this.#detach(place, count);
      if (before >= 0) this.#detach(before, count);
      if (after >= 0) this.#detach(absorbed, count);
      places[place + symbolAt] = symbol;
      places[absorbed + symbolAt] = none;
      places[place + nextAt] = after;
      if (before >= 0) this.#attach(before, places[before + symbolAt] as number, symbol, count);
      if (after >= 0) {
        places[after + previousAt] = place;
        this.#attach(place, symbol, places[after + symbolAt] as number, count);
      }
      replaced += count;
    }
    this.symbolCounts[left] = (this.symbolCounts[left] as number) - replaced;
    this.symbolCounts[right] = (this.symbolCounts[right] as number) - replaced;
    this.symbolCounts[symbol] = (this.symbolCounts[symbol] as number) + replaced;
    this.total -= replaced;
    return replaced;
  }

  /** The places of a pair; for (a, a) in order, because overlaps are merged from the left. */
  #occurrences(pair: number): Int32Array {
    let size = 0;
    let sorted = true;
    for (let place = this.#pairTable[pair * stride + firstAt] as number; place >= 0; ) {
      if (size === this.#found.length) this.#found = enlarge(this.#found, size * 2);
      if (size > 0 && place < (this.#found[size - 1] as number)) sorted = false;
      this.#found[size++] = place;
      place = this.#places[place + nextOccurrenceAt] as number;
    }
    const found = this.#found.subarray(0, size);
    return sorted || this.leftOf(pair) !== this.rightOf(pair) ? found : found.sort();
  }

  /** Puts a place at the end of the list of the pair that now begins there. */
  #attach(place: number, left: number, right: number, count: number): void {
    const pair = this.#pairOf(left, right);
    const places = this.#places;
    const pairs = this.#pairTable;
    const record = pair * stride;
    const last = pairs[record + lastAt] as number;
    places[place + previousOccurrenceAt] = last;
    places[place + nextOccurrenceAt] = none;
    if (last >= 0) places[last + nextOccurrenceAt] = place;
    else pairs[record + firstAt] = place;
    pairs[record + lastAt] = place;
    places[place + pairAt] = pair;
    const total = record / 2 + countAt;
    this.#pairDoubles[total] = (this.#pairDoubles[total] as number) + count;
    if (pairs[record + grownInAt] !== this.#merges) {
      pairs[record + grownInAt] = this.#merges;
      this.grown.push(pair);
    }
  }

  #detach(place: number, count: number): void {
    const places = this.#places;
    const pairs = this.#pairTable;
    const record = (places[place + pairAt] as number) * stride;
    const before = places[place + previousOccurrenceAt] as number;
    const after = places[place + nextOccurrenceAt] as number;
    if (before >= 0) places[before + nextOccurrenceAt] = after;
    else pairs[record + firstAt] = after;
    if (after >= 0) places[after + previousOccurrenceAt] = before;
    else pairs[record + lastAt] = before;
    places[place + pairAt] = none;
    const total = record / 2 + countAt;
    this.#pairDoubles[total] = (this.#pairDoubles[total] as number) - count;
  }

  /** The number of the pair (left, right), which is made when it is new. */
  #pairOf(left: number, right: number): number {
    const pairs = this.#pairTable;
    const mask = this.#slots.length - 1;
    let slot = hashPair(left, right) & mask;
    for (;;) {
      const pair = (this.#slots[slot] as number) - 1;
      if (pair < 0) break;
      const record = pair * stride;
      if (pairs[record + leftAt] === left && pairs[record + rightAt] === right) return pair;
      slot = (slot + 1) & mask;
    }
    const pair = this.#pairs++;
    const record = pair * stride;
    if (record === pairs.length) this.#growPairs();
    this.#pairTable[record + leftAt] = left;
    this.#pairTable[record + rightAt] = right;
    this.#pairTable[record + firstAt] = none;
    this.#pairTable[record + lastAt] = none;
    this.#pairTable[record + grownInAt] = none;
    this.#slots[slot] = pair + 1;
    if (this.#pairs * 2 > this.#slots.length) this.#rehash();
    return pair;
  }

  #rehash(): void {
    const mask = this.#slots.length * 2 - 1;
    this.#slots = new Int32Array(mask + 1);
    for (let pair = 0; pair < this.#pairs; pair++) {
      let slot = hashPair(this.leftOf(pair), this.rightOf(pair)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = pair + 1;
    }
  }

  #growPairs(): void {
    this.#pairTable = enlarge(this.#pairTable, this.#pairTable.length * 2);
    this.#pairDoubles = new Float64Array(this.#pairTable.buffer);
  }

  #growSymbols(): void {
    const counts = new Float64Array(this.symbolCounts.length * 2);
    counts.set(this.symbolCounts);
    this.symbolCounts = counts;
  }
}

function enlarge(from: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(size);
  to.set(from);
  return to;
}

/** Mixes both symbols into all bits (multiplications by odd constants, xor-shifts). */
function hashPair(left: number, right: number): number {
  let h = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
