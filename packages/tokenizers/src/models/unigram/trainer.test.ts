import { readFileSync } from "node:fs";
import { Rng, SeqError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseAlphabet } from "../../training/alphabet.ts";
import { runToEnd, type TrainingProgress } from "../../training/progress.ts";
import { countsOf, sortCounts, WordCounter, type WordCounts } from "../../training/word-counts.ts";
import { ExpectationStep } from "./em.ts";
import { PieceEdges } from "./piece-edges.ts";
import { findSeeds, type SeedOptions, selectGreatest } from "./seeds.ts";
import { learnUnigram, type UnigramTrainingOptions } from "./trainer.ts";
import { cutRuns, spellPiece } from "./training-text.ts";

const mini = countsOf(Object.entries({ hug: 10, pug: 5, pun: 12, bun: 4, hugs: 5 }));

function errorOf(body: () => unknown): SeqError {
  try {
    body();
  } catch (error) {
    if (SeqError.is(error)) return error;
  }
  throw new Error("expected a SeqError");
}

const seedDefaults: SeedOptions = {
  maxPieceLength: 16,
  seedSize: 1_000_000,
  seeds: "maximal",
  wholeWordSeeds: true,
  minFrequency: 1,
};

function seedsOf(words: WordCounts, options: Partial<SeedOptions> = {}): Map<string, number> {
  const corpus = cutRuns(sortCounts(words), chooseAlphabet(words));
  const seeds = findSeeds(corpus, { ...seedDefaults, ...options });
  const pieces = new PieceEdges(corpus, seeds);
  return new Map(
    Array.from(seeds.counts, (count, i) => [
      spellPiece(corpus, pieces.places[i] as number, pieces.lengths[i] as number),
      count,
    ]),
  );
}

describe("seeds", () => {
  test("sum to 210 on the mini corpus when substrings that are only whole words are left out", () => {
    const seeds = seedsOf(mini, { seeds: "all", wholeWordSeeds: false });
    const sum = [...seeds.values()].reduce((a, b) => a + b, 0);
    expect(sum).toBe(210);
    expect(seeds.get("hug")).toBe(15);
    const p = (piece: string) => (seeds.get(piece) as number) / sum;
    expect(p("p") * p("u") * p("g")).toBeCloseTo(0.0013217, 7);
    expect(p("pu") * p("g")).toBeCloseTo(0.0077098, 7);
    expect(p("p") * p("ug")).toBeCloseTo(0.0077098, 7);
  });

  test("sum to 236 with all substrings", () => {
    const seeds = seedsOf(mini, { seeds: "all" });
    const sum = [...seeds.values()].reduce((a, b) => a + b, 0);
    expect(sum).toBe(236);
    const p = (piece: string) => (seeds.get(piece) as number) / sum;
    expect(p("p") * p("u") * p("g")).toBeCloseTo(0.00093121, 8);
    expect(p("pu") * p("g")).toBeCloseTo(0.0061046, 7);
  });

  const word = fc.string({ unit: fc.constantFrom("a", "b", "世"), minLength: 1, maxLength: 12 });
  const corpora = fc.array(fc.tuple(word, fc.integer({ min: 1, max: 9 })), { minLength: 1 });

  test("count every substring up to the longest length, as counting by hand does", () => {
    fc.assert(
      fc.property(corpora, fc.integer({ min: 1, max: 13 }), (entries, maxPieceLength) => {
        const expected = new Map<string, number>();
        for (const [text, count] of entries) {
          for (let i = 0; i < text.length; i++) {
            for (let j = i + 1; j <= Math.min(text.length, i + maxPieceLength); j++) {
              const piece = text.slice(i, j);
              expected.set(piece, (expected.get(piece) ?? 0) + count);
            }
          }
        }
        const found = seedsOf(countsOf(entries), { seeds: "all", maxPieceLength });
        expect(new Map([...found].sort())).toEqual(new Map([...expected].sort()));
      }),
    );
  });

  test("keep of substrings with the same occurrences the longest one", () => {
    fc.assert(
      fc.property(corpora, (entries) => {
        const all = seedsOf(countsOf(entries), { seeds: "all" });
        for (const [piece, count] of seedsOf(countsOf(entries))) {
          expect(all.get(piece)).toBe(count);
        }
      }),
    );
    const maximal = seedsOf(mini); // "hu" is always followed by "g": only "hug" is kept.
    expect([...maximal.keys()].filter((piece) => piece.length > 1).sort()).toEqual([
      "bun", "gs", "hug", "hugs", "pu", "pug", "pun", "ug", "ugs", "un",
    ]); // biome-ignore format: a list
  });

  test("are limited to the greatest count times length", () => {
    expect([...seedsOf(mini, { seedSize: 2 }).keys()].slice(-2).sort()).toEqual(["hug", "ug"]);
    expect([...selectGreatest(Float64Array.of(3, 1, 3, 2, 3), 2)]).toEqual([0, 2]);
    expect([...selectGreatest(Float64Array.of(3, 1), 5)]).toEqual([0, 1]);
  });
});

describe("ExpectationStep", () => {
  /** Expected counts and log-likelihood by trying all segmentations of every word. */
  function bruteForce(entries: [string, number][], probs: Map<string, number>) {
    const counts = new Map([...probs.keys()].map((piece) => [piece, 0]));
    let logLikelihood = 0;
    for (const [word, count] of entries) {
      const paths = segmentations(word, probs);
      const total = paths.reduce((sum, { p }) => sum + p, 0);
      for (const { pieces, p } of paths) {
        for (const piece of pieces) {
          counts.set(piece, (counts.get(piece) ?? 0) + (count * p) / total);
        }
      }
      logLikelihood += count * Math.log(total);
    }
    return { counts, logLikelihood };
  }

  function segmentations(word: string, probs: Map<string, number>) {
    if (word === "") return [{ pieces: [] as string[], p: 1 }];
    const found: { pieces: string[]; p: number }[] = [];
    for (let end = 1; end <= word.length; end++) {
      const p = probs.get(word.slice(0, end));
      if (p === undefined) continue;
      for (const rest of segmentations(word.slice(end), probs)) {
        found.push({ pieces: [word.slice(0, end), ...rest.pieces], p: p * rest.p });
      }
    }
    return found;
  }

  test("equals the sum over all segmentations", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 6 }), (words) => {
        const entries = words.sort().map((w, i): [string, number] => [w, i + 1]);
        const corpus = cutRuns(countsOf(entries), chooseAlphabet(countsOf(entries)));
        const pieces = new PieceEdges(corpus, findSeeds(corpus, seedDefaults));
        const names = Array.from(pieces.lengths, (length, i) =>
          spellPiece(corpus, pieces.places[i] as number, length),
        );
        const probs = Float64Array.from(names, (_, i) => 1 / (i + 2));
        const expected = bruteForce(entries, new Map(names.map((n, i) => [n, 1 / (i + 2)])));
        const result = new ExpectationStep(corpus).run(pieces, probs);
        expect(result.logLikelihood).toBeCloseTo(expected.logLikelihood, 9);
        names.forEach((name, i) => {
          expect(result.counts[i]).toBeCloseTo(expected.counts.get(name) as number, 9);
        });
      }),
    );
  });

  test("stays exact on words so long that their probability is below the least number", () => {
    // With characters only there is one segmentation: the counts are known, and so is the likelihood.
    const length = 5000;
    const words = countsOf([["ab".repeat(length / 2), 3]]);
    const corpus = cutRuns(words, chooseAlphabet(words));
    const pieces = new PieceEdges(corpus, findSeeds(corpus, { ...seedDefaults, seedSize: 1 }));
    pieces.keep(Int32Array.of(0, 1));
    const { counts, logLikelihood } = new ExpectationStep(corpus).run(
      pieces,
      Float64Array.of(1e-9, 1e-7),
    );
    expect(counts[0]).toBeCloseTo((3 * length) / 2, 6);
    expect(counts[1]).toBeCloseTo((3 * length) / 2, 6);
    const expected = 3 * (length / 2) * (Math.log(1e-9) + Math.log(1e-7));
    expect(logLikelihood / expected).toBeCloseTo(1, 12);
  });

  test("adds up to the length of the corpus on long words with many segmentations", () => {
    const rng = new Rng(5);
    const text = Array.from({ length: 3000 }, () => "abc"[rng.integer(3)]).join("");
    const words = countsOf([[text, 2]]);
    const corpus = cutRuns(words, chooseAlphabet(words));
    const pieces = new PieceEdges(corpus, findSeeds(corpus, seedDefaults));
    const probs = new Float64Array(pieces.pieces).fill(1 / pieces.pieces);
    const { counts } = new ExpectationStep(corpus).run(pieces, probs);
    const characters = counts.reduce((sum, count, i) => sum + count * (pieces.lengths[i] ?? 0), 0);
    expect(characters / 6000).toBeCloseTo(1, 9);
  });
});

describe("learnUnigram", () => {
  function shakespeare(lines: number): WordCounts {
    const counter = new WordCounter();
    const text = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8");
    for (const line of text.split("\n").slice(0, lines)) {
      for (const word of line.split(" ")) if (word !== "") counter.addText(`▁${word}`);
    }
    return counter.toCounts();
  }

  function learn(words: WordCounts, options: UnigramTrainingOptions) {
    const steps: TrainingProgress[] = [];
    const control = { onProgress: (step: TrainingProgress) => void steps.push(step) };
    return { ...runToEnd(learnUnigram(words, options), control), steps };
  }

  test("gives exactly the wanted number of tokens, special tokens first, then by probability", () => {
    const specialTokens = ["<unk>", "<s>", "</s>"];
    for (const vocabSize of [80, 500, 777]) {
      const { pieces } = learn(shakespeare(1500), { vocabSize, specialTokens });
      expect(pieces.length).toBe(vocabSize);
      expect(pieces.slice(0, 3)).toEqual(specialTokens.map((token) => [token, 0]));
      const scores = pieces.slice(3).map(([, score]) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
      expect(new Set(pieces.map(([piece]) => piece)).size).toBe(vocabSize);
    }
  });

  test("never lowers the likelihood by a step of EM, and logs the loss of each pruning", () => {
    const { steps } = learn(shakespeare(2500), { vocabSize: 400, emSteps: 6 });
    let before = Number.NEGATIVE_INFINITY;
    let rises = 0;
    for (const { phase, logLikelihood = 0, loss } of steps) {
      if (phase === "em") {
        expect(logLikelihood).toBeGreaterThanOrEqual(before - Math.abs(before) * 1e-12);
        if (before !== Number.NEGATIVE_INFINITY) rises++;
        before = logLikelihood;
      } else if (phase === "prune") {
        expect(loss).toBeGreaterThanOrEqual(0);
        before = Number.NEGATIVE_INFINITY; // Fewer pieces: the likelihood falls, then EM starts anew.
      }
    }
    expect(rises).toBeGreaterThan(30);
    const losses = steps.filter(({ phase }) => phase === "prune").map(({ loss }) => loss as number);
    expect(losses.length).toBeGreaterThan(4);
    expect(losses.at(-1)).toBeGreaterThan(1000);
  });

  test("is sparser with the prior: rare pieces lose probability", () => {
    const plain = learn(shakespeare(1500), { vocabSize: 500 });
    const sparse = learn(shakespeare(1500), { vocabSize: 500, sparse: true });
    expect(sparse.pieces.length).toBe(500);
    expect(sparse.pieces).not.toEqual(plain.pieces);
  });

  test("needs at most 2 % more tokens than SentencePiece's model of the same size", () => {
    const words = shakespeare(3000);
    const specialTokens = ["<unk>", "<s>", "</s>"];
    const options = { vocabSize: 400, specialTokens, characterCoverage: 0.9995 };
    const { pieces } = learn(words, options);
    const vocab = readFileSync(sharedPath("goldens/sentencepiece/uni400_nmt.vocab"), "utf8");
    const theirs = vocab
      .trimEnd()
      .split("\n")
      .map((line): [string, number] => {
        const [piece, score] = line.split("\t") as [string, string];
        return [piece, Number(score)];
      });
    expect(theirs.length).toBe(400);
    expect(countTokens(words, pieces) / countTokens(words, theirs)).toBeLessThan(1.02);
  });

  test("gives the same bytes for any order of the corpus", () => {
    const entries: [string, number][] = [["▁hug", 10], ["▁pug", 5], ["▁hugs", 5], ["▁bugs", 3], ["▁shrug", 2]]; // biome-ignore format: a list
    const expected = JSON.stringify(learn(countsOf(entries), { vocabSize: 14 }).pieces);
    const rng = new Rng(1);
    for (let i = 0; i < 20; i++) {
      const shuffled = countsOf(rng.shuffle([...entries]));
      expect(JSON.stringify(learn(shuffled, { vocabSize: 14 }).pieces)).toBe(expected);
    }
  });

  test("has byte tokens after the special ones and leaves rare characters to them", () => {
    const words = countsOf([
      ["aaaa", 100],
      ["é", 1],
    ]);
    const options = { vocabSize: 260, byteFallback: true, characterCoverage: 0.99 };
    const { pieces } = learn(words, { ...options, specialTokens: ["<unk>"] });
    const tokens = pieces.map(([token]) => token);
    expect(tokens.slice(0, 2)).toEqual(["<unk>", "<0x00>"]);
    expect(tokens).toContain("a");
    expect(tokens).not.toContain("é");
  });

  test("trains on bytes", () => {
    const words = countsOf([["世世", 5]]);
    const { pieces } = learn(words, { vocabSize: 256 + 4, unit: "byte" });
    expect(pieces.map(([token]) => token)).toContain("ä¸ĸä¸ĸ");
  });

  test("gives a smaller vocabulary than asked by default, and an error with strictVocabSize", () => {
    expect(learn(mini, { vocabSize: 100 }).pieces.length).toBe(17);
    const error = errorOf(() => learn(mini, { vocabSize: 100, strictVocabSize: true }));
    expect(error.code).toBe("VOCAB_SIZE");
    expect(error.message).toBe(
      "UnigramTrainer: the corpus gives a vocabulary of at most 17 tokens, vocabSize is 100; lower vocabSize to 17, add text, or leave strictVocabSize off.",
    );
    expect(errorOf(() => learn(mini, { vocabSize: 3 })).code).toBe("VOCAB_SIZE");
    expect(errorOf(() => learn(mini, { vocabSize: 9, shrinkingFactor: 1 })).code).toBe(
      "OPTION_RANGE",
    );
  });
});

/** Tokens of the whole corpus on best paths; a character that is no piece is one token. */
function countTokens(words: WordCounts, pieces: readonly (readonly [string, number])[]): number {
  const scores = new Map(pieces.slice(3));
  const unknown = Math.min(...scores.values()) - 10;
  const longest = Math.max(...[...scores.keys()].map((piece) => piece.length));
  const decoder = new TextDecoder();
  let tokens = 0;
  for (let w = 0; w < words.counts.length; w++) {
    const word = decoder.decode(words.bytes.subarray(words.begins[w], words.begins[w + 1]));
    const best = new Float64Array(word.length + 1).fill(Number.NEGATIVE_INFINITY);
    const parts = new Int32Array(word.length + 1);
    best[0] = 0;
    for (let i = 0; i < word.length; i++) {
      for (let j = i + 1; j <= Math.min(word.length, i + longest); j++) {
        const score = scores.get(word.slice(i, j)) ?? (j === i + 1 ? unknown : undefined);
        if (score === undefined || (best[i] as number) + score <= (best[j] as number)) continue;
        best[j] = (best[i] as number) + score;
        parts[j] = (parts[i] as number) + 1;
      }
    }
    tokens += (parts[word.length] as number) * (words.counts[w] as number);
  }
  return tokens;
}
