import { Rng } from "@seq/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextLogProbs } from "../language-model/queries.ts";
import { corpusFromText } from "../ngram/corpus.ts";
import { estimateKneserNey, estimateMaximumLikelihood } from "../ngram/estimate.ts";
import { generate, generateTokens } from "./generate.ts";

const corpus = corpusFromText(
  "the cat sat on the mat\nthe dog sat on the cat\na dog ate the mat\na cat ate on the mat\nthe cat ate\n",
);
const { vocabulary } = corpus;
const model = estimateKneserNey(corpus, { order: 3, discountFallback: true });
const bigram = estimateMaximumLikelihood(corpus, { order: 2 });

function words(ids: Int32Array): string {
  return Array.from(ids, (id) => vocabulary.tokens[id]).join(" ");
}

/** Pearson's statistic of drawn ids against probabilities; ids of probability 0 must not occur. */
function chiSquare(counts: Float64Array, probs: ArrayLike<number>, draws: number) {
  let statistic = 0;
  let degrees = -1;
  for (let id = 0; id < counts.length; id++) {
    if (probs[id]! === 0) {
      expect(counts[id]).toBe(0);
      continue;
    }
    const expected = probs[id]! * draws;
    statistic += (counts[id]! - expected) ** 2 / expected;
    degrees++;
  }
  // Wilson-Hilferty: the 99.9 % point of chi-square.
  const limit = degrees * (1 - 2 / (9 * degrees) + 3.09 * Math.sqrt(2 / (9 * degrees))) ** 3;
  return { statistic, limit };
}

function drawn(options: { temperature?: number; topK?: number; topP?: number }, draws = 20000) {
  const counts = new Float64Array(model.vocabSize);
  const rng = new Rng(5);
  const prompts = Array.from({ length: 100 }, () => vocabulary.encode("the"));
  for (let i = 0; i < draws; i += prompts.length) {
    for (const { ids } of generate(model, {
      prompts,
      maxNewTokens: 1,
      stopIds: [],
      rng,
      ...options,
    })) {
      counts[ids[0]!]!++;
    }
  }
  return counts;
}

/** The definition: temperature, then the k best, then the best that reach p. */
function expectedProbs({ temperature = 1, topK = 1e9, topP = 1 }): Float64Array {
  const logProbs = nextLogProbs(model, vocabulary.encode("the"));
  let weights = Float64Array.from(logProbs, (l) => Math.exp(l / temperature));
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b);
  const kept = new Set(order.slice(0, topK));
  weights = weights.map((w, id) => (kept.has(id) ? w : 0));
  const sum = weights.reduce((a, b) => a + b);
  const nucleus = new Set<number>();
  let mass = 0;
  for (const id of order) {
    if (mass / sum >= topP && nucleus.size > 0) break;
    if (weights[id]! > 0) nucleus.add(id);
    mass += weights[id]!;
  }
  weights = weights.map((w, id) => (nucleus.has(id) ? w : 0));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / total);
}

describe("sampling", () => {
  test.each([
    {},
    { temperature: 0.5 },
    { temperature: 2 },
    { topK: 3 },
    { topP: 0.7 },
    { temperature: 1.5, topK: 5 },
    { temperature: 0.8, topK: 5, topP: 0.6 },
  ])("draws with the frequencies of the definition: %o", (options) => {
    const draws = 20000;
    const { statistic, limit } = chiSquare(drawn(options, draws), expectedProbs(options), draws);
    expect(statistic).toBeLessThan(limit);
  });

  test("tells a wrong temperature: the test above can fail", () => {
    const { statistic, limit } = chiSquare(drawn({ temperature: 0.9 }), expectedProbs({}), 20000);
    expect(statistic).toBeGreaterThan(limit);
  });

  test("at a temperature near 0, with top-k 1 or a tiny top-p equals greedy", () => {
    // Words that are alike to this small model are told apart, or a draw would choose between them.
    const processors = [
      (logProbs: Float32Array) => {
        for (let id = 0; id < logProbs.length; id++) logProbs[id]! -= id / 50;
      },
    ];
    const greedy = generate(model, { maxNewTokens: 12, temperature: 0, processors });
    for (const options of [{ temperature: 1e-3 }, { topK: 1 }, { topP: 1e-9 }]) {
      const sampled = generate(model, {
        maxNewTokens: 12,
        rng: new Rng(1),
        processors,
        ...options,
      });
      expect(sampled[0]!.ids).toEqual(greedy[0]!.ids);
    }
  });
});

describe("generate", () => {
  test("takes the most probable word at each step when greedy, and stops at the end", () => {
    const [result] = generate(bigram, {
      maxNewTokens: 20,
      temperature: 0,
      prompts: [vocabulary.encode("a dog")],
    });
    // dog: sat, ate alike, the lower id first: sat; on; the; cat, mat alike (3): cat; then sat, </s>, ate ...
    const prefix = ["a", "dog"];
    for (;;) {
      const logProbs = nextLogProbs(bigram, vocabulary.encode(prefix.join(" ")));
      const best = logProbs.indexOf(Math.max(...logProbs));
      if (best === vocabulary.endId || prefix.length === 22) break;
      prefix.push(vocabulary.tokens[best]!);
    }
    expect(words(result!.ids)).toBe(prefix.slice(2, 22).join(" "));
  });

  test("is the same for the same seed and another for another", () => {
    const run = (seed: number) =>
      generate(model, { maxNewTokens: 30, rng: new Rng(seed), prompts: [[], [], []] }).map(
        ({ ids }) => words(ids),
      );
    expect(run(3)).toEqual(run(3));
    expect(run(3)).not.toEqual(run(4));
  });

  test("generates a row as it does alone, whatever stands beside it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 3, max: 9 }), { maxLength: 5 }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.integer({ min: 0, max: 1000 }),
        (prompts, seed) => {
          const together = generate(model, { prompts, maxNewTokens: 6, rng: new Rng(seed) });
          const rng = new Rng(seed);
          for (const [i, prompt] of prompts.entries()) {
            // generate splits its rng once per prompt; the splits before i are used up first.
            const own = rng.split();
            const alone = generate(model, {
              prompts: [prompt],
              maxNewTokens: 6,
              rng: { split: () => own } as unknown as Rng,
            });
            expect(together[i]).toEqual(alone[0]);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("reports the log-probability of what it generated under the model alone", () => {
    const prompt = vocabulary.encode("the");
    const [result] = generate(model, {
      prompts: [prompt],
      maxNewTokens: 8,
      temperature: 3,
      topK: 4,
      rng: new Rng(2),
    });
    const ids = [...prompt, ...result!.ids];
    const [score] = model.score([ids], { end: result!.stopReason === "end" });
    const expected = score!.logProbs.slice(1).reduce((a, b) => a + b);
    expect(result!.logProb).toBeCloseTo(expected, 4);
  });

  test("streams the same ids one by one", () => {
    const options = { prompts: [[], vocabulary.encode("a")], maxNewTokens: 9, stopIds: [] };
    const seen: number[][] = [[], []];
    const tokens = generateTokens(model, { ...options, rng: new Rng(8) });
    let step = tokens.next();
    for (; !step.done; step = tokens.next()) seen[step.value.row]!.push(step.value.id);
    const whole = generate(model, { ...options, rng: new Rng(8) });
    expect(seen).toEqual(whole.map(({ ids }) => [...ids]));
    expect(step.value).toEqual(whole);
  });

  test("stops by length, end id, stop id and stop sequence, and says which", () => {
    const prompts = [vocabulary.encode("the cat")];
    const greedy = { temperature: 0, prompts };
    const full = generate(model, { ...greedy, maxNewTokens: 50 })[0]!;
    expect(full.stopReason).toBe("end");
    expect(generate(model, { ...greedy, maxNewTokens: 1 })[0]).toMatchObject({
      ids: full.ids.slice(0, 1),
      stopReason: "length",
    });
    const third = full.ids[2]!;
    const cut = generate(model, { ...greedy, maxNewTokens: 50, stopIds: [third] })[0]!;
    expect(cut.ids).toEqual(full.ids.slice(0, full.ids.indexOf(third)));
    const sequence = [...full.ids.slice(1, 3)];
    const stopped = generate(model, { ...greedy, maxNewTokens: 50, stopSequences: [sequence] })[0]!;
    expect(stopped).toMatchObject({ ids: full.ids.slice(0, 3), stopReason: "stop-sequence" });
    expect(generate(model, { ...greedy, maxNewTokens: 0 })[0]!.ids.length).toBe(0);
  });

  test("keeps to the allowed ids, and ends when there are none", () => {
    const [on, mat] = ["on", "mat"].map((w) => vocabulary.id(w)) as [number, number];
    const [result] = generate(model, {
      maxNewTokens: 12,
      rng: new Rng(1),
      allowed: ({ length }) => (length % 2 === 0 ? [on] : [mat, on]),
    });
    result!.ids.forEach((id, i) => {
      expect(i % 2 === 0 ? [on] : [mat, on]).toContain(id);
    });
    const none = generate(model, { maxNewTokens: 3, rng: new Rng(1), allowed: () => [] });
    expect(none[0]).toMatchObject({ stopReason: "nothing-allowed" });
  });

  test("puts the forced prefix first and continues from it", () => {
    const forced = vocabulary.encode("mat dog");
    const [result] = generate(model, { maxNewTokens: 6, temperature: 0, forcedPrefix: forced });
    const [alone] = generate(model, { maxNewTokens: 4, temperature: 0, prompts: [forced] });
    expect([...result!.ids]).toEqual([...forced, ...alone!.ids]);
  });

  test("never repeats a run of n ids when told so", () => {
    for (const n of [1, 2, 3]) {
      const [result] = generate(model, {
        maxNewTokens: 40,
        rng: new Rng(n),
        noRepeatNgram: n,
        stopIds: [],
      });
      const runs = new Set<string>();
      for (let t = 0; t + n <= result!.ids.length; t++) {
        const run = result!.ids.slice(t, t + n).join(" ");
        expect(runs.has(run)).toBe(false);
        runs.add(run);
      }
    }
  });

  test("a repetition penalty makes what stood before less probable, by its power", () => {
    const context = vocabulary.encode("the cat sat on the");
    const before = nextLogProbs(model, context);
    let after: Float32Array | undefined;
    generate(model, {
      prompts: [context],
      maxNewTokens: 1,
      temperature: 0,
      repetitionPenalty: 1.7,
      processors: [
        (logProbs) => {
          after = logProbs.slice();
        },
      ],
    });
    after!.forEach((value, id) => {
      const factor = context.includes(id) ? 1.7 : 1;
      if (Number.isFinite(before[id])) expect(value).toBeCloseTo(before[id]! * factor, 4);
    });
  });

  test("refuses options without meaning", () => {
    expect(() => generate(model, { maxNewTokens: 1 })).toThrow(
      "generation: sampling needs rng: give new Rng(seed), or temperature 0 for greedy.",
    );
    expect(() => generate(model, { maxNewTokens: 1, temperature: 0, topK: 2 })).toThrow(
      "sampling: temperature 0 takes the most probable id, so topK and topP do nothing; leave them out or raise the temperature.",
    );
    expect(() => generate(model, { maxNewTokens: 1, topP: 2, rng: new Rng(1) })).toThrow(
      "sampling: topP is 2, expected a finite number from 0 to 1.",
    );
    expect(() => generate(model, { maxNewTokens: 1, temperature: 0, prompts: [[77]] })).toThrow(
      `generation: prompt: id 77 is not in the vocabulary of ${model.vocabSize} ids`,
    );
    expect(() => generate(model, { maxNewTokens: 1, beams: 2 } as never)).toThrow(
      'generate: unknown option "beams"',
    );
  });

  test("stops when the signal says so", () => {
    const control = new AbortController();
    const tokens = generateTokens(model, {
      maxNewTokens: 100,
      stopIds: [],
      rng: new Rng(1),
      signal: control.signal,
    });
    tokens.next();
    control.abort();
    expect(() => [...tokens]).toThrow(/abort/i);
  });
});
