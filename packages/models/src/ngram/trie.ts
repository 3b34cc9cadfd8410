/**
 * A forward trie of n-grams in typed arrays: the children of a context lie together, sorted by word, so a
 * look-up is a binary search and the words seen after a context are one slice. About 12 bytes per n-gram.
 */

export interface TrieLevel {
  readonly order: number;
  readonly length: number;
  /** Last word of each n-gram; for order 1 the index itself is the word and this is empty. */
  readonly words: Int32Array;
  /** log10 P(w_n | w_1..w_{n-1}); NaN where the n-gram is only a context. */
  readonly logProbs: Float32Array;
  /** log10 of the backoff weight; empty at the highest order. */
  readonly backoffs: Float32Array;
  /** Children of i are `childStarts[i]..childStarts[i + 1]` of the next level; empty at the highest order. */
  readonly childStarts: Uint32Array;
}

export interface NgramTrie {
  readonly levels: readonly TrieLevel[];
}

/** Index in the next level of the child with this word, or -1. */
export function findChild(level: TrieLevel, next: TrieLevel, node: number, word: number): number {
  const { childStarts } = level;
  const { words } = next;
  let low = childStarts[node]!;
  let high = childStarts[node + 1]! - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = words[middle]!;
    if (found === word) return middle;
    if (found < word) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** `childStarts` from the parent of each n-gram of the next level, ascending. */
export function childStartsOf(parents: Uint32Array, parentCount: number): Uint32Array {
  const starts = new Uint32Array(parentCount + 1);
  for (let i = 0; i < parents.length; i++) starts[parents[i]! + 1]!++;
  for (let i = 0; i < parentCount; i++) starts[i + 1]! += starts[i]!;
  return starts;
}

/** Every n-gram of one order with its words; the array is used again for the next. */
export function* ngramsOf(
  trie: NgramTrie,
  order: number,
): Generator<{ readonly index: number; readonly words: Int32Array }> {
  const words = new Int32Array(order);
  const path = new Uint32Array(order); // index at each level
  const length = trie.levels[order - 1]!.length;
  for (let index = 0; index < length; index++) {
    path[order - 1] = index;
    for (let n = order - 1; n >= 1; n--) {
      words[n] = trie.levels[n]!.words[path[n]!]!;
      const { childStarts } = trie.levels[n - 1]!;
      // The parent only ever moves forward, as children are sorted by it.
      let parent = path[n - 1]!;
      while (childStarts[parent + 1]! <= path[n]!) parent++;
      path[n - 1] = parent;
    }
    words[0] = path[0]!;
    yield { index, words };
  }
}
