import { readFileSync } from "node:fs";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Perplexity, perplexity, type ScoredSequence } from "./perplexity.ts";
import { RunningScore } from "./running-score.ts";

describe("perplexity", () => {
  test("of one half, one quarter and one eighth is 4, by both formulas", () => {
    const probabilities = [0.5, 0.25, 0.125];
    const { value, crossEntropy } = perplexity(probabilities.map(Math.log));
    const product = probabilities.reduce((product, p) => product / p, 1) ** (1 / 3);
    expect(value).toBeCloseTo(4, 12);
    expect(value).toBeCloseTo(product, 12);
    expect(Math.exp(crossEntropy)).toBeCloseTo(4, 12);
  });

  test("of a uniform model over V types is V, in any base", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50_000 }), fc.integer({ min: 1, max: 50 }), (v, t) => {
        const list = (log: (x: number) => number) => new Array<number>(t).fill(-log(v));
        expect(perplexity(list(Math.log)).value / v).toBeCloseTo(1, 9);
        expect(perplexity(list(Math.log2), { base: "2" }).value / v).toBeCloseTo(1, 9);
        expect(perplexity(list(Math.log10), { base: "10" }).value / v).toBeCloseTo(1, 9);
      }),
    );
  });

  test("per word, character and byte share one sum and count the line's end once each", () => {
    // 4 tokens of 1 bit for "héé x" (2 words, 5 characters, 7 bytes) and its end.
    const sequence = { logProbs: [-1, -1, -1, -1], text: "héé x", endsWithEos: true };
    const score = perplexity([sequence], { base: "2" });
    expect(score).toMatchObject({ tokens: 4, words: 3, characters: 6, bytes: 8 });
    expect(score.perWord).toBeCloseTo(2 ** (4 / 3), 12);
    expect(score.bitsPerCharacter).toBeCloseTo(4 / 6, 12);
    expect(score.bitsPerByte).toBeCloseTo(0.5, 12);
    const without = perplexity([sequence], { base: "2", endOfSequence: "exclude" });
    expect(without).toMatchObject({ tokens: 3, words: 2, characters: 5, bytes: 7 });
    expect(without.perWord).toBeCloseTo(2 ** (3 / 2), 12);
  });

  test("leaves measures per word out when a text is missing", () => {
    const score = perplexity([{ logProbs: [-1], text: "a" }, { logProbs: [-1] }]);
    expect(score.perWord).toBeUndefined();
    expect(Object.hasOwn(score, "bitsPerByte")).toBe(false);
  });

  test("treats unknown tokens by three rules", () => {
    const sequence: ScoredSequence = { logProbs: [-1, -2, -3], unknown: [0, 1, 0] };
    expect(perplexity([sequence]).crossEntropy).toBeCloseTo(2, 12);
    const excluded = perplexity([sequence], { outOfVocabulary: "exclude" });
    expect(excluded).toMatchObject({ tokens: 2, outOfVocabulary: 1, crossEntropy: 2 });
    const spread = perplexity([sequence], { outOfVocabulary: "spread", unknownTypes: 1000 });
    expect(spread.crossEntropy).toBeCloseTo((6 + Math.log(1000)) / 3, 12);
    expect(spread.signature).toBe("base:e|oov:spread[1000]|eos:yes|version:seq.0.1.0");
  });

  test("is infinite when something that came had probability 0", () => {
    expect(perplexity([-1, Number.NEGATIVE_INFINITY]).value).toBe(Number.POSITIVE_INFINITY);
  });

  test("refuses NaN, positive log-probabilities, and nothing at all", () => {
    const good = { logProbs: [-1, -1] };
    expect(() => perplexity([good, { logProbs: [-1, Number.NaN] }])).toThrowError(
      expect.objectContaining({
        code: "LOG_PROBABILITY",
        message:
          "segment 2: Perplexity: the log-probability of token 2 is NaN, expected a number of at most 0.",
        details: { token: 2, value: Number.NaN, segment: 2 },
      }),
    );
    expect(() => perplexity([0.5])).toThrowError(/token 1 is 0.5, expected a number of at most 0/);
    expect(() => perplexity([])).toThrowError(expect.objectContaining({ code: "SEGMENT_COUNT" }));
    expect(() => perplexity([{ logProbs: [] }])).toThrowError(/no tokens to score/);
    expect(() => perplexity([{ logProbs: [-1], unknown: [] }])).toThrowError(
      expect.objectContaining({ code: "LENGTH_MISMATCH" }),
    );
    expect(() => perplexity([{ logProbs: [], endsWithEos: true }])).toThrowError(
      expect.objectContaining({ code: "EMPTY_SEQUENCE" }),
    );
    expect(() => perplexity([-1], { outOfVocabulary: "spread" })).toThrowError(
      expect.objectContaining({ code: "OPTION_CONFLICT" }),
    );
  });

  test("streams and merges to the same score", () => {
    const metric = new Perplexity();
    const [left, right] = [new RunningScore(metric), new RunningScore(metric)];
    left.add({ logProbs: [-1, -2] }, undefined);
    right.add({ logProbs: [-3] }, undefined);
    left.merge(right);
    expect(left.score().crossEntropy).toBe(2);
  });
});

describe("KenLM's query", () => {
  interface Case {
    readonly tokens: readonly { readonly word: string; readonly log10_prob: number }[];
    readonly oov: number;
  }

  /** The words of an ARPA file's unigrams. */
  function vocabularyOf(arpa: string): ReadonlySet<string> {
    const begin = arpa.indexOf("\\1-grams:");
    const end = arpa.indexOf("\n\n", begin);
    const lines = arpa.slice(begin, end).split("\n").slice(1);
    return new Set(lines.map((line) => line.split("\t")[1] as string).filter((w) => w !== "<unk>"));
  }

  test.each(["mini_o2", "mini_o3", "mini_o4", "mixed_o3", "mixed_o5"])(
    "prints the same perplexities including and excluding OOVs for %s",
    (name) => {
      const { meta, cases } = JSON.parse(
        readFileSync(sharedPath(`goldens/kenlm/${name}.json`), "utf8"),
      );
      const vocabulary = vocabularyOf(
        readFileSync(sharedPath(`goldens/kenlm/${meta.arpa}`), "utf8"),
      );
      const sequences = (cases as readonly Case[]).map(({ tokens }) => ({
        logProbs: tokens.map((token) => token.log10_prob),
        unknown: tokens.map((token) => !vocabulary.has(token.word)),
        endsWithEos: true,
      }));
      const including = perplexity(sequences, { base: "10" });
      const excluding = perplexity(sequences, { base: "10", outOfVocabulary: "exclude" });
      expect(including.tokens).toBe(meta.summary.tokens);
      expect(including.outOfVocabulary).toBe(meta.summary.oovs);
      expect(including.value / meta.summary.perplexity_including_oovs).toBeCloseTo(1, 6);
      expect(excluding.value / meta.summary.perplexity_excluding_oovs).toBeCloseTo(1, 6);
    },
  );
});
