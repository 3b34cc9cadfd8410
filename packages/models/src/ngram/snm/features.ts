/** The features of a sparse non-negative matrix model: n-grams and skip-grams of the words before a target. */
import { checkInteger, checkOptions } from "@seq/core";

/** A kind of feature: which of the words before the target it holds. */
export interface FeatureType {
  /** `"2"` for the last two words, `"1/3/1"` for one remote word, three skipped, one adjacent. */
  readonly name: string;
  /** Distances from the target, ascending from 1. */
  readonly offsets: readonly number[];
}

export interface SkipOptions {
  /** r, at most: words before the gap. */
  readonly remote: number;
  /** s, at most: words skipped. */
  readonly skip: number;
  /** a, at most: words between the gap and the target. */
  readonly adjacent: number;
}

/**
 * All n-gram contexts of 0..order-1 words, and all skip-grams (r, s, a) within the limits whose r + a is below order
 * (Shazeer et al. 2015, section 2).
 */
export function featureTypes(order: number, skips: SkipOptions | undefined): FeatureType[] {
  checkInteger("featureTypes", "order", order, { min: 1, max: 16 });
  const types: FeatureType[] = [];
  for (let n = 0; n < order; n++) types.push({ name: String(n), offsets: range(1, n) });
  if (skips === undefined) return types;
  checkOptions("featureTypes: skips", skips, ["remote", "skip", "adjacent"]);
  checkInteger("featureTypes: skips", "remote", skips.remote, { min: 1, max: 8 });
  checkInteger("featureTypes: skips", "skip", skips.skip, { min: 1, max: 32 });
  checkInteger("featureTypes: skips", "adjacent", skips.adjacent, { min: 0, max: 8 });
  for (let a = 0; a <= skips.adjacent; a++) {
    for (let s = 1; s <= skips.skip; s++) {
      for (let r = 1; r <= skips.remote && r + a < order; r++) {
        types.push({ name: `${r}/${s}/${a}`, offsets: [...range(1, a), ...range(a + s + 1, r)] });
      }
    }
  }
  return types;
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
