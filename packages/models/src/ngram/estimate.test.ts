import { readFileSync } from "node:fs";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crossEntropy, nextLogProbs } from "../language-model/queries.ts";
import { scoreByStream } from "../language-model/score-by-stream.ts";
import { corpusFromSequences, corpusFromText, type NgramCorpus } from "./corpus.ts";
import {
  estimateJelinekMercer,
  estimateKneserNey,
  estimateMaximumLikelihood,
  estimatePlainKneserNey,
  estimateWittenBell,
} from "./estimate.ts";
import { estimateAddK, estimateStupidBackoff } from "./fixed-form.ts";
import type { NgramModel } from "./ngram-model.ts";
import { tuneJelinekMercer } from "./tune-jelinek-mercer.ts";

// Jurafsky & Martin, Speech and Language Processing, 3rd ed., section 3.1.
const greenEggs = corpusFromText("I am Sam\nSam I am\nI do not like green eggs and ham\n");

function probability(model: NgramModel, context: string, word: string): number {
  const { vocabulary } = model;
  const ids = vocabulary!.encode(context);
  return Math.exp(nextLogProbs(model, ids)[vocabulary!.id(word)]!);
}

const normalized: Record<string, (corpus: NgramCorpus, order: number) => NgramModel> = {
  "maximum likelihood": (corpus, order) => estimateMaximumLikelihood(corpus, { order }),
  "add-k": (corpus, order) => estimateAddK(corpus, { order, k: 0.3 }),
  "Jelinek-Mercer": (corpus, order) =>
    estimateJelinekMercer(corpus, {
      order,
      lambdas: Array.from({ length: order }, (_, i) => 0.9 - i / 10),
    }),
  "Witten-Bell": (corpus, order) => estimateWittenBell(corpus, { order }),
  "Witten-Bell, pruned": (corpus, order) =>
    estimateWittenBell(corpus, { order, prune: [0, 1].slice(0, order) }),
  "Kneser-Ney": (corpus, order) => estimatePlainKneserNey(corpus, { order }),
  "modified Kneser-Ney": (corpus, order) =>
    estimateKneserNey(corpus, { order, discountFallback: true }),
  "modified Kneser-Ney, pruned": (corpus, order) =>
    estimateKneserNey(corpus, {
      order,
      discountFallback: true,
      prune: [0, 0, 1, 2].slice(0, order),
    }),
};

describe("estimators", () => {
  test("maximum likelihood gives the bigram probabilities of the textbook", () => {
    const model = estimateMaximumLikelihood(greenEggs, { order: 2 });
    expect(probability(model, "", "I")).toBeCloseTo(2 / 3, 6);
    expect(probability(model, "", "Sam")).toBeCloseTo(1 / 3, 6);
    expect(probability(model, "I", "am")).toBeCloseTo(2 / 3, 6);
    expect(probability(model, "Sam", "</s>")).toBeCloseTo(1 / 2, 6);
    expect(probability(model, "am", "Sam")).toBeCloseTo(1 / 2, 6);
    expect(probability(model, "I", "do")).toBeCloseTo(1 / 3, 6);
    expect(probability(model, "I", "ham")).toBe(0);
  });

  test("add-k adds k to every count", () => {
    const model = estimateAddK(greenEggs, { order: 2, k: 1 });
    const size = greenEggs.vocabSize - 1; // without <s>
    expect(size).toBe(12);
    expect(probability(model, "I", "am")).toBeCloseTo((2 + 1) / (3 + size), 6);
    expect(probability(model, "I", "ham")).toBeCloseTo(1 / (3 + size), 6);
    expect(probability(model, "unseen", "ham")).toBeCloseTo(1 / size, 6);
    expect(probability(model, "", "Sam")).toBeCloseTo((1 + 1) / (3 + size), 6);
  });

  test("add-k of order 3 looks at the last two words, or at fewer only at the begin", () => {
    const model = estimateAddK(greenEggs, { order: 3, k: 0.5 });
    const mass = 0.5 * 12;
    expect(probability(model, "Sam I", "am")).toBeCloseTo(1.5 / (1 + mass), 6);
    expect(probability(model, "do I", "am")).toBeCloseTo(1 / 12, 6); // "do I" was never seen
    expect(probability(model, "I", "am")).toBeCloseTo(1.5 / (2 + mass), 6); // <s> I
  });

  test("Witten-Bell weighs the shorter context by the number of different followers", () => {
    const model = estimateWittenBell(greenEggs, { order: 2 });
    // Unigrams: 17 tokens (14 words, 3 ends), 11 types; uniform over 12.
    const sam = (2 + 11 / 12) / (17 + 11);
    expect(probability(model, "am", "Sam")).toBeCloseTo((1 + 2 * sam) / (2 + 2), 6);
    expect(probability(model, "ham", "Sam")).toBeCloseTo((0 + 1 * sam) / (1 + 1), 6);
  });

  test("Jelinek-Mercer mixes the orders by their weights", () => {
    const model = estimateJelinekMercer(greenEggs, { order: 2, lambdas: [0.8, 0.6] });
    const sam = 0.8 * (2 / 17) + 0.2 / 12;
    expect(probability(model, "am", "Sam")).toBeCloseTo(0.6 * 0.5 + 0.4 * sam, 6);
    expect(probability(model, "unseen", "Sam")).toBeCloseTo(sam, 6);
  });

  test("Kneser-Ney counts contexts, not occurrences: San Francisco", () => {
    const text = `${"San Francisco\n".repeat(9)}my glasses\nyour glasses\nnew glasses\nold hat\n`;
    const model = estimatePlainKneserNey(corpusFromText(text), { order: 2 });
    // "Francisco" was seen nine times, but after one word only; "glasses" three times, after three.
    expect(probability(model, "blind", "glasses")).toBeGreaterThan(
      2 * probability(model, "blind", "Francisco"),
    );
  });

  test("stupid backoff multiplies by alpha for each word that it drops", () => {
    const model = estimateStupidBackoff(greenEggs, { order: 3, alpha: 0.4 });
    expect(model.normalized).toBe(false);
    expect(probability(model, "Sam I", "am")).toBeCloseTo(1, 6);
    expect(probability(model, "do I", "am")).toBeCloseTo(0.4 * (2 / 3), 6);
    expect(probability(model, "do I", "ham")).toBeCloseTo(0.16 * (1 / 17), 6);
    expect(probability(model, "zzz zzz", "Sam")).toBeCloseTo(0.16 * (2 / 17), 6);
  });

  for (const [name, estimate] of Object.entries(normalized)) {
    test(`${name}: sums to 1 after any context, and scores equal the distributions`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 }), {
            minLength: 1,
            maxLength: 8,
          }),
          fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 8 }),
          fc.integer({ min: 1, max: 4 }),
          (sentences, probe, order) => {
            fc.pre(sentences.some((sentence) => sentence.length > 0));
            const corpus = corpusFromSequences(sentences, { vocabSize: 7, endId: 6, unknownId: 5 });
            const model = estimate(corpus, order);
            for (let t = 0; t <= probe.length; t++) {
              const probs = nextLogProbs(model, probe.slice(0, t)).map(Math.exp);
              expect(probs.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
            }
            const [fast] = model.score([probe]);
            const [slow] = scoreByStream(model, [probe]);
            fast!.logProbs.forEach((value, t) => {
              const expected = slow!.logProbs[t]!;
              if (expected < -100) expect(value).toBeLessThan(-100);
              else expect(value).toBeCloseTo(expected, 4);
            });
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  test("refuses a corpus too small for the discounts, saying what to do", () => {
    expect(() => estimateKneserNey(corpusFromText("a b c\n"), { order: 2 })).toThrow(
      "Kneser-Ney: could not calculate discounts for 1-grams with adjusted count 3 because there are no 1-grams with adjusted count 2. Is this small or artificial data? Remove repeated lines, lower the order, or give discountFallback.",
    );
  });

  test("refuses options that it does not have or cannot honour", () => {
    const corpus = greenEggs;
    expect(() => estimateKneserNey(corpus, { order: 3, prune: [0, 2, 1] })).toThrow(
      "n-gram estimation: prune is [0, 2, 1], expected numbers that do not fall.",
    );
    expect(() => estimateWittenBell(corpus, { order: 2, prune: [1] })).toThrow(
      "n-gram estimation: prune is [1], expected 0 for order 1 (unigrams are never pruned).",
    );
    expect(() => estimateKneserNey(corpus, { order: 3, pruning: [0] } as never)).toThrow(
      'estimateKneserNey: unknown option "pruning"; expected one of order, prune, interpolateUnigrams, discountFallback.',
    );
    expect(() => estimateJelinekMercer(corpus, { order: 2, lambdas: [1] })).toThrow(
      "estimateJelinekMercer: lambdas has 1 numbers, expected 2 (order).",
    );
    expect(() => estimateAddK(corpus, { order: 2, k: 0 })).toThrow("estimateAddK: k is 0");
  });

  test("smoothing ranks as in the literature on held-out Shakespeare", () => {
    const lines = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8")
      .toLowerCase()
      .replace(/([.,;:!?'-])/g, " $1 ")
      .split("\n");
    const train = corpusFromText(lines.slice(0, 30000));
    const heldOut = lines.slice(30000, 34000).map((line) => train.vocabulary.encode(line));
    const test = lines.slice(34000).map((line) => train.vocabulary.encode(line));
    const perplexity = (model: NgramModel) => crossEntropy(model, test).perplexity;
    const modified = perplexity(estimateKneserNey(train, { order: 3 }));
    const plain = perplexity(estimatePlainKneserNey(train, { order: 3 }));
    const wittenBell = perplexity(estimateWittenBell(train, { order: 3 }));
    const tuned = tuneJelinekMercer(train, heldOut, { order: 3 });
    const addOne = perplexity(estimateAddK(train, { order: 3, k: 1 }));
    expect(modified).toBeLessThan(plain * 1.001);
    expect(plain).toBeLessThan(wittenBell);
    expect(wittenBell).toBeLessThan(addOne);
    expect(perplexity(tuned.model)).toBeLessThan(
      perplexity(estimateJelinekMercer(train, { order: 3, lambdas: [0.5, 0.5, 0.5] })),
    );
    for (let i = 1; i < tuned.history.length; i++) {
      expect(tuned.history[i]).toBeGreaterThanOrEqual(tuned.history[i - 1]! - 1e-12);
    }
  });
});
