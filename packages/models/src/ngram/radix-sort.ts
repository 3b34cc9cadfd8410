/**
 * Sorts n-grams, given by where they end in a text, by some of their words: least significant digit first
 * radix sort, one stable counting pass per word. O(words * (n-grams + vocabSize)) time, no comparisons.
 */

/**
 * @param text - ids, each 0..keys-1.
 * @param ends - position of the last word of each n-gram; not modified.
 * @param offsets - which words are the key, from the least to the most significant: 0 is the last word of the
 *   n-gram, 1 the one before it.
 * @param order - numbers 0..ends.length-1 in any order; sorted in place. `undefined`: 0, 1, 2 ...
 * @returns the order: indices into `ends`.
 */
export function sortNgrams(
  text: Int32Array,
  keys: number,
  ends: Int32Array,
  offsets: readonly number[],
): Uint32Array {
  let from = new Uint32Array(ends.length);
  for (let i = 0; i < from.length; i++) from[i] = i;
  let to = new Uint32Array(ends.length);
  const places = new Uint32Array(keys + 1);
  for (const offset of offsets) {
    places.fill(0);
    for (let i = 0; i < ends.length; i++) places[text[ends[i]! - offset]! + 1]!++;
    for (let key = 0; key < keys; key++) places[key + 1]! += places[key]!;
    for (let i = 0; i < from.length; i++) {
      const index = from[i]!;
      to[places[text[ends[index]! - offset]!]!++] = index;
    }
    [from, to] = [to, from];
  }
  return from;
}
