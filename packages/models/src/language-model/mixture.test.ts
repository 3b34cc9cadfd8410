import { describe, expect, test } from "vitest";
import { corpusFromText } from "../ngram/corpus.ts";
import { estimateKneserNey, estimateMaximumLikelihood } from "../ngram/estimate.ts";
import { MixtureModel, tuneMixture } from "./mixture.ts";
import { crossEntropy, nextLogProbs } from "./queries.ts";
import { scoreByStream } from "./score-by-stream.ts";

const corpus = corpusFromText("a b c a b\nb c d a\na b d c a b\nd d a\n");
const { vocabulary } = corpus;
const one = estimateMaximumLikelihood(corpus, { order: 1 });
const two = estimateMaximumLikelihood(corpus, { order: 2 });
const kneserNey = estimateKneserNey(corpus, { order: 3, discountFallback: true });

describe("MixtureModel", () => {
  test("adds the weighted probabilities", () => {
    const mixture = new MixtureModel([one, two], [0.25, 0.75]);
    const prefix = vocabulary.encode("a");
    const probs = nextLogProbs(mixture, prefix).map(Math.exp);
    const parts = [one, two].map((model) => nextLogProbs(model, prefix).map(Math.exp));
    probs.forEach((p, id) => {
      expect(p).toBeCloseTo(0.25 * parts[0]![id]! + 0.75 * parts[1]![id]!, 6);
    });
    expect(probs.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  test("scores as its stream does, also where one model gives 0", () => {
    const mixture = new MixtureModel([two, kneserNey], [0.5, 0.5]);
    const sequences = ["d c b", "a b c", ""].map((s) => vocabulary.encode(s));
    const slow = scoreByStream(mixture, sequences);
    mixture.score(sequences).forEach(({ logProbs }, i) => {
      logProbs.forEach((value, t) => {
        expect(value).toBeCloseTo(slow[i]!.logProbs[t]!, 4);
      });
    });
  });

  test("refuses models of different vocabularies and weights that do not sum to 1", () => {
    const other = estimateMaximumLikelihood(corpusFromText("x\n"), { order: 1 });
    expect(() => new MixtureModel([one, other], [0.5, 0.5])).toThrow(
      "MixtureModel: model 1 has 4 ids and end id 2, model 0 has 7 and 2; expected the same. Train all on one tokenizer.",
    );
    expect(() => new MixtureModel([one, two], [0.5, 0.6])).toThrow(
      "MixtureModel: weights have the sum 1.1, expected 1.",
    );
  });
});

describe("tuneMixture", () => {
  test("never loses likelihood and beats each model and each grid point", () => {
    const heldOut = ["a b d c", "d a b", "c d d a"].map((s) => vocabulary.encode(s));
    const { model, history, weights } = tuneMixture([one, two, kneserNey], heldOut, {
      iterations: 400,
    });
    for (let i = 1; i < history.length; i++) {
      expect(history[i]).toBeGreaterThanOrEqual(history[i - 1]! - 1e-12);
    }
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    const best = crossEntropy(model, heldOut).nats;
    for (let a = 0; a <= 10; a++) {
      for (let b = 0; a + b <= 10; b++) {
        const grid = [a / 10, b / 10, (10 - a - b) / 10];
        const nats = crossEntropy(new MixtureModel([one, two, kneserNey], grid), heldOut).nats;
        expect(best).toBeLessThan(nats + 1e-4);
      }
    }
  });
});
