import fc from "fast-check";
import { expect, test } from "vitest";
import { NgramTrie } from "./ngram-trie.ts";

/** Clipped matches per order by counting strings: the definition. */
function slowMatches(hypothesis: number[], references: number[][], order: number): number[] {
  const counts = (symbols: number[], n: number) => {
    const found = new Map<string, number>();
    for (let i = 0; i + n <= symbols.length; i++) {
      const key = symbols.slice(i, i + n).join(" ");
      found.set(key, (found.get(key) ?? 0) + 1);
    }
    return found;
  };
  return Array.from({ length: order }, (_, n) => {
    let matches = 0;
    for (const [key, count] of counts(hypothesis, n + 1)) {
      const limits = references.map((reference) => counts(reference, n + 1).get(key) ?? 0);
      matches += Math.min(count, Math.max(...limits));
    }
    return matches;
  });
}

test("matches as counting strings does, whatever was counted before", () => {
  const trie = new NgramTrie(); // one for all runs: nothing may leak from one to the next
  const symbols = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 });
  const wide = fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 20 });
  fc.assert(
    fc.property(
      fc.oneof(symbols, wide),
      fc.array(fc.oneof(symbols, wide), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 6 }),
      (hypothesis, references, order) => {
        trie.reset(order * references.reduce((sum, { length }) => sum + length, 0));
        for (const reference of references) {
          trie.addReference(Int32Array.from(reference), reference.length, order);
        }
        const got = new Float64Array(2 * order);
        trie.match(Int32Array.from(hypothesis), hypothesis.length, order, got, 1, 2);
        const own = Array.from({ length: order }, (_, n) => got[1 + 2 * n]);
        expect(own).toEqual(slowMatches(hypothesis, references, order));
      },
    ),
    { numRuns: 500 },
  );
});

test("grows for a long segment and still matches afterwards", () => {
  const trie = new NgramTrie();
  const long = Int32Array.from({ length: 20_000 }, (_, i) => (i * i) % 7919);
  trie.reset(6 * long.length);
  trie.addReference(long, long.length, 6);
  const out = new Float64Array(6);
  trie.match(long, long.length, 6, out, 0, 1);
  expect(Array.from(out)).toEqual([20_000, 19_999, 19_998, 19_997, 19_996, 19_995]);
});
