/**
 * Unigram: starts from all frequent substrings and throws pieces away until the vocabulary has the
 * wanted size (Kudo 2018; the method of SentencePiece's trainer).
 *
 *   1. seeds: the characters and the substrings of greatest count * length
 *   2. repeat: `emSteps` of expectation-maximisation; stop at the wanted size;
 *      else keep the share `shrinkingFactor` of the pieces, those that cost most likelihood
 *   3. the pieces sorted by probability
 *
 * A step of plain EM never lowers the likelihood of the corpus. `sparse: true` takes exp(digamma(count)) for
 * the count, as SentencePiece does (a sparse Dirichlet prior, Liang & Klein 2007); then rare pieces fade
 * faster and the likelihood may fall.
 *
 * Deterministic: words are sorted first, sums run in their order, ties go to the piece that comes first
 * in the order of the sorted suffixes. Logarithms are our own. Cost: O(n L) for n characters in the
 * distinct words and pieces of at most L; memory about 50 bytes a character and 4 a place of a piece.
 */
import { checkInteger, checkNumber, checkOneOf, checkOptions, OptionError } from "@seq/core";
import { type AlphabetOptions, chooseAlphabet } from "../../training/alphabet.ts";
import { digamma, exp, log } from "../../training/portable-math.ts";
import {
  type TrainingProgress,
  type TrainingRun,
  vocabularyTooSmall,
} from "../../training/progress.ts";
import { sortCounts, type WordCounts } from "../../training/word-counts.ts";
import { byteToken } from "../byte-tokens.ts";
import { ExpectationStep } from "./em.ts";
import { PieceEdges } from "./piece-edges.ts";
import { choosePruning } from "./prune.ts";
import { findSeeds, type SeedOptions } from "./seeds.ts";
import { cutRuns, spellPiece, type TrainingText } from "./training-text.ts";

export interface UnigramTrainingOptions extends AlphabetOptions, Partial<SeedOptions> {
  /** Wanted number of tokens in all: special tokens, byte tokens and pieces. */
  readonly vocabSize: number;
  readonly specialTokens?: readonly string[] | undefined;
  /** Tokens `<0x00>` to `<0xFF>` for characters outside the alphabet. */
  readonly byteFallback?: boolean | undefined;
  /** When the corpus gives fewer tokens than `vocabSize`: an error (`true`) or a smaller vocabulary (default). */
  readonly strictVocabSize?: boolean | undefined;
  /** Share of the pieces that one pruning keeps, above 0 and below 1. Default 0.75. */
  readonly shrinkingFactor?: number | undefined;
  /** Steps of EM between prunings. Default 2. */
  readonly emSteps?: number | undefined;
  /** The sparse prior of SentencePiece's trainer. Default false: plain EM. */
  readonly sparse?: boolean | undefined;
}

export interface TrainedUnigram {
  /** Token and log-probability (nats) by id; special and byte tokens have 0. */
  readonly pieces: readonly (readonly [token: string, score: number])[];
}

const where = "UnigramTrainer";
const leastCharacterProb = 1e-9;

/**
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`, or `VOCAB_SIZE` when the alphabet alone exceeds
 *   `vocabSize`, or `strictVocabSize` is on and the corpus gives less.
 */
export function* learnUnigram(
  words: WordCounts,
  options: UnigramTrainingOptions,
): TrainingRun<TrainedUnigram> {
  const settings = checkSettings(options);
  const alphabet = chooseAlphabet(words, options);
  const corpus = cutRuns(sortCounts(words), alphabet, options.unit);
  const reserved = reservedTokens(options);
  const wanted = options.vocabSize - reserved.length;
  const characters = corpus.alphabet.length;
  if (wanted < characters) {
    throw new OptionError(
      `${where}: vocabSize is ${options.vocabSize}, but special tokens and alphabet alone are ${reserved.length + characters} tokens; raise vocabSize, or lower the alphabet with limitAlphabet or characterCoverage.`,
      { code: "VOCAB_SIZE", details: { needed: reserved.length + characters } },
    );
  }
  const seeds = findSeeds(corpus, settings);
  yield { phase: "seed", done: seeds.counts.length };
  const pieces = new PieceEdges(corpus, seeds);
  const probs = yield* shrink(corpus, pieces, normalise(seeds.counts), wanted, settings);
  const learned = scorePieces(corpus, pieces, probs);
  const size = reserved.length + learned.length;
  if (options.strictVocabSize && size < options.vocabSize) {
    throw vocabularyTooSmall(where, size, options.vocabSize);
  }
  return { pieces: [...reserved.map((token) => [token, 0] as const), ...learned] };
}

/** EM and pruning by turns until `wanted` pieces are left; returns their probabilities. */
function* shrink(
  corpus: TrainingText,
  pieces: PieceEdges,
  seedProbs: Float64Array,
  wanted: number,
  settings: Settings,
): TrainingRun<Float64Array> {
  const step = new ExpectationStep(corpus);
  const characters = corpus.alphabet.length;
  let probs = seedProbs;
  for (;;) {
    let logLikelihood = 0;
    for (let i = 0; i < settings.emSteps; i++) {
      const expectation = step.run(pieces, probs);
      const { counts } = expectation;
      probs = settings.sparse ? sparsify(counts, characters) : normalise(counts);
      logLikelihood = expectation.logLikelihood;
      yield progress("em", pieces.pieces, wanted, { logLikelihood });
    }
    if (pieces.pieces <= wanted) return probs;
    const size = Math.max(wanted, Math.floor(pieces.pieces * settings.shrinkingFactor));
    const { kept, loss } = choosePruning(corpus, pieces, probs, wanted, size);
    const previous = probs;
    probs = normalise(
      Float64Array.from(kept, (piece, i) =>
        // The pieces that stood in for a character may be gone: words must stay possible.
        Math.max(previous[piece] as number, i < characters ? leastCharacterProb : 0),
      ),
    );
    pieces.keep(kept);
    yield progress("prune", pieces.pieces, wanted, { logLikelihood, loss });
  }
}

function progress(
  phase: "em" | "prune",
  done: number,
  total: number,
  figures: { logLikelihood: number; loss?: number },
): TrainingProgress {
  return { phase, done, total, ...figures };
}

/** Maximum likelihood: counts to probabilities. */
function normalise(counts: Float64Array): Float64Array {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i] as number;
  return counts.map((count) => count / total);
}

/**
 * The mean-field estimate under a Dirichlet prior of concentration 0; sums to less than 1. Characters
 * never fall to 0, or a word whose pieces all fade would become impossible.
 */
function sparsify(counts: Float64Array, characters: number): Float64Array {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i] as number;
  const offset = digamma(total);
  return counts.map((count, i) => {
    const p = count < 1e-3 ? 0 : exp(digamma(count) - offset);
    return i < characters ? Math.max(p, leastCharacterProb) : p;
  });
}

/**
 * Sorted by score, equal scores by string. A character that the best model hardly uses alone would get a
 * score near minus infinity: it gets the score of the least likely substring instead.
 */
function scorePieces(
  corpus: TrainingText,
  pieces: PieceEdges,
  probs: Float64Array,
): [string, number][] {
  const characters = corpus.alphabet.length;
  let least = Number.POSITIVE_INFINITY;
  for (let piece = characters; piece < probs.length; piece++) {
    const p = probs[piece] as number;
    if (p > 0 && p < least) least = p;
  }
  const learned: [string, number][] = [];
  for (let piece = 0; piece < probs.length; piece++) {
    const token =
      piece < characters
        ? (corpus.alphabet[piece] as string)
        : spellPiece(corpus, pieces.places[piece] as number, pieces.lengths[piece] as number);
    const floor = least === Number.POSITIVE_INFINITY ? 1e-10 : least;
    learned.push([token, log(Math.max(probs[piece] as number, floor))]);
  }
  return learned.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}

function reservedTokens(options: UnigramTrainingOptions): string[] {
  const tokens = [...(options.specialTokens ?? [])];
  if (options.byteFallback) for (let byte = 0; byte < 256; byte++) tokens.push(byteToken(byte));
  return tokens;
}

interface Settings extends SeedOptions {
  readonly shrinkingFactor: number;
  readonly emSteps: number;
  readonly sparse: boolean;
}

function checkSettings(options: UnigramTrainingOptions): Settings {
  checkOptions(where, options, unigramOptionNames);
  checkInteger(where, "vocabSize", options.vocabSize, { min: 1 });
  const { maxPieceLength = 16, seedSize = 1_000_000, minFrequency = 2 } = options;
  const { shrinkingFactor = 0.75, emSteps = 2, characterCoverage = 1 } = options;
  checkNumber(where, "characterCoverage", characterCoverage, { min: 0, max: 1 });
  return {
    maxPieceLength: checkInteger(where, "maxPieceLength", maxPieceLength, { min: 1, max: 65535 }),
    seedSize: checkInteger(where, "seedSize", seedSize, { min: 1 }),
    minFrequency: checkInteger(where, "minFrequency", minFrequency, { min: 1 }),
    seeds: checkOneOf(where, "seeds", options.seeds ?? "maximal", ["maximal", "all"]),
    wholeWordSeeds: options.wholeWordSeeds ?? true,
    shrinkingFactor: checkNumber(where, "shrinkingFactor", shrinkingFactor, {
      min: 0.01,
      max: 0.99,
    }),
    emSteps: checkInteger(where, "emSteps", emSteps, { min: 1 }),
    sparse: options.sparse ?? false,
  };
}

export const unigramOptionNames = [
  "vocabSize",
  "specialTokens",
  "byteFallback",
  "strictVocabSize",
  "unit",
  "allBytes",
  "initialAlphabet",
  "limitAlphabet",
  "characterCoverage",
  "maxPieceLength",
  "seedSize",
  "seeds",
  "wholeWordSeeds",
  "minFrequency",
  "shrinkingFactor",
  "emSteps",
  "sparse",
] as const;
