/** The discounts of modified Kneser-Ney smoothing, estimated as KenLM's lmplz does. */
import { SeqError } from "@seq/core";
import type { NgramCounts } from "./counts.ts";

/** D(1), D(2) and D(3 and more) of one order. */
export type Discount = readonly [one: number, two: number, threeOrMore: number];

/**
 * Closed-form discounts from the counts of counts n_k of adjusted counts (Chen & Goodman 1998, eq. 26):
 *
 *   Y = n_1 / (n_1 + 2 n_2)     D(k) = k - (k + 1) Y n_{k+1} / n_k
 *
 * A corpus too small for them is an error, or gets `fallback` for the orders concerned (lmplz's
 * `--discount_fallback`, whose default is 0.5, 1, 1.5).
 *
 * @throws {SeqError} `DISCOUNTS`
 */
export function kneserNeyDiscounts(counts: NgramCounts, fallback?: Discount): Discount[] {
  return counts.levels.map(({ adjusted, order, length }) => {
    const n = [0, 0, 0, 0, 0];
    for (let i = 0; i < length; i++) if (adjusted[i]! < 5) n[adjusted[i]!]!++;
    const result = closedForm(n, order);
    if (Array.isArray(result)) return result as unknown as Discount;
    if (fallback !== undefined) return fallback;
    throw new SeqError(
      `Kneser-Ney: ${result as string}. Is this small or artificial data? Remove repeated lines, lower the order, or give discountFallback.`,
      { code: "DISCOUNTS", details: { order, countsOfCounts: n.slice(1) } },
    );
  });
}

/** The discounts, or what is wrong. */
function closedForm(n: readonly number[], order: number): number[] | string {
  for (let k = 1; k < 4; k++) {
    if (n[k] === 0) {
      return `could not calculate discounts for ${order}-grams with adjusted count ${k + 1} because there are no ${order}-grams with adjusted count ${k}`;
    }
  }
  const y = n[1]! / (n[1]! + 2 * n[2]!);
  const discounts = [1, 2, 3].map((k) => k - ((k + 1) * y * n[k + 1]!) / n[k]!);
  for (let k = 1; k < 4; k++) {
    const d = discounts[k - 1]!;
    if (d < 0 || d > k) {
      return `the ${order}-gram discount for adjusted count ${k} is ${d}, out of range 0..${k}`;
    }
  }
  return discounts;
}

/**
 * The single discount of plain Kneser-Ney, D = n_1 / (n_1 + 2 n_2) (Ney, Essen & Kneser 1994), 0.5 for an order
 * without n-grams seen once.
 */
export function absoluteDiscounts(counts: NgramCounts): number[] {
  return counts.levels.map(({ adjusted, length }) => {
    let one = 0;
    let two = 0;
    for (let i = 0; i < length; i++) {
      if (adjusted[i] === 1) one++;
      else if (adjusted[i] === 2) two++;
    }
    return one === 0 ? 0.5 : one / (one + 2 * two);
  });
}
