/**
 * Distinct words with their counts: all that the trainers see of a corpus. Memory grows with the number
 * of distinct words, not with the corpus; counts from several threads simply add up.
 *
 * Words are stretches of UTF-8 (for byte-level training any bytes), kept one after the other in one
 * array with an open-addressing table over it: about 40 bytes a word besides its own bytes.
 */
import { hashBytes } from "../text/hash.ts";
import { decodeUtf8, writeUtf8 } from "../text/utf8.ts";

/** Plain data that can be sent between threads. Word i is `bytes[begins[i]] .. bytes[begins[i + 1] - 1]`. */
export interface WordCounts {
  readonly bytes: Uint8Array;
  /** One more than there are words. */
  readonly begins: Uint32Array;
  /** Whole numbers, together below 2^53. */
  readonly counts: Float64Array;
}

/** @example countsOf([["hug", 10], ["pug", 5]]).counts // Float64Array [10, 5] */
export function countsOf(words: Iterable<readonly [word: string, count: number]>): WordCounts {
  const counter = new WordCounter();
  for (const [word, count] of words) counter.addText(word, count);
  return counter.toCounts();
}

export function wordAt(words: WordCounts, i: number): string {
  return decodeUtf8(words.bytes.subarray(words.begins[i], words.begins[i + 1]));
}

/** Collects word counts. The order of additions decides the order of the words, nothing else. */
export class WordCounter {
  #bytes = new Uint8Array(1 << 16);
  #begins = new Uint32Array(1 << 12);
  #counts = new Float64Array(1 << 12);
  #hashes = new Int32Array(1 << 12);
  #slots = new Int32Array(1 << 13);
  #size = 0;
  #scratch = new Uint8Array(256);

  /** Number of distinct words so far. */
  get size(): number {
    return this.#size;
  }

  /** Counts the word at [begin, end); an empty one is none. */
  add(bytes: Uint8Array, begin: number, end: number, count = 1): void {
    if (begin >= end) return;
    const mask = this.#slots.length - 1;
    const hash = hashBytes(bytes, begin, end);
    let slot = hash & mask;
    for (;;) {
      const word = (this.#slots[slot] as number) - 1;
      if (word < 0) break;
      if (this.#hashes[word] === hash && this.#equals(word, bytes, begin, end)) {
        this.#counts[word] = (this.#counts[word] as number) + count;
        return;
      }
      slot = (slot + 1) & mask;
    }
    this.#slots[slot] = this.#append(bytes, begin, end, hash, count) + 1;
    if (this.#size * 2 > mask) this.#rehash();
  }

  /** Counts a word given as text; a lone surrogate in it counts as U+FFFD. */
  addText(word: string, count = 1): void {
    if (word.length * 3 > this.#scratch.length) {
      this.#scratch = new Uint8Array(word.length * 6);
    }
    this.add(this.#scratch, 0, writeUtf8(word, this.#scratch, 0), count);
  }

  /** Adds all of another count, as from another thread. */
  merge(other: WordCounts): void {
    for (let i = 0; i < other.counts.length; i++) {
      const begin = other.begins[i] as number;
      this.add(other.bytes, begin, other.begins[i + 1] as number, other.counts[i] as number);
    }
  }

  /** The counts in the order in which the words were first seen. */
  toCounts(): WordCounts {
    const begins = this.#begins.slice(0, this.#size + 1);
    return {
      bytes: this.#bytes.slice(0, begins[this.#size]),
      begins,
      counts: this.#counts.slice(0, this.#size),
    };
  }

  #equals(word: number, bytes: Uint8Array, begin: number, end: number): boolean {
    const at = this.#begins[word] as number;
    const length = end - begin;
    if ((this.#begins[word + 1] as number) - at !== length) return false;
    const own = this.#bytes;
    for (let i = 0; i < length; i++) if (own[at + i] !== bytes[begin + i]) return false;
    return true;
  }

  #append(bytes: Uint8Array, begin: number, end: number, hash: number, count: number): number {
    const word = this.#size++;
    const at = this.#begins[word] as number;
    const length = end - begin;
    if (at + length > this.#bytes.length) {
      this.#bytes = enlarge(this.#bytes, new Uint8Array((at + length) * 2));
    }
    for (let i = 0; i < length; i++) this.#bytes[at + i] = bytes[begin + i] as number;
    if (word + 2 > this.#begins.length) {
      const room = this.#begins.length * 2;
      this.#begins = enlarge(this.#begins, new Uint32Array(room));
      this.#counts = enlarge(this.#counts, new Float64Array(room));
      this.#hashes = enlarge(this.#hashes, new Int32Array(room));
    }
    this.#begins[word + 1] = at + length;
    this.#counts[word] = count;
    this.#hashes[word] = hash;
    return word;
  }

  #rehash(): void {
    const mask = this.#slots.length * 2 - 1;
    this.#slots = new Int32Array(mask + 1);
    for (let word = 0; word < this.#size; word++) {
      let slot = (this.#hashes[word] as number) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = word + 1;
    }
  }
}

/**
 * The same counts with the words in ascending order of their bytes: sums of fractions then come out the
 * same for every order of the corpus.
 */
export function sortCounts(words: WordCounts): WordCounts {
  const { bytes, begins } = words;
  const order = new Uint32Array(words.counts.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  order.sort((a, b) => {
    const beginA = begins[a] as number;
    const beginB = begins[b] as number;
    const lengthA = (begins[a + 1] as number) - beginA;
    const lengthB = (begins[b + 1] as number) - beginB;
    const shared = Math.min(lengthA, lengthB);
    for (let i = 0; i < shared; i++) {
      const difference = (bytes[beginA + i] as number) - (bytes[beginB + i] as number);
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  });
  const sorted = {
    bytes: new Uint8Array(bytes.length),
    begins: new Uint32Array(begins.length),
    counts: new Float64Array(order.length),
  };
  let end = 0;
  for (let i = 0; i < order.length; i++) {
    const word = order[i] as number;
    sorted.bytes.set(bytes.subarray(begins[word], begins[word + 1]), end);
    end += (begins[word + 1] as number) - (begins[word] as number);
    sorted.begins[i + 1] = end;
    sorted.counts[i] = words.counts[word] as number;
  }
  return sorted;
}

function enlarge<A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(
  from: A,
  to: A,
): A {
  (to as Uint8Array).set(from as Uint8Array);
  return to;
}
