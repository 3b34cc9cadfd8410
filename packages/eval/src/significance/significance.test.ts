import { describe, expect, test } from "vitest";
import { Bleu } from "../bleu.ts";
import { corpusStatistics } from "../corpus.ts";
import { ExactMatch } from "../exact-match.ts";
import { bootstrapConfidence, compareSystems } from "./significance.ts";

const references = Array.from({ length: 200 }, (_, i) => `sentence number ${i} of the test set`);
/** A system that gets every n-th segment wrong. */
const wrongEvery = (n: number) => references.map((text, i) => (i % n === 0 ? "wrong" : text));

describe("bootstrapConfidence", () => {
  test("gives the interval of a proportion: 10 % wrong of 200, about 1.96 standard errors", () => {
    const metric = new ExactMatch();
    const rows = corpusStatistics(metric, wrongEvery(10), references);
    const { mean, halfWidth, low, high } = bootstrapConfidence(metric, rows, { samples: 2000 });
    const standardError = Math.sqrt((0.9 * 0.1) / 200);
    expect(mean).toBeCloseTo(0.9, 2);
    expect(halfWidth / (1.96 * standardError)).toBeGreaterThan(0.9);
    expect(halfWidth / (1.96 * standardError)).toBeLessThan(1.1);
    expect(halfWidth).toBeCloseTo((high - low) / 2, 12);
  });

  test("draws the same for the same seed, else other samples", () => {
    const metric = new Bleu();
    const rows = corpusStatistics(metric, wrongEvery(7), references);
    const one = bootstrapConfidence(metric, rows, { samples: 100 });
    expect(bootstrapConfidence(metric, rows, { samples: 100, seed: 12345 })).toEqual(one);
    expect(bootstrapConfidence(metric, rows, { samples: 100, seed: 1 })).not.toEqual(one);
  });

  test("refuses nothing to draw from and samples out of range", () => {
    expect(() => bootstrapConfidence(new Bleu(), [])).toThrowError(
      expect.objectContaining({ code: "SEGMENT_COUNT" }),
    );
    expect(() =>
      bootstrapConfidence(new Bleu(), [new Float64Array(13)], { samples: 1 }),
    ).toThrowError("bootstrapConfidence: samples is 1, expected a whole number of at least 2.");
  });
});

describe("compareSystems", () => {
  const systems = [
    { name: "baseline", hypotheses: wrongEvery(10) },
    { name: "better", hypotheses: wrongEvery(50) },
    { name: "alike", hypotheses: wrongEvery(11) },
  ];

  test.each(["bootstrap", "randomization"] as const)(
    "tells a better system from one that is alike by %s",
    (test) => {
      const { systems: compared } = compareSystems(new ExactMatch(), systems, references, {
        test,
        samples: 1000,
      });
      expect(compared.map(({ name }) => name)).toEqual(["baseline", "better", "alike"]);
      expect(compared[0]?.pValue).toBeUndefined();
      expect(compared[1]?.pValue).toBeLessThan(0.01);
      expect(compared[2]?.pValue).toBeGreaterThan(0.2);
    },
  );

  test("shows the test, its samples and its seed in the signature, where sacreBLEU puts them", () => {
    const run = (options: object) =>
      compareSystems(new Bleu(), systems, references, options).signature;
    const tail = "case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0+seq.0.1.0";
    expect(run({ test: "bootstrap", samples: 50 })).toBe(`nrefs:1|bs:50|seed:12345|${tail}`);
    expect(run({ samples: 50, seed: 1 })).toBe(`nrefs:1|ar:50|seed:1|${tail}`);
    expect(run({ samples: 50, confidenceSamples: 20 })).toBe(
      `nrefs:1|bs:20|ar:50|seed:12345|${tail}`,
    );
  });

  test("gives confidence intervals with randomization when asked", () => {
    const { systems: compared } = compareSystems(new Bleu(), systems, references, {
      samples: 10,
      confidenceSamples: 100,
    });
    for (const { confidence, score } of compared) {
      expect(confidence?.low).toBeLessThanOrEqual(score.value);
      expect(confidence?.high).toBeGreaterThanOrEqual(score.value - 1e-9);
    }
  });

  test("refuses one system alone, systems of other lengths, and contradictory options", () => {
    expect(() => compareSystems(new Bleu(), systems.slice(1, 2), references)).toThrowError(
      "compareSystems: 1 systems, expected a baseline and at least one other.",
    );
    const short = { name: "short", hypotheses: ["a"] };
    expect(() => compareSystems(new Bleu(), [...systems, short], references)).toThrowError(
      expect.objectContaining({ code: "SEGMENT_COUNT" }),
    );
    expect(() =>
      compareSystems(new Bleu(), systems, references, { test: "bootstrap", confidenceSamples: 5 }),
    ).toThrowError(expect.objectContaining({ code: "OPTION_CONFLICT" }));
  });
});
