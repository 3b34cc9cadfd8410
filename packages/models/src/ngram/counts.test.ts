import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { corpusFromSequences, corpusFromText } from "./corpus.ts";
import { countNgrams, type NgramCounts } from "./counts.ts";

/** All n-grams of one order as "a b c" -> [raw, adjusted]. */
function table(counts: NgramCounts, n: number): Map<string, [number, number]> {
  const level = counts.levels[n - 1]!;
  const found = new Map<string, [number, number]>();
  for (let i = 0; i < level.length; i++) {
    if (level.raw[i] === 0) continue;
    const words = n === 1 ? [i] : counts.text.subarray(level.ends[i]! - n + 1, level.ends[i]! + 1);
    found.set(Array.from(words).join(" "), [level.raw[i]!, level.adjusted[i]!]);
  }
  return found;
}

/** The definition, slowly: count windows in a padded text, then the different words before each. */
function naive(
  sentences: readonly number[][],
  n: number,
  order: number,
  begin: number,
  end?: number,
) {
  const raw = new Map<string, number>();
  const before = new Map<string, Set<number>>();
  for (const sentence of sentences) {
    const text = [begin, ...sentence, ...(end === undefined ? [] : [end])];
    for (let i = 1; i < text.length; i++) {
      if (i - n + 1 < 0) continue;
      const key = text.slice(i - n + 1, i + 1).join(" ");
      raw.set(key, (raw.get(key) ?? 0) + 1);
      const set = before.get(key) ?? new Set<number>();
      if (i - n >= 0) set.add(text[i - n]!);
      before.set(key, set);
    }
  }
  const found = new Map<string, [number, number]>();
  for (const [key, count] of raw) {
    const whole = n === order || key.split(" ")[0] === String(begin);
    found.set(key, [count, whole ? count : before.get(key)!.size]);
  }
  return found;
}

describe("countNgrams", () => {
  test("counts a two-line corpus as by hand", () => {
    const counts = countNgrams(corpusFromText("a b a\nb a\n"), 2);
    // <unk> 0, <s> 1, </s> 2, a 3, b 4
    expect([...table(counts, 2)]).toEqual([
      ["1 3", [1, 1]],
      ["1 4", [1, 1]],
      ["3 2", [2, 2]],
      ["3 4", [1, 1]],
      ["4 3", [2, 2]],
    ]);
    // a: after <s> and b; b: after <s> and a; </s>: after a
    expect([...table(counts, 1)]).toEqual([
      ["2", [2, 1]],
      ["3", [3, 2]],
      ["4", [2, 2]],
    ]);
  });

  test("equals the definition on random corpora of every order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 9 }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (sentences, order, hasEnd) => {
          fc.pre(sentences.some((sentence) => sentence.length > 0));
          const endId = hasEnd ? 4 : undefined;
          const corpus = corpusFromSequences(sentences, {
            vocabSize: 5,
            ...(hasEnd && { endId: 4 }),
          });
          const counts = countNgrams(corpus, order);
          for (let n = 1; n <= order; n++) {
            const expected = naive(sentences, n, order, corpus.beginId, endId);
            const got = table(counts, n);
            expect(new Map([...got].sort())).toEqual(new Map([...expected].sort()));
          }
        },
      ),
    );
  });

  test("lists the n-grams of each order sorted by their words, each with its context", () => {
    const counts = countNgrams(corpusFromText("c a b\nb c a b\na b c\n"), 3);
    for (const level of counts.levels.slice(1)) {
      const below = counts.levels[level.order - 2]!;
      let last: number[] = [];
      for (let i = 0; i < level.length; i++) {
        const end = level.ends[i]!;
        const words = Array.from(counts.text.subarray(end - level.order + 1, end + 1));
        if (i > 0) expect(compareLists(last, words)).toBeLessThan(0);
        last = words;
        const parent = level.parents[i]!;
        const context =
          level.order === 2
            ? [parent]
            : Array.from(
                counts.text.subarray(
                  below.ends[parent]! - level.order + 2,
                  below.ends[parent]! + 1,
                ),
              );
        expect(context).toEqual(words.slice(0, -1));
      }
    }
  });

  test("refuses an order of 0 and an empty corpus", () => {
    expect(() => countNgrams(corpusFromText("a\n"), 0)).toThrow(
      "countNgrams: order is 0, expected a whole number from 1 to 16.",
    );
    expect(() => corpusFromText("\n\n")).toThrow(
      "n-gram corpus: 2 sentences without a single token; give a text that is not empty.",
    );
  });
});

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
