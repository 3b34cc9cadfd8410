/**
 * Byte-pair encoding as a textbook would write it: slow, and clear enough to check by eye. The fast models
 * must give the same result (reference.test.ts).
 *
 * Not here: vocabularies, unknown symbols, prefixes and suffixes; only the merging itself. O(n^2).
 */

/** Merge rules: "left right" -> rank, 0 learned first. */
export type ReferenceMerges = ReadonlyMap<string, number>;

/** @example mergeRules([["u", "g"], ["h", "ug"]]) */
export function mergeRules(merges: readonly (readonly [string, string])[]): ReferenceMerges {
  const rules = new Map<string, number>();
  merges.forEach(([left, right], rank) => {
    const key = `${left} ${right}`;
    if (!rules.has(key)) rules.set(key, rank);
  });
  return rules;
}

/** One step of the reference, for traces. */
export interface ReferenceStep {
  /** The symbols before the step. */
  readonly symbols: readonly string[];
  /** Where the pair that joins begins. */
  readonly at: number;
  readonly rank: number;
}

/**
 * Merges the symbols of a word: again and again the neighbours whose rule has the lowest rank, the
 * leftmost of them first.
 *
 * @param onStep - sees every step.
 * @example referenceMerge(["h", "u", "g", "s"], mergeRules([["u", "g"], ["h", "ug"]])) // ["hug", "s"]
 */
export function referenceMerge(
  word: readonly string[],
  rules: ReferenceMerges,
  onStep?: (step: ReferenceStep) => void,
): string[] {
  let symbols = [...word];
  for (;;) {
    let best = -1;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const rank = rules.get(`${symbols[i]} ${symbols[i + 1]}`);
      if (rank !== undefined && rank < bestRank) {
        best = i;
        bestRank = rank;
      }
    }
    if (best < 0) return symbols;
    onStep?.({ symbols, at: best, rank: bestRank });
    const joined = `${symbols[best]}${symbols[best + 1]}`;
    symbols = [...symbols.slice(0, best), joined, ...symbols.slice(best + 2)];
  }
}
