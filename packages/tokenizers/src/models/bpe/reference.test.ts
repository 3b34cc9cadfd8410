import { Rng } from "@seq/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../text/utf8.ts";
import { TokenBuffer } from "../../token-buffer.ts";
import { Vocabulary } from "../../vocabulary.ts";
import { BPE } from "./model.ts";
import { mergeRules, referenceMerge } from "./reference.ts";

type Merge = readonly [string, string];

/** A random set of merges over a small alphabet: each joins two tokens made before. */
const mergesOf = (letters: string, count: number): fc.Arbitrary<Merge[]> =>
  fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: count }).map((picks) => {
    const tokens = [...letters];
    const merges: Merge[] = [];
    for (const [a, b] of picks) {
      const left = tokens[a % tokens.length] as string;
      const right = tokens[b % tokens.length] as string;
      if ((left + right).length > 24) continue;
      merges.push([left, right]);
      if (!tokens.includes(left + right)) tokens.push(left + right);
    }
    return merges;
  });

function vocabularyOf(letters: string, merges: readonly Merge[]): string[] {
  return [...new Set([...letters, ...merges.map(([a, b]) => a + b)])];
}

function encode(model: BPE, word: string): string[] {
  const bytes = encodeUtf8(word);
  const out = new TokenBuffer();
  model.tokenize(bytes, 0, bytes.length, out);
  return Array.from(out.ids.subarray(0, out.length), (id) => model.vocab.tokenOf(id) as string);
}

describe("the readable version of BPE", () => {
  test("merges the course's example", () => {
    const rules = mergeRules([["u", "g"], ["u", "n"], ["h", "ug"]]); // biome-ignore format: a table
    expect(referenceMerge([..."hugs"], rules)).toEqual(["hug", "s"]);
    expect(referenceMerge([..."bun"], rules)).toEqual(["b", "un"]);
  });

  test("takes the leftmost of equal pairs", () => {
    expect(referenceMerge([..."aaa"], mergeRules([["a", "a"]]))).toEqual(["aa", "a"]);
  });

  test("equals the fast model on short words", () => {
    fc.assert(
      fc.property(
        mergesOf("abc", 30),
        fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 40 }),
        (merges, letters) => {
          const model = new BPE({ vocab: vocabularyOf("abc", merges), merges });
          const word = letters.join("");
          expect(encode(model, word)).toEqual(referenceMerge([...word], mergeRules(merges)));
        },
      ),
      { numRuns: 400 },
    );
  });

  test("equals the fast model on long words, where pairs wait in buckets", () => {
    fc.assert(
      fc.property(
        mergesOf("ab", 40),
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 65, max: 300 }),
        (merges, seed, length) => {
          const rng = new Rng(seed);
          const word = Array.from({ length }, () => (rng.uniform() < 0.5 ? "a" : "b")).join("");
          const model = new BPE({ vocab: vocabularyOf("ab", merges), merges });
          expect(encode(model, word)).toEqual(referenceMerge([...word], mergeRules(merges)));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("equals the model whose rules follow from ranks, also when a merge makes a lower rank possible", () => {
    fc.assert(
      fc.property(
        mergesOf("ab", 25),
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 1, max: 200 }),
        (merges, seed, length) => {
          const rng = new Rng(seed);
          const tokens = vocabularyOf("ab", merges);
          const shuffled = [...tokens.slice(0, 2), ...rng.shuffle(tokens.slice(2))];
          const vocab = Vocabulary.of(shuffled);
          const word = Array.from({ length }, () => (rng.uniform() < 0.5 ? "a" : "b")).join("");
          // Every way to write a token as two tokens is a rule with the token's rank.
          const rules = new Map<string, number>();
          shuffled.forEach((token, rank) => {
            for (let cut = 1; cut < token.length; cut++) {
              const [left, right] = [token.slice(0, cut), token.slice(cut)];
              if (vocab.idOf(left) !== undefined && vocab.idOf(right) !== undefined) {
                rules.set(`${left} ${right}`, rank);
              }
            }
          });
          const model = new BPE({ vocab, ignoreMerges: false });
          expect(encode(model, word)).toEqual(referenceMerge([...word], rules));
        },
      ),
      { numRuns: 300 },
    );
  });
});
