/**
 * The seed pieces of Unigram training: substrings of the words with their counts.
 *
 * Sorted suffixes with the lengths of the prefixes that neighbours share are a tree of all repeated
 * substrings: each inner node is an interval of suffixes that begin alike (Abouelhoda et al. 2004).
 * Lengths between a node's and its parent's have the same occurrences; the longest is the one worth
 * keeping (`"maximal"`, as SentencePiece does), `"all"` keeps each, as textbooks do. A leaf is a
 * substring at a single place of a single word, which may occur often all the same.
 */
import { sharedPrefix, sortSuffixes } from "./suffix-order.ts";
import type { TrainingText } from "./training-text.ts";

export interface SeedOptions {
  /** Longest piece in characters. */
  readonly maxPieceLength: number;
  /** Most seeds besides the single characters: those of greatest count * length. */
  readonly seedSize: number;
  readonly seeds: "maximal" | "all";
  /** Substrings that occur only as a whole word are seeds too. */
  readonly wholeWordSeeds: boolean;
  /** Least count of a seed. */
  readonly minFrequency: number;
}

/** Pieces by number: first the characters of the alphabet in order, then the substrings. */
export interface Seeds {
  readonly lengths: Uint16Array;
  readonly counts: Float64Array;
  /** Occurrences of piece p: positions `order[first[p]] .. order[last[p] - 1]`. Not for characters. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly order: Int32Array;
}

export function findSeeds(corpus: TrainingText, options: SeedOptions): Seeds {
  const order = sortSuffixes(corpus, options.maxPieceLength);
  const found = new SeedList();
  forEachInterval(corpus, order, options.maxPieceLength, (first, last, parent, depth, count) => {
    if (count < options.minFrequency) return;
    const shortest = options.seeds === "all" ? parent + 1 : depth;
    for (let length = depth; length >= Math.max(2, shortest); length--) {
      if (options.wholeWordSeeds || !onlyWholeWords(corpus, order, first, last, length)) {
        found.push(first, last, length, count);
      }
    }
  });
  return found.finish(corpus, order, options.seedSize);
}

type IntervalCallback = (
  first: number,
  last: number,
  parentDepth: number,
  depth: number,
  count: number,
) => void;

/** Calls back with every node, leaves included: suffixes [first, last) share `depth` characters. */
function forEachInterval(
  corpus: TrainingText,
  order: Int32Array,
  limit: number,
  callback: IntervalCallback,
): void {
  const n = order.length;
  const countAt = countsByPosition(corpus);
  // The open nodes, from the root: depth, first suffix, count of all suffixes before it.
  const depths = [0];
  const firsts = [0];
  const counted = [0];
  let top = 0;
  let total = 0;
  let shared = 0; // with the suffix before
  for (let j = 0; j < n; j++) {
    const suffix = order[j] as number;
    const next = j + 1 < n ? sharedPrefix(corpus, suffix, order[j + 1] as number, limit) : 0;
    const before = total;
    const count = countAt[suffix] as number;
    total += count;
    const length = Math.min(limit, corpus.remaining[suffix] as number);
    const parent = Math.max(shared, next);
    if (length > parent) callback(j, j + 1, parent, length, count);
    let first = j;
    let countedBefore = before;
    while ((depths[top] as number) > next) {
      const depth = depths[top] as number;
      first = firsts[top] as number;
      countedBefore = counted[top] as number;
      top--;
      callback(first, j + 1, Math.max(next, depths[top] as number), depth, total - countedBefore);
    }
    if ((depths[top] as number) < next) {
      top++;
      depths[top] = next;
      firsts[top] = first;
      counted[top] = countedBefore;
    }
    shared = next;
  }
}

function countsByPosition({ text, starts, counts }: TrainingText): Float64Array {
  const byPosition = new Float64Array(text.length);
  for (let run = 0; run < counts.length; run++) {
    byPosition.fill(counts[run] as number, starts[run], starts[run + 1]);
  }
  return byPosition;
}

function onlyWholeWords(
  { remaining }: TrainingText,
  order: Int32Array,
  first: number,
  last: number,
  length: number,
): boolean {
  for (let j = first; j < last; j++) {
    const at = order[j] as number;
    const beginsRun = at === 0 || remaining[at - 1] === 1;
    if (!beginsRun || remaining[at] !== length) return false;
  }
  return true;
}

/** Collects candidates and keeps the best ones. */
class SeedList {
  #first = new Int32Array(1024);
  #last = new Int32Array(1024);
  #lengths = new Uint16Array(1024);
  #counts = new Float64Array(1024);
  #size = 0;

  push(first: number, last: number, length: number, count: number): void {
    if (this.#size === this.#first.length) this.#grow();
    this.#first[this.#size] = first;
    this.#last[this.#size] = last;
    this.#lengths[this.#size] = length;
    this.#counts[this.#size++] = count;
  }

  /** Characters and the `limit` best candidates; of equals, those found first (in suffix order). */
  finish(corpus: TrainingText, order: Int32Array, limit: number): Seeds {
    const characters = corpus.alphabet.length;
    const scores = new Float64Array(this.#size);
    for (let i = 0; i < this.#size; i++) {
      scores[i] = (this.#counts[i] as number) * (this.#lengths[i] as number);
    }
    const kept = frequentFirst(selectGreatest(scores, limit), this.#counts);
    const size = characters + kept.length;
    const seeds = {
      lengths: new Uint16Array(size).fill(1, 0, characters),
      counts: new Float64Array(size),
      first: new Int32Array(size),
      last: new Int32Array(size),
      order,
    };
    const countAt = countsByPosition(corpus);
    for (let at = 0; at < corpus.text.length; at++) {
      const character = corpus.text[at] as number;
      seeds.counts[character] = (seeds.counts[character] as number) + (countAt[at] as number);
    }
    for (let i = 0; i < kept.length; i++) {
      const candidate = kept[i] as number;
      seeds.first[characters + i] = this.#first[candidate] as number;
      seeds.last[characters + i] = this.#last[candidate] as number;
      seeds.lengths[characters + i] = this.#lengths[candidate] as number;
      seeds.counts[characters + i] = this.#counts[candidate] as number;
    }
    return seeds;
  }

  #grow(): void {
    const room = this.#first.length * 2;
    const [first, last] = [new Int32Array(room), new Int32Array(room)];
    const [lengths, counts] = [new Uint16Array(room), new Float64Array(room)];
    first.set(this.#first);
    last.set(this.#last);
    lengths.set(this.#lengths);
    counts.set(this.#counts);
    [this.#first, this.#last] = [first, last];
    [this.#lengths, this.#counts] = [lengths, counts];
  }
}

/**
 * Orders candidates by falling power of two of their counts, equal ones as they come. The pieces that
 * are touched most then lie together, which the passes over the corpus are quicker for.
 */
function frequentFirst(candidates: Int32Array, counts: Float64Array): Int32Array {
  const magnitude = (candidate: number) => {
    const count = counts[candidate] as number;
    return count < 2 ** 31 ? 32 - Math.clz32(count) : 32;
  };
  const begins = new Int32Array(55);
  for (const candidate of candidates) {
    const after = 54 - magnitude(candidate);
    begins[after] = (begins[after] as number) + 1;
  }
  for (let i = 0; i < 54; i++) begins[i + 1] = (begins[i + 1] as number) + (begins[i] as number);
  const ordered = new Int32Array(candidates.length);
  for (const candidate of candidates) {
    const bucket = 53 - magnitude(candidate);
    const at = begins[bucket] as number;
    ordered[at] = candidate;
    begins[bucket] = at + 1;
  }
  return ordered;
}

/**
 * Indices of the greatest values in ascending order of index; of equal values the first ones.
 *
 * @example selectGreatest(Float64Array.of(3, 1, 3, 2), 2) // [0, 2]
 */
export function selectGreatest(values: Float64Array, limit: number): Int32Array {
  const n = values.length;
  const size = Math.min(limit, n);
  const kept = new Int32Array(size);
  if (size === n) {
    for (let i = 0; i < n; i++) kept[i] = i;
    return kept;
  }
  if (size === 0) return kept;
  const threshold = Float64Array.from(values).sort()[n - size] as number;
  let above = 0;
  for (let i = 0; i < n; i++) if ((values[i] as number) > threshold) above++;
  let equals = size - above;
  let filled = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i] as number;
    if (value > threshold || (value === threshold && equals-- > 0)) kept[filled++] = i;
  }
  return kept;
}
