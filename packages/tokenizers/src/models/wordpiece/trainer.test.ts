import { SeqError } from "@seq/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runToEnd } from "../../training/progress.ts";
import { learnMergesSlowly } from "../../training/reference.ts";
import { countsOf } from "../../training/word-counts.ts";
import { learnWordPiece } from "./trainer.ts";

const mini = countsOf(Object.entries({ hug: 10, pug: 5, pun: 12, bun: 4, hugs: 5 }));
/** b g h n p s u, then ##g ##n ##s ##u. */
const alphabetSize = 11;

describe("learnWordPiece on the course's mini corpus", () => {
  test("merges (##g, ##s) first, with the score 1/20", () => {
    const { tokens } = runToEnd(
      learnWordPiece(mini, { vocabSize: alphabetSize + 1, score: "pmi" }),
    );
    expect(tokens.slice(alphabetSize)).toEqual(["##gs"]);
    const { steps } = learnMergesSlowly(mini, {
      vocabSize: alphabetSize + 2,
      continuingSubwordPrefix: "##",
      score: "pmi",
    });
    expect(steps.map(({ value }) => value)).toEqual([1 / 20, 1 / 36]);
  });

  test("breaks the six-way tie at 1/36 by the smallest left id: b before h, p, ##u", () => {
    const { tokens } = runToEnd(
      learnWordPiece(mini, { vocabSize: alphabetSize + 2, score: "pmi" }),
    );
    expect(tokens.slice(alphabetSize)).toEqual(["##gs", "bu"]);
  });

  test("differs from BPE with the same marker, which begins with (##u, ##g)", () => {
    const options = { vocabSize: alphabetSize + 3, score: "frequency" } as const;
    const { tokens } = runToEnd(learnWordPiece(mini, options));
    expect(tokens.slice(alphabetSize)).toEqual(["##ug", "##un", "hug"]);
  });

  test("chooses by the gain of the whole corpus by default", () => {
    const options = { vocabSize: alphabetSize + 3 } as const;
    const { tokens } = runToEnd(learnWordPiece(mini, options));
    const slow = learnMergesSlowly(mini, {
      ...options,
      score: "deltaLL",
      continuingSubwordPrefix: "##",
    });
    expect(tokens).toEqual(slow.tokens);
    expect(tokens.slice(alphabetSize)).toEqual(["##ug", "##un", "hug"]);
    // (##u, ##g): k = 20, c(##u) = 36, c(##g) = 20, N = 113: x(16) - x(36) + x(113) - x(93), x(n) = n ln n.
    expect(slow.steps[0]?.value).toBeCloseTo(28.017808, 6);
  });
});

describe("learnWordPiece", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "ü"), minLength: 1, maxLength: 9 });
  const corpus = fc.array(fc.tuple(word, fc.integer({ min: 1, max: 9 })), {
    minLength: 1,
    maxLength: 25,
  });

  test.each(["pmi", "frequency"] as const)(
    "equals the reference version with score %s",
    (score) => {
      fc.assert(
        fc.property(corpus, fc.integer({ min: 0, max: 3 }), (entries, minFrequency) => {
          const options = { vocabSize: 40, minFrequency, score, continuingSubwordPrefix: "##" };
          const fast = runToEnd(learnWordPiece(countsOf(entries), options));
          expect(fast.tokens).toEqual(learnMergesSlowly(countsOf(entries), options).tokens);
        }),
      );
    },
  );

  test("never makes a merge with deltaLL that gains less than the best one, to rounding", () => {
    // The two versions round differently, so which of two equal gains comes first may differ.
    fc.assert(
      fc.property(corpus, (entries) => {
        const words = countsOf(entries);
        const options = { vocabSize: 40, score: "deltaLL", continuingSubwordPrefix: "##" } as const;
        const { merges, tokens } = runToEnd(learnWordPiece(words, options));
        const slow = learnMergesSlowly(words, { ...options, follow: merges });
        expect(slow.tokens).toEqual(tokens);
        for (const { value, best } of slow.steps) expect(value).toBeGreaterThan(best - 1e-9);
      }),
    );
  });

  test("keeps special tokens at the first ids and refuses a vocabulary the corpus cannot fill", () => {
    const specialTokens = ["[PAD]", "[UNK]"];
    const { tokens } = runToEnd(learnWordPiece(mini, { vocabSize: 20, specialTokens }));
    expect(tokens.slice(0, 2)).toEqual(specialTokens);
    try {
      runToEnd(learnWordPiece(mini, { vocabSize: 1000, strictVocabSize: true }));
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("VOCAB_SIZE");
      expect((error as Error).message).toBe(
        "WordPieceTrainer: the corpus gives a vocabulary of at most 18 tokens, vocabSize is 1000; lower vocabSize to 18, add text, or leave strictVocabSize off.",
      );
    }
  });
});
