/**
 * Levenshtein alignment with its kinds of edits, on numbers. Time: product of the lengths; memory: two rows.
 *
 * Where several alignments have the fewest edits, the counts are of the one that prefers, from the end, a
 * match or replacement, then a deletion, then an insertion; the sum does not depend on it.
 */
export interface EditCounts {
  /** Words of the reference replaced by another. */
  readonly substitutions: number;
  /** Words of the reference missing in the hypothesis. */
  readonly deletions: number;
  /** Words of the hypothesis that the reference does not have. */
  readonly insertions: number;
}

/** @example alignmentEdits(Int32Array.of(1, 2, 3), Int32Array.of(1, 3)) // one insertion */
export function alignmentEdits(hypothesis: Int32Array, reference: Int32Array): EditCounts {
  const columns = reference.length + 1;
  // Per cell: cost, and how many of it are substitutions and deletions; the rest are insertions.
  let above = newRow(columns);
  let below = newRow(columns);
  for (let j = 0; j < columns; j++) {
    above.cost[j] = j;
    above.deletions[j] = j;
  }
  for (let i = 1; i <= hypothesis.length; i++) {
    below.cost[0] = i;
    below.substitutions[0] = 0;
    below.deletions[0] = 0;
    const word = hypothesis[i - 1];
    for (let j = 1; j < columns; j++) {
      const change = word === reference[j - 1] ? 0 : 1;
      const replace = above.cost[j - 1]! + change;
      const remove = below.cost[j - 1]! + 1;
      const insert = above.cost[j]! + 1;
      if (replace <= remove && replace <= insert) {
        below.cost[j] = replace;
        below.substitutions[j] = above.substitutions[j - 1]! + change;
        below.deletions[j] = above.deletions[j - 1]!;
      } else if (remove <= insert) {
        below.cost[j] = remove;
        below.substitutions[j] = below.substitutions[j - 1]!;
        below.deletions[j] = below.deletions[j - 1]! + 1;
      } else {
        below.cost[j] = insert;
        below.substitutions[j] = above.substitutions[j]!;
        below.deletions[j] = above.deletions[j]!;
      }
    }
    [above, below] = [below, above];
  }
  const last = columns - 1;
  const substitutions = above.substitutions[last]!;
  const deletions = above.deletions[last]!;
  return { substitutions, deletions, insertions: above.cost[last]! - substitutions - deletions };
}

function newRow(length: number) {
  return {
    cost: new Int32Array(length),
    substitutions: new Int32Array(length),
    deletions: new Int32Array(length),
  };
}
