/**
 * The adjustment A of matrix entries: one weight per feature type, size of the feature's count and size of the entry's
 * count (both in powers of two). These are the meta-features of Shazeer et al. 2015 (section 2.1) that need no hashing:
 * type, feature count, link count, and their conjunction; the identities of feature and target are left out.
 */
import type { FeatureMatrix } from "./feature-matrix.ts";

const buckets = 24;

export class Adjustment {
  /** θ; the last weight is that of the uniform distribution. */
  readonly weights: Float64Array;
  readonly #masses: Map<number, Float64Array>[]; // per type: row -> mass by bucket, for long rows

  constructor(types: number) {
    this.weights = new Float64Array(types * buckets * buckets + 1);
    this.#masses = Array.from({ length: types }, () => new Map());
  }

  /** Index of the weight of an entry. */
  indexOf(type: number, total: number, count: number): number {
    return (type * buckets + bucketOf(total)) * buckets + bucketOf(count);
  }

  get uniformIndex(): number {
    return this.weights.length - 1;
  }

  /**
   * Σ_j C_ij / C_i* of a row, apart for each size of C_ij: all that the row's sum under any θ depends on.
   *
   * @returns `[buckets]`; not to be changed.
   */
  rowMasses(type: number, matrix: FeatureMatrix, row: number): Float64Array {
    const known = this.#masses[type]!.get(row);
    if (known !== undefined) return known;
    const masses = new Float64Array(buckets);
    const [from, to] = [matrix.rowStarts[row]!, matrix.rowStarts[row + 1]!];
    for (let i = from; i < to; i++) masses[bucketOf(matrix.counts[i]!)]! += matrix.counts[i]!;
    const total = matrix.totals[row]!;
    for (let b = 0; b < buckets; b++) masses[b]! /= total;
    if (to - from > 256) this.#masses[type]!.set(row, masses); // as many as there are frequent features
    return masses;
  }
}

/** 0 for 1, 1 for 2-3, 2 for 4-7 ... */
function bucketOf(count: number): number {
  return Math.min(buckets - 1, 31 - Math.clz32(count));
}
