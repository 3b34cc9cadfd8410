import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bleu, corpusBleu, sentenceBleu } from "./bleu.ts";
import { formatScore, scoreToJson } from "./format.ts";
import { RunningScore } from "./running-score.ts";

const hypotheses = [
  "The dog bit the man.",
  "It wasn't surprising.",
  "The man had just bitten him.",
];
const references = [
  ["The dog bit the man.", "It was not unexpected.", "The man bit him first."],
  ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."],
];
const words = fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1, maxLength: 12 });
const sentence = words.map((list) => list.join(" "));

describe("corpusBleu", () => {
  test("gives the scores of sacreBLEU's own test-suite for three tokenizers", () => {
    expect(corpusBleu(hypotheses, references).value).toBeCloseTo(48.530827, 6);
    expect(corpusBleu(hypotheses, references, { tokenize: "none" }).value).toBeCloseTo(
      49.191957,
      6,
    );
    expect(corpusBleu(hypotheses, references, { tokenize: "intl" }).value).toBeCloseTo(
      43.916235,
      6,
    );
  });

  test("computes the worked example of Papineni et al. 2002: clipping the seven times the to two of seven", () => {
    const score = corpusBleu(
      ["the the the the the the the"],
      [["The cat is on the mat".toLowerCase()], ["there is a cat on the mat"]],
      { maxOrder: 1 },
    );
    expect(score.counts).toEqual([2]);
    expect(score.totals).toEqual([7]);
    expect(score.precisions[0]).toBeCloseTo((100 * 2) / 7, 12);
  });

  test("prints its score as sacreBLEU does, with our mark in the version field", () => {
    const score = corpusBleu(hypotheses, references);
    expect(formatScore(score)).toBe(
      "BLEU|nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0+seq.0.1.0 = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)",
    );
    expect(scoreToJson(score, { digits: 1 })).toEqual({
      name: "BLEU",
      score: 48.5,
      signature: "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0+seq.0.1.0",
      verbose_score: "82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)",
      nrefs: "2",
      case: "mixed",
      eff: "no",
      tok: "13a",
      smooth: "exp",
      version: "2.6.0+seq.0.1.0",
    });
  });

  test("names a varying number of references in the signature and shows the smoothing value", () => {
    const uneven = corpusBleu(
      ["a b", "c d"],
      [
        ["a b", "c d"],
        ["a x", null],
      ],
      {
        smoothing: "floor",
        smoothingValue: 0.05,
      },
    );
    expect(uneven.signature).toBe(
      "nrefs:var|case:mixed|eff:no|tok:13a|smooth:floor[0.05]|version:2.6.0+seq.0.1.0",
    );
  });

  test("scores a perfect match of three words 0, and 100 with effective order", () => {
    expect(corpusBleu(["a b c"], ["a b c"]).value).toBe(0);
    expect(corpusBleu(["a b c"], ["a b c"], { effectiveOrder: true }).value).toBeCloseTo(100, 10);
    expect(sentenceBleu("a b c", ["a b c"]).value).toBeCloseTo(100, 10);
  });

  test("takes tokens such as __proto__ and constructor as words", () => {
    const line = "__proto__ constructor toString hasOwnProperty";
    expect(corpusBleu([line], [line]).value).toBeCloseTo(100, 10);
    expect(corpusBleu([line], ["a b c d"]).value).toBe(0);
  });

  test("refuses bad input by name", () => {
    expect(() => corpusBleu(["a", "b"], ["a"])).toThrowError(
      expect.objectContaining({
        code: "SEGMENT_COUNT",
        message:
          "BLEU: 2 hypotheses, but the reference has 1 segments; give one per hypothesis, in the same order.",
      }),
    );
    expect(() => corpusBleu(["a"], [["a"], ["a", "b"]])).toThrowError(/reference 2 has 2 segments/);
    expect(() => corpusBleu([], [])).toThrowError(
      expect.objectContaining({ code: "NO_REFERENCE" }),
    );
    expect(() => corpusBleu([], [[]])).toThrowError(
      expect.objectContaining({ code: "SEGMENT_COUNT" }),
    );
    expect(() => corpusBleu(["a", "b"], [["a", null]])).toThrowError(
      expect.objectContaining({
        code: "NO_REFERENCE",
        message: "segment 2: BLEU: there is no reference; give at least one.",
        details: { segment: 2 },
      }),
    );
    expect(() => corpusBleu(["a", null as never], ["a", "b"])).toThrowError(
      /segment 2: BLEU: the hypothesis is null, expected a string/,
    );
    expect(() => corpusBleu(["a"], ["a"], { tokenize: "14a" as never })).toThrowError(
      'Bleu: tokenize is "14a", expected one of "13a", "intl", "char", "zh", "none".',
    );
    expect(() => new Bleu({ smoothing: "exp", smoothingValue: 1 })).toThrowError(
      expect.objectContaining({ code: "OPTION_CONFLICT" }),
    );
    expect(() => new Bleu({ lowerCase: true } as never)).toThrowError(/unknown option "lowerCase"/);
  });
});

describe("properties of BLEU", () => {
  test("lies in 0..100, is 100 for itself, and does not depend on the order of segments", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(sentence, sentence), { minLength: 1, maxLength: 8 }),
        (pairs) => {
          const own = pairs.map(([hypothesis]) => hypothesis);
          const other = pairs.map(([, reference]) => reference);
          const options = { effectiveOrder: true };
          const { value } = corpusBleu(own, other, options);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(100 + 1e-9);
          expect(corpusBleu(own, own, options).value).toBeCloseTo(100, 9);
          expect(corpusBleu(own.toReversed(), other.toReversed(), options).value).toBe(value);
        },
      ),
    );
  });

  test("sums the same in shards as in one run", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(sentence, sentence), { minLength: 2, maxLength: 8 }),
        (pairs) => {
          const metric = new Bleu();
          const whole = new RunningScore(metric);
          const shards = [new RunningScore(metric), new RunningScore(new Bleu())] as const;
          for (const [i, [hypothesis, reference]] of pairs.entries()) {
            whole.add(hypothesis, [reference]);
            shards[(i % 2) as 0 | 1].add(hypothesis, [reference]);
          }
          shards[0].merge(shards[1]);
          expect(shards[0].segments).toBe(pairs.length);
          expect(shards[0].score().value).toBe(whole.score().value);
        },
      ),
    );
  });

  test("adding a reference never lowers the matched counts", () => {
    fc.assert(
      fc.property(sentence, sentence, sentence, (hypothesis, one, two) => {
        const single = corpusBleu([hypothesis], [[one]]).counts;
        const both = corpusBleu([hypothesis], [[one], [two]]).counts;
        for (let n = 0; n < 4; n++) expect(both[n]).toBeGreaterThanOrEqual(single[n] as number);
      }),
    );
  });
});
