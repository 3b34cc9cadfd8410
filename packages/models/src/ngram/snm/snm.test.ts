import { readFileSync } from "node:fs";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crossEntropy, nextLogProbs } from "../../language-model/queries.ts";
import { scoreByStream } from "../../language-model/score-by-stream.ts";
import { corpusFromSequences, corpusFromText } from "../corpus.ts";
import { estimateKneserNey } from "../estimate.ts";
import { estimateSnm } from "./estimate-snm.ts";
import { featureTypes } from "./features.ts";

describe("featureTypes", () => {
  test("lists n-grams and skip-grams by their distances from the target", () => {
    const types = featureTypes(3, { remote: 1, skip: 2, adjacent: 1 });
    expect(types.map(({ name, offsets }) => [name, offsets])).toEqual([
      ["0", []],
      ["1", [1]],
      ["2", [1, 2]],
      ["1/1/0", [2]],
      ["1/2/0", [3]],
      ["1/1/1", [1, 3]],
      ["1/2/1", [1, 4]],
    ]);
  });
});

describe("estimateSnm", () => {
  test("without adjustment is the mean of relative frequencies and the uniform, as by hand", () => {
    const corpus = corpusFromText("a b\na c\nb c\n");
    const { vocabulary } = corpus;
    const model = estimateSnm(corpus, { order: 2, heldOut: [vocabulary.encode("a")], epochs: 0 });
    // 9 tokens: a 2, b 2, c 2, </s> 3; after a: b 1, c 1. Five outcomes (<unk>, </s>, a, b, c).
    const after = (context: string, word: string) =>
      Math.exp(nextLogProbs(model, vocabulary.encode(context))[vocabulary.id(word)]!);
    expect(after("a", "b")).toBeCloseTo((1 / 5 + 2 / 9 + 1 / 2) / 3, 6);
    expect(after("a", "</s>")).toBeCloseTo((1 / 5 + 3 / 9 + 0) / 3, 6);
    expect(after("", "a")).toBeCloseTo((1 / 5 + 2 / 9 + 2 / 3) / 3, 6);
    expect(after("zzz", "a")).toBeCloseTo((1 / 5 + 2 / 9) / 2, 6); // no row for an unseen feature
  });

  test("uses words across a gap", () => {
    const corpus = corpusFromText("red x one\nred y one\nblue x two\nblue y two\nred z one\n");
    const { vocabulary } = corpus;
    const heldOut = ["red q one", "blue q two"].map((line) => vocabulary.encode(line));
    const skips = { remote: 1, skip: 1, adjacent: 0 };
    const model = estimateSnm(corpus, { order: 2, skips, heldOut, epochs: 30 });
    const probs = nextLogProbs(model, vocabulary.encode("blue q"));
    expect(probs[vocabulary.id("two")]).toBeGreaterThan(probs[vocabulary.id("one")]! + 2);
  });

  test("sums to 1 and scores as its distributions, on random corpora", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 9 }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 7 }),
        (sentences, probe) => {
          fc.pre(sentences.some(({ length }) => length > 0));
          const corpus = corpusFromSequences(sentences, { vocabSize: 7, endId: 6, unknownId: 5 });
          const model = estimateSnm(corpus, {
            order: 3,
            skips: { remote: 2, skip: 2, adjacent: 1 },
            heldOut: [probe],
            epochs: 2,
          });
          for (let t = 0; t <= probe.length; t++) {
            const sum = nextLogProbs(model, probe.slice(0, t)).reduce((s, l) => s + Math.exp(l), 0);
            expect(sum).toBeCloseTo(1, 5);
          }
          const [slow] = scoreByStream(model, [probe]);
          model.score([probe])[0]!.logProbs.forEach((value, t) => {
            expect(value).toBeCloseTo(slow!.logProbs[t]!, 4);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  test("gains by training, by skip-grams, and then beats Kneser-Ney on little Shakespeare", () => {
    const lines = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8")
      .toLowerCase()
      .replace(/([.,;:!?'-])/g, " $1 ")
      .split("\n");
    const corpus = corpusFromText(lines.slice(0, 12000));
    const encode = (line: string) => corpus.vocabulary.encode(line);
    const heldOut = lines.slice(12000, 14000).map(encode);
    const test = lines.slice(14000, 15500).map(encode);
    const perplexity = (options: object) =>
      crossEntropy(estimateSnm(corpus, { order: 3, heldOut, ...options }), test).perplexity;
    const untrained = perplexity({ epochs: 0 });
    const trained = perplexity({});
    const skips = perplexity({ skips: { remote: 1, skip: 3, adjacent: 1 } });
    expect(trained).toBeLessThan(0.85 * untrained);
    expect(skips).toBeLessThan(trained);
    const kneserNey = crossEntropy(estimateKneserNey(corpus, { order: 3 }), test).perplexity;
    expect(skips).toBeLessThan(kneserNey);
  });

  test("refuses held-out text without tokens", () => {
    const corpus = corpusFromSequences([[0, 1]], { vocabSize: 2 });
    expect(() => estimateSnm(corpus, { order: 2, heldOut: [[]] })).toThrow(
      "estimateSnm: heldOut holds no token; give sentences that the corpus lacks.",
    );
  });
});
