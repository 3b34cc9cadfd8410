import { Rng } from "@seq/core";
import { describe, expect, test } from "vitest";
import { agreementItems, agreementVocabulary } from "./agreement.ts";
import { influenceAtDistance, type StreamingModel } from "./influence.ts";
import { clozeErrors, minimalPairErrors } from "./minimal-pairs.ts";
import {
  genderTexts,
  genderVocabulary,
  relativeClausePairs,
  ticketsClozes,
  ticketsVocabulary,
} from "./templates.ts";

/** A model whose next distribution depends on the last `window` ids only, with weights falling by half. */
function windowModel(vocabSize: number, window: number): StreamingModel {
  return {
    vocabSize,
    stream(rows) {
      const history: number[][] = Array.from({ length: rows }, () => []);
      return {
        advance(ids) {
          for (const [row, own] of history.entries()) own.push(ids[row] as number);
        },
        logProbs(out) {
          for (const [row, own] of history.entries()) {
            const scores = new Float64Array(vocabSize);
            for (const [k, id] of own.slice(-window).reverse().entries()) scores[id]! += 4 / 2 ** k;
            const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
            for (const [id, score] of scores.entries()) out[row * vocabSize + id] = score - total;
          }
        },
        dispose() {},
      };
    },
  };
}

describe("influenceAtDistance", () => {
  const rng = new Rng(1);
  const sequences = Array.from({ length: 20 }, () =>
    Array.from({ length: 12 }, () => rng.integer(6)),
  );

  test("is 0 beyond a model's window, above 0 within it, and falls with the distance", () => {
    const influence = influenceAtDistance(windowModel(6, 4), sequences, {
      rng: new Rng(2),
      replacements: 4,
    });
    expect(influence).toHaveLength(12);
    for (let d = 1; d < 4; d++) expect(influence[d]!).toBeLessThan(influence[d - 1]!);
    expect(influence[3]).toBeGreaterThan(0.01);
    expect(Array.from(influence.slice(4))).toEqual(new Array(8).fill(0));
  });

  test("reaches as far as the sequence for a model without a window", () => {
    const influence = influenceAtDistance(windowModel(6, 99), sequences, {
      rng: new Rng(2),
      replacements: 8,
    });
    expect(influence[11]).toBeGreaterThan(0);
  });

  test("refuses sequences of different lengths", () => {
    expect(() => influenceAtDistance(windowModel(3, 1), [[0], [0, 1]], { rng })).toThrowError(
      "influenceAtDistance: 2 sequences of lengths 1, 2, expected one length above 0.",
    );
    expect(() =>
      influenceAtDistance(windowModel(3, 1), [[0, 1]], { rng, maxDistance: 3 }),
    ).toThrowError(expect.objectContaining({ code: "OPTION_RANGE" }));
  });
});

describe("agreementItems", () => {
  const items = agreementItems(500, { rng: new Rng(3), maxAttractors: 4 });
  const isPluralNoun = (word: string) => word.endsWith("s") && !["is", "was", "has"].includes(word);
  const singularVerbs = new Set(["is", "was", "has"]);

  test("differ from their twins in the verb alone, which agrees with the subject", () => {
    for (const { prefix, right, wrong, number } of items) {
      const different = right.flatMap((word, i) => (word === wrong[i] ? [] : [i]));
      expect(different).toEqual([prefix.length]);
      expect(singularVerbs.has(right[prefix.length] as string)).toBe(number === "singular");
      expect(singularVerbs.has(wrong[prefix.length] as string)).toBe(number === "plural");
    }
  });

  test("have as many nouns of the other number after the subject as they say", () => {
    for (const { prefix, number, attractors, group } of items) {
      const clause = prefix.slice(prefix.lastIndexOf(",") + 1); // without the opening phrase
      const nouns = clause.filter((_, i) => clause[i - 1] === "the");
      const plural = number === "plural";
      expect(isPluralNoun(nouns[0] as string)).toBe(plural);
      expect(nouns.slice(1).filter((noun) => isPluralNoun(noun) !== plural)).toHaveLength(
        attractors,
      );
      expect(group).toBe(attractors);
    }
    const counts = [0, 1, 2, 3, 4].map(
      (k) => items.filter(({ attractors }) => attractors === k).length,
    );
    expect(counts).toEqual([100, 100, 100, 100, 100]);
  });

  test("are the same for the same seed and use the listed words only", () => {
    expect(agreementItems(500, { rng: new Rng(3), maxAttractors: 4 })).toEqual(items);
    const vocabulary = new Set(agreementVocabulary());
    expect(
      items.flatMap(({ right, wrong }) => [...right, ...wrong]).every((w) => vocabulary.has(w)),
    ).toBe(true);
  });

  test("a scorer that agrees with the last noun fails where an attractor stands last", () => {
    const lastNoun = (sentences: readonly (readonly string[])[]) =>
      sentences.map((words) => {
        const at = words.findIndex((word) =>
          ["is", "are", "was", "were", "has", "have"].includes(word),
        );
        return isPluralNoun(words[at - 1] as string) === !singularVerbs.has(words[at] as string)
          ? 0
          : -1;
      });
    const errors = minimalPairErrors(items, lastNoun);
    expect(errors.map(({ group }) => group)).toEqual([0, 1, 2, 3, 4]);
    expect(errors[0]?.errors).toBe(0);
    for (const { errorRate } of errors.slice(1)) expect(errorRate).toBeGreaterThan(0.5);
  });
});

describe("minimal pairs and clozes", () => {
  const pairs = [
    { right: ["a"], wrong: ["b"], group: 1 },
    { right: ["b"], wrong: ["a"], group: 0 },
    { right: ["a"], wrong: ["a"], group: 1 },
  ];

  test("count ties as errors and group in order", () => {
    const score = (sentences: readonly (readonly string[])[]) =>
      sentences.map(([word]) => (word === "a" ? -1 : -2));
    expect(minimalPairErrors(pairs, score)).toEqual([
      { group: 0, items: 1, errors: 1, errorRate: 1 },
      { group: 1, items: 2, errors: 1, errorRate: 0.5 },
    ]);
  });

  test("refuse scorers that give NaN or too few scores, and answers that are no candidates", () => {
    expect(() => minimalPairErrors(pairs, () => [0])).toThrowError(/gave 1 scores for 6 sentences/);
    expect(() => minimalPairErrors(pairs, (s) => s.map(() => Number.NaN))).toThrowError(
      'minimal pairs: the score of "a" is NaN.',
    );
    const cloze = { context: ["x"], answer: "a", candidates: ["b"], group: 0 };
    expect(() => clozeErrors([cloze], () => [0])).toThrowError(
      expect.objectContaining({ code: "CLOZE" }),
    );
  });
});

describe("templates", () => {
  test("tickets: the answer stood in the opening, with the asked fillers in between", () => {
    const vocabulary = new Set(ticketsVocabulary());
    for (const distance of [0, 3, 10]) {
      for (const { context, answer, candidates, group } of ticketsClozes(
        50,
        distance,
        new Rng(4),
      )) {
        expect(context.indexOf(answer)).toBe(6);
        expect(context.filter((word) => word === ".")).toHaveLength(distance + 1);
        expect(candidates).toContain(answer);
        expect(group).toBe(distance);
        expect([...context, ...candidates].filter((word) => !vocabulary.has(word))).toEqual([]);
      }
    }
  });

  test("a reader that repeats the noun of the opening makes no error on tickets, a guesser most", () => {
    const items = ticketsClozes(80, 5, new Rng(5));
    const reader = (sentences: readonly (readonly string[])[]) =>
      sentences.map((words) => (words.at(-1) === words[6] ? 0 : -1));
    expect(clozeErrors(items, reader)).toEqual([{ group: 5, items: 80, errors: 0, errorRate: 0 }]);
    const guesser = (sentences: readonly (readonly string[])[]) =>
      sentences.map((words) => (words.at(-1) === "maps" ? 0 : -1));
    expect(clozeErrors(items, guesser)[0]?.errorRate).toBeGreaterThan(0.7);
  });

  test("gender: pronouns follow the last subject, and the labels change with it", () => {
    const vocabulary = new Set(genderVocabulary());
    for (const { words, gender, pronouns } of genderTexts(40, 3, new Rng(6))) {
      expect(gender).toHaveLength(words.length);
      expect(pronouns).toHaveLength(3);
      for (const at of pronouns) expect(words[at]).toBe(gender[at] === 1 ? "he" : "she");
      expect(words.filter((word) => !vocabulary.has(word))).toEqual([]);
    }
  });

  test("relative clauses: the verb agrees with the first noun, whatever the owner's number", () => {
    const pairs = relativeClausePairs(200, new Rng(7));
    for (const { right, wrong, group } of pairs) {
      const [subject, owner] = [right[1] as string, right[3] as string];
      const plural = (noun: string) => /(s|es|ies)$/.test(noun) && !/^(bus)$/.test(noun);
      expect(right.at(-3)).toBe(plural(subject) ? "were" : "was");
      expect(wrong.at(-3)).toBe(plural(subject) ? "was" : "were");
      expect(group).toBe(plural(subject) === plural(owner) ? 0 : 1);
    }
    expect(
      pairs.some(
        ({ right }) => right.join(" ") === "the flights the airline was cancelling were full .",
      ),
    ).toBe(true);
  });
});
