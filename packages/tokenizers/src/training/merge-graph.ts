/**
 * The words of a corpus as chains of symbols, and for every pair of neighbouring symbols its count and
 * the places where it stands. Merging a pair touches only those places.
 *
 * Every place (the left symbol of a pair) belongs to exactly one pair, so the occurrence lists are
 * threaded through the places themselves: no list ever holds a stale entry, counts are exact, and all
 * merges together cost no more steps than there are symbols.
 *
 * Overlapping occurrences count as neighbours do: "aaa" holds the pair (a, a) twice, though it can be
 * merged once, from the left (as Hugging Face's trainer counts).
 */

const none = -1;

export class MergeGraph {
  /** Per place: the symbol, or -1 where a merge swallowed it. */
  readonly symbols: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #wordOf: Int32Array;
  readonly #wordCounts: Float64Array;
  readonly #pairAt: Int32Array;
  readonly #nextOccurrence: Int32Array;
  readonly #previousOccurrence: Int32Array;

  /** Per pair: its symbols, its weighted count, the ends of its occurrence list. */
  pairLeft = new Int32Array(1024);
  pairRight = new Int32Array(1024);
  pairCounts = new Float64Array(1024);
  #first = new Int32Array(1024);
  #last = new Int32Array(1024);
  /** Per pair: the merge in which its count last grew, so that `grown` names it once. */
  #grownIn = new Int32Array(1024);
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
  #places = new Int32Array(256);

  /**
   * @param symbols - all words one after the other; taken over, not copied.
   * @param starts - `words + 1` numbers: word i is `symbols[starts[i]] .. symbols[starts[i + 1] - 1]`.
   * @param counts - how often each word occurs.
   */
  constructor(
    symbols: Int32Array,
    starts: ArrayLike<number>,
    counts: Float64Array,
    symbolCount: number,
  ) {
    const size = symbols.length;
    this.symbols = symbols;
    this.#next = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.#wordOf = new Int32Array(size);
    this.#wordCounts = counts;
    this.#pairAt = new Int32Array(size).fill(none);
    this.#nextOccurrence = new Int32Array(size);
    this.#previousOccurrence = new Int32Array(size);
    this.symbolCounts = new Float64Array(Math.max(1024, symbolCount));
    for (let word = 0; word < counts.length; word++) {
      this.#link(word, starts[word] as number, starts[word + 1] as number);
    }
  }

  /** Number of pairs ever seen; pairs are numbered from 0. */
  get pairs(): number {
    return this.#pairs;
  }

  #link(word: number, begin: number, end: number): void {
    const count = this.#wordCounts[word] as number;
    for (let place = begin; place < end; place++) {
      const symbol = this.symbols[place] as number;
      this.#wordOf[place] = word;
      this.#previous[place] = place > begin ? place - 1 : none;
      this.#next[place] = place + 1 < end ? place + 1 : none;
      this.symbolCounts[symbol] = (this.symbolCounts[symbol] as number) + count;
      if (place + 1 < end) this.#attach(place, symbol, this.symbols[place + 1] as number, count);
    }
    this.total += count * (end - begin);
  }

  /**
   * Replaces every occurrence of a pair by a new symbol, from left to right in each word.
   *
   * @returns the weighted number of replacements, at most the pair's count.
   */
  merge(pair: number, symbol: number): number {
    const left = this.pairLeft[pair] as number;
    const right = this.pairRight[pair] as number;
    this.grown = [];
    this.#merges++;
    if (symbol >= this.symbolCounts.length) this.#growSymbols();
    const places = this.#occurrences(pair);
    let replaced = 0;
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      const absorbed = this.#next[place] as number;
      if (this.symbols[place] !== left || absorbed < 0 || this.symbols[absorbed] !== right)
        continue;
      const count = this.#wordCounts[this.#wordOf[place] as number] as number;
      const before = this.#previous[place] as number;
      const after = this.#next[absorbed] as number;
      this.#detach(place, count);
      if (before >= 0) this.#detach(before, count);
      if (after >= 0) this.#detach(absorbed, count);
      this.symbols[place] = symbol;
      this.symbols[absorbed] = none;
      this.#next[place] = after;
      if (before >= 0) this.#attach(before, this.symbols[before] as number, symbol, count);
      if (after >= 0) {
        this.#previous[after] = place;
        this.#attach(place, symbol, this.symbols[after] as number, count);
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
    for (let place = this.#first[pair] as number; place >= 0; ) {
      if (size === this.#places.length) {
        const larger = new Int32Array(size * 2);
        larger.set(this.#places);
        this.#places = larger;
      }
      if (size > 0 && place < (this.#places[size - 1] as number)) sorted = false;
      this.#places[size++] = place;
      place = this.#nextOccurrence[place] as number;
    }
    const places = this.#places.subarray(0, size);
    return sorted || this.pairLeft[pair] !== this.pairRight[pair] ? places : places.sort();
  }

  #attach(place: number, left: number, right: number, count: number): void {
    const pair = this.#pairOf(left, right);
    const last = this.#last[pair] as number;
    this.#previousOccurrence[place] = last;
    this.#nextOccurrence[place] = none;
    if (last >= 0) this.#nextOccurrence[last] = place;
    else this.#first[pair] = place;
    this.#last[pair] = place;
    this.#pairAt[place] = pair;
    this.pairCounts[pair] = (this.pairCounts[pair] as number) + count;
    if (this.#grownIn[pair] !== this.#merges) {
      this.#grownIn[pair] = this.#merges;
      this.grown.push(pair);
    }
  }

  #detach(place: number, count: number): void {
    const pair = this.#pairAt[place] as number;
    const before = this.#previousOccurrence[place] as number;
    const after = this.#nextOccurrence[place] as number;
    if (before >= 0) this.#nextOccurrence[before] = after;
    else this.#first[pair] = after;
    if (after >= 0) this.#previousOccurrence[after] = before;
    else this.#last[pair] = before;
    this.#pairAt[place] = none;
    this.pairCounts[pair] = (this.pairCounts[pair] as number) - count;
  }

  /** The number of the pair (left, right), which is made when it is new. */
  #pairOf(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashPair(left, right) & mask;
    for (;;) {
      const pair = (this.#slots[slot] as number) - 1;
      if (pair < 0) break;
      if (this.pairLeft[pair] === left && this.pairRight[pair] === right) return pair;
      slot = (slot + 1) & mask;
    }
    const pair = this.#pairs++;
    if (pair === this.pairLeft.length) this.#growPairs();
    this.pairLeft[pair] = left;
    this.pairRight[pair] = right;
    this.#first[pair] = none;
    this.#last[pair] = none;
    this.#grownIn[pair] = none;
    this.#slots[slot] = pair + 1;
    if (this.#pairs * 2 > this.#slots.length) this.#rehash();
    return pair;
  }

  #rehash(): void {
    const mask = this.#slots.length * 2 - 1;
    this.#slots = new Int32Array(mask + 1);
    for (let pair = 0; pair < this.#pairs; pair++) {
      let slot = hashPair(this.pairLeft[pair] as number, this.pairRight[pair] as number) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = pair + 1;
    }
  }

  #growPairs(): void {
    const size = this.pairLeft.length * 2;
    this.pairLeft = enlarge(this.pairLeft, size);
    this.pairRight = enlarge(this.pairRight, size);
    this.#first = enlarge(this.#first, size);
    this.#last = enlarge(this.#last, size);
    this.#grownIn = enlarge(this.#grownIn, size);
    const counts = new Float64Array(size);
    counts.set(this.pairCounts);
    this.pairCounts = counts;
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
