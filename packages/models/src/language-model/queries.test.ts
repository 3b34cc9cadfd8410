import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { corpusFromText } from "../ngram/corpus.ts";
import { estimateKneserNey, estimateMaximumLikelihood } from "../ngram/estimate.ts";
import {
  crossEntropy,
  largest,
  nextLogProbs,
  rankCandidates,
  sequenceLogProb,
  topK,
} from "./queries.ts";

const corpus = corpusFromText(
  "AI systems use machine learning\nwe use machine learning\nwe read about it\nthey ask about machine parts\n",
);
const { vocabulary } = corpus;
const model = estimateKneserNey(corpus, { order: 3, discountFallback: true });

describe("topK", () => {
  test("prints the table of next words, best first", () => {
    const mle = estimateMaximumLikelihood(corpus, { order: 2 });
    const table = topK(mle, vocabulary.encode("use machine"), 2).map(({ id, logProb }) => [
      vocabulary.tokens[id],
      Number(Math.exp(logProb).toFixed(4)),
    ]);
    expect(table).toEqual([
      ["learning", 0.6667],
      ["parts", 0.3333],
    ]);
    const start = topK(mle, [], 1)[0]!;
    expect([vocabulary.tokens[start.id], Math.exp(start.logProb)]).toEqual([
      "we",
      expect.closeTo(0.5),
    ]);
  });

  test("refuses ids that are not in the vocabulary", () => {
    expect(() => topK(model, [99], 1)).toThrow(
      `nextLogProbs: id 99 is not in the vocabulary of ${model.vocabSize} ids; expected a whole number from 0 to ${model.vocabSize - 1}. Use the tokenizer that the model was trained with.`,
    );
  });
});

describe("largest", () => {
  test("equals a full sort, ties in the order of the ids", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 })),
        fc.integer({ min: 0, max: 12 }),
        (values, k) => {
          const sorted = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b);
          expect(largest(values, k)).toEqual(sorted.slice(0, k));
        },
      ),
    );
  });
});

describe("rankCandidates", () => {
  test("puts learning before about after 'AI systems use machine' (one context for both)", () => {
    const candidates = ["learning", "about", "parts"].map((word) => vocabulary.encode(word));
    const ranked = rankCandidates(model, vocabulary.encode("AI systems use machine"), candidates);
    expect(ranked.map(({ index }) => index)).toEqual([0, 2, 1]);
    expect(ranked[0]!.logProb).toBeGreaterThan(ranked[2]!.logProb + 1);
  });

  test("takes what follows the gap into account", () => {
    const candidates = [vocabulary.encode("read"), vocabulary.encode("use")];
    const before = vocabulary.encode("we");
    const rest = vocabulary.encode("machine learning");
    expect(rankCandidates(model, before, candidates, { rest })[0]!.index).toBe(1);
    const about = vocabulary.encode("about it");
    expect(rankCandidates(model, before, candidates, { rest: about })[0]!.index).toBe(0);
  });
});

describe("the chain rule", () => {
  test("a sequence scores the sum of its steps, alone and in a batch, with and without its end", () => {
    const sentences = ["we use machine learning", "they read", ""].map((s) => vocabulary.encode(s));
    const batch = model.score(sentences);
    sentences.forEach((ids, i) => {
      let sum = 0;
      for (let t = 0; t < ids.length; t++) sum += nextLogProbs(model, ids.slice(0, t))[ids[t]!]!;
      expect(sequenceLogProb(model, ids, { end: false })).toBeCloseTo(sum, 4);
      sum += nextLogProbs(model, ids)[vocabulary.endId]!;
      expect(sequenceLogProb(model, ids)).toBeCloseTo(sum, 4);
      expect(batch[i]!.logProb).toBeCloseTo(sum, 4);
    });
  });
});

describe("crossEntropy", () => {
  test("is exp of the mean, counts the ends and the unknown words", () => {
    const mle = estimateMaximumLikelihood(corpus, { order: 1 });
    const result = crossEntropy(mle, [vocabulary.encode("we we"), vocabulary.encode("machine")]);
    // 21 tokens: we 2, machine 3, </s> 4
    const expected = -(2 * Math.log(2 / 22) + Math.log(3 / 22) + 2 * Math.log(4 / 22)) / 5;
    expect(result.tokens).toBe(5);
    expect(result.nats).toBeCloseTo(expected, 6);
    expect(result.perplexity).toBeCloseTo(Math.exp(expected), 5);
    expect(crossEntropy(model, [vocabulary.encode("we frobnicate")]).unknown).toBe(1);
  });
});
