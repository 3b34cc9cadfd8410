/**
 * Counts all n-grams up to an order. Positions of the text are radix-sorted by their preceding words, so that
 * equal n-grams of every order lie together; one sweep then gives, for each n-gram,
 *
 *   raw count c(w_1..w_n), and adjusted count a(w_1..w_n): c for the highest order and for n-grams that begin
 *   with the begin mark, else the number of different words before it (Kneser & Ney 1995; Heafield et al. 2013, sec. 3.2).
 *
 * An n-gram is kept as the position of its last word. Memory: about 16 bytes per position and per n-gram.
 */
import { checkInteger } from "@seq/core";
import type { NgramCorpus } from "./corpus.ts";
import { sortNgrams } from "./radix-sort.ts";

/** The n-grams of one order, sorted by their words from the first to the last. */
export interface NgramLevel {
  readonly order: number;
  readonly length: number;
  /** Where the last word of each n-gram stands in `NgramCounts.text`. Empty for order 1. */
  readonly ends: Int32Array;
  readonly raw: Uint32Array;
  readonly adjusted: Uint32Array;
  /** For order n > 1: the index of w_1..w_{n-1} in the level below. */
  readonly parents: Uint32Array;
}

export interface NgramCounts {
  readonly corpus: NgramCorpus;
  readonly order: number;
  /** The corpus with order - 1 begin marks before each sentence and an end mark after it. */
  readonly text: Int32Array;
  /** Level n - 1 holds order n. Order 1 is dense: index = id, `unigrams` of them, the begin mark among them. */
  readonly levels: readonly NgramLevel[];
  /** Number of sentences, or of texts. */
  readonly sentences: number;
}

/**
 * @param order - 1..16.
 * @throws {OptionError} `OPTION_RANGE`
 */
export function countNgrams(corpus: NgramCorpus, order: number): NgramCounts {
  checkInteger("countNgrams", "order", order, { min: 1, max: 16 });
  const { text, positions } = padded(corpus, order);
  const keys = Math.max(corpus.vocabSize, corpus.beginId + 1);
  const offsets = Array.from({ length: order }, (_, i) => order - 1 - i);
  const bySuffix = sortNgrams(text, keys, positions, offsets);
  const sorted = positions.map((_, i) => positions[bySuffix[i]!]!);
  const groups = sweep(corpus, order, text, sorted);
  const levels: NgramLevel[] = [denseUnigrams(groups[0]!, text, keys)];
  for (let n = 2; n <= order; n++) {
    levels.push(prefixSorted(groups[n - 1]!, n, text, keys, levels[n - 2]!));
  }
  return { corpus, order, text, levels, sentences: corpus.starts.length - 1 };
}

/** The text with marks, and the positions of everything that is predicted. */
function padded(corpus: NgramCorpus, order: number): { text: Int32Array; positions: Int32Array } {
  const { ids, starts, beginId, endId } = corpus;
  const sentences = starts.length - 1;
  const ends = endId === undefined ? 0 : 1;
  const text = new Int32Array(ids.length + sentences * (order - 1 + ends));
  const positions = new Int32Array(ids.length + sentences * ends);
  let at = 0;
  let count = 0;
  for (let i = 0; i < sentences; i++) {
    for (let k = 1; k < order; k++) text[at++] = beginId;
    for (let j = starts[i]!; j < starts[i + 1]!; j++) {
      positions[count++] = at;
      text[at++] = ids[j]!;
    }
    if (endId !== undefined) {
      positions[count++] = at;
      text[at++] = endId;
    }
  }
  return { text, positions };
}

interface Group {
  readonly ends: Int32Array;
  readonly raw: Uint32Array;
  readonly adjusted: Uint32Array;
}

/** Groups equal n-grams of each order in one pass over the positions in suffix order. */
function sweep(corpus: NgramCorpus, order: number, text: Int32Array, sorted: Int32Array): Group[] {
  const sizes = new Uint32Array(order + 1);
  forEachPosition(corpus, order, text, sorted, (_, same, longest) => {
    for (let n = same + 1; n <= longest; n++) sizes[n]!++;
  });
  const groups = Array.from({ length: order }, (_, i) => ({
    ends: new Int32Array(sizes[i + 1]!),
    raw: new Uint32Array(sizes[i + 1]!),
    adjusted: new Uint32Array(sizes[i + 1]!),
  }));
  const last = new Int32Array(order + 1).fill(-1);
  forEachPosition(corpus, order, text, sorted, (position, same, longest) => {
    for (let n = same + 1; n <= longest; n++) groups[n - 1]!.ends[++last[n]!] = position;
    for (let n = 1; n <= longest; n++) {
      const { raw, adjusted } = groups[n - 1]!;
      const i = last[n]!;
      raw[i]!++;
      // Nothing can stand before the begin mark: its n-grams keep their count, as do those of the highest order.
      const isWhole = n === order || text[position - n + 1] === corpus.beginId;
      if (isWhole) adjusted[i]!++;
      else if (n >= same) adjusted[i]!++; // a new word before this n-gram
    }
  });
  return groups;
}

/**
 * Calls back with each position, the number of last words that it shares with the one before it (at most
 * `order`), and the length of its longest n-gram (at most one begin mark).
 */
function forEachPosition(
  { beginId }: NgramCorpus,
  order: number,
  text: Int32Array,
  sorted: Int32Array,
  visit: (position: number, same: number, longest: number) => void,
): void {
  let previous = -1;
  for (let i = 0; i < sorted.length; i++) {
    const position = sorted[i]!;
    let longest = 1;
    while (longest < order && text[position - longest + 1] !== beginId) longest++;
    let same = 0;
    if (previous >= 0) {
      while (same < longest && text[position - same] === text[previous - same]) same++;
    }
    visit(position, same, longest);
    previous = position;
  }
}

function denseUnigrams(group: Group, text: Int32Array, keys: number): NgramLevel {
  const raw = new Uint32Array(keys);
  const adjusted = new Uint32Array(keys);
  for (let i = 0; i < group.ends.length; i++) {
    const id = text[group.ends[i]!]!;
    raw[id] = group.raw[i]!;
    adjusted[id] = group.adjusted[i]!;
  }
  const none = new Uint32Array(0);
  return { order: 1, length: keys, ends: new Int32Array(0), raw, adjusted, parents: none };
}

/** Sorts the n-grams of one order by first word, second word ... and finds the context of each. */
function prefixSorted(
  group: Group,
  n: number,
  text: Int32Array,
  keys: number,
  below: NgramLevel,
): NgramLevel {
  const offsets = Array.from({ length: n }, (_, i) => i);
  const permutation = sortNgrams(text, keys, group.ends, offsets);
  const length = permutation.length;
  const ends = new Int32Array(length);
  const raw = new Uint32Array(length);
  const adjusted = new Uint32Array(length);
  const parents = new Uint32Array(length);
  let parent = 0;
  for (let i = 0; i < length; i++) {
    const from = permutation[i]!;
    ends[i] = group.ends[from]!;
    raw[i] = group.raw[from]!;
    adjusted[i] = group.adjusted[from]!;
    if (n === 2) parents[i] = text[ends[i]! - 1]!;
    else {
      while (!endsAlike(text, ends[i]! - 1, below.ends[parent]!, n - 1)) parent++;
      parents[i] = parent;
    }
  }
  return { order: n, length, ends, raw, adjusted, parents };
}

function endsAlike(text: Int32Array, a: number, b: number, words: number): boolean {
  for (let k = 0; k < words; k++) if (text[a - k] !== text[b - k]) return false;
  return true;
}
