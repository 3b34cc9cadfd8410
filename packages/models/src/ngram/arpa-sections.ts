/** From the lists of an ARPA file to the trie: sorts each order and links it to the one below. */
import { sortNgrams } from "./radix-sort.ts";
import { childStartsOf, type TrieLevel } from "./trie.ts";

/** The n-grams of one order as they stand in the file: `order` ids each, one after another. */
export interface ArpaSection {
  readonly order: number;
  /** The line of the first n-gram, for messages. */
  readonly firstLine: number;
  ids: Int32Array;
  logProbs: Float32Array;
  backoffs: Float32Array;
  length: number;
}

type Fail = (what: string, line: number) => never;

/** Sorts each order and links it to the one below, from the highest down, as contexts may have to be added. */
export function linkSections(sections: ArpaSection[], vocabSize: number, fail: Fail): TrieLevel[] {
  const parentsOf: Uint32Array[] = [];
  for (let n = sections.length; n >= 2; n--) {
    sort(sections[n - 1]!, vocabSize, fail);
    if (n > 2) sort(sections[n - 2]!, vocabSize, fail);
    parentsOf[n - 1] = link(sections, n, vocabSize, fail);
  }
  return sections.map((section, i) => ({
    order: i + 1,
    length: section.length,
    words: i === 0 ? new Int32Array(0) : lastWords(section),
    logProbs: section.logProbs,
    backoffs: section.backoffs,
    childStarts:
      i + 1 < sections.length
        ? childStartsOf(parentsOf[i + 1]!, section.length)
        : new Uint32Array(0),
  }));
}

function lastWords({ ids, order, length }: ArpaSection): Int32Array {
  return Int32Array.from({ length }, (_, i) => ids[i * order + order - 1]!);
}

function sort(section: ArpaSection, vocabSize: number, fail: Fail): void {
  const { order, length, ids } = section;
  const ends = Int32Array.from({ length }, (_, i) => i * order + order - 1);
  const offsets = Array.from({ length: order }, (_, i) => i);
  const permutation = sortNgrams(ids, vocabSize, ends, offsets);
  const sorted = new Int32Array(ids.length);
  const { logProbs, backoffs } = section;
  permutation.forEach((from, to) => {
    sorted.set(ids.subarray(from * order, (from + 1) * order), to * order);
    if (to > 0 && compare(sorted, to * order, sorted, (to - 1) * order, order) === 0) {
      const [first, second] = [permutation[to - 1]!, from].sort((a, b) => a - b);
      fail(
        `repeats the ${order}-gram of line ${section.firstLine + first!}`,
        section.firstLine + second!,
      );
    }
  });
  section.ids = sorted;
  section.logProbs = Float32Array.from(permutation, (from) => logProbs[from]!);
  if (backoffs.length > 0)
    section.backoffs = Float32Array.from(permutation, (from) => backoffs[from]!);
}

/** The parent of each n-gram; contexts that are missing one order below are added there. */
function link(sections: ArpaSection[], n: number, vocabSize: number, fail: Fail): Uint32Array {
  const { ids, length } = sections[n - 1]!;
  if (n === 2) return Uint32Array.from({ length }, (_, i) => ids[i * 2]!);
  const missing = missingContexts(sections[n - 1]!, sections[n - 2]!);
  if (missing.length > 0) {
    addContexts(sections[n - 2]!, ids, n, missing);
    sort(sections[n - 2]!, vocabSize, fail);
  }
  const below = sections[n - 2]!;
  const parents = new Uint32Array(length);
  let parent = 0;
  for (let i = 0; i < length; i++) {
    while (compare(below.ids, parent * (n - 1), ids, i * n, n - 1) < 0) parent++;
    parents[i] = parent;
  }
  return parents;
}

function missingContexts({ ids, order, length }: ArpaSection, below: ArpaSection): number[] {
  const missing: number[] = [];
  let parent = 0;
  for (let i = 0; i < length; i++) {
    const last = missing.at(-1);
    if (last !== undefined && compare(ids, last * order, ids, i * order, order - 1) === 0) continue;
    while (
      parent < below.length &&
      compare(below.ids, parent * (order - 1), ids, i * order, order - 1) < 0
    ) {
      parent++;
    }
    const found =
      parent < below.length &&
      compare(below.ids, parent * (order - 1), ids, i * order, order - 1) === 0;
    if (!found) missing.push(i);
  }
  return missing;
}

function addContexts(
  below: ArpaSection,
  ids: Int32Array,
  n: number,
  missing: readonly number[],
): void {
  const total = below.length + missing.length;
  const grown = new Int32Array(total * (n - 1));
  grown.set(below.ids);
  missing.forEach((at, i) => {
    grown.set(ids.subarray(at * n, at * n + n - 1), (below.length + i) * (n - 1));
  });
  const logProbs = new Float32Array(total).fill(Number.NaN, below.length);
  logProbs.set(below.logProbs);
  const backoffs = new Float32Array(total);
  backoffs.set(below.backoffs);
  below.ids = grown;
  below.logProbs = logProbs;
  below.backoffs = backoffs;
  below.length = total;
}

function compare(a: Int32Array, at: number, b: Int32Array, bt: number, words: number): number {
  for (let k = 0; k < words; k++) {
    const difference = a[at + k]! - b[bt + k]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
