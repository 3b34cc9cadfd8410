/**
 * Turns counts into a model by interpolation with all shorter contexts. With count c (raw or adjusted) of h w:
 *
 *   P(w | h) = m(c) / d(h) + γ(h) P(w | h')      γ(h) = 1 - Σ_{kept w} m(c) / d(h)
 *   P(w | ε) = m(c) / d(ε) + γ(ε) / |V|          |V| counts all ids but the begin mark
 *
 * The scheme says m and d; Kneser-Ney, Witten-Bell, Jelinek-Mercer and maximum likelihood are four of them.
 * Pruned n-grams leave their whole mass to γ, so the model still sums to 1 (as KenLM's lmplz).
 */
import { checkInteger, OptionError } from "@seq/core";
import type { NgramCounts, NgramLevel } from "./counts.ts";
import { NgramModel } from "./ngram-model.ts";
import { childStartsOf, findChild, type TrieLevel } from "./trie.ts";

export interface InterpolationScheme {
  readonly method: string;
  readonly counts: "raw" | "adjusted";
  /** m(c): the part of a count that the n-gram itself keeps, 0..c. */
  mass(count: number, order: number): number;
  /** d(h), from the sum of all counts after h and the number of different words after it. */
  denominator(total: number, types: number, order: number): number;
}

export interface PruneOptions {
  /**
   * Leave out n-grams that were seen at most this often, one number per order (the last holds for higher
   * orders), not falling, 0 for order 1: lmplz's `--prune`. Default none.
   */
  readonly prune?: readonly number[];
  /** False gives the unigrams' leftover mass to the unknown id alone (lmplz's `--interpolate_unigrams 0`). */
  readonly interpolateUnigrams?: boolean;
}

export function interpolatedModel(
  counts: NgramCounts,
  scheme: InterpolationScheme,
  { prune = [], interpolateUnigrams = true }: PruneOptions = {},
): NgramModel {
  const thresholds = checkPrune(prune, counts.order);
  const { corpus } = counts;
  const first = unigrams(counts, scheme, interpolateUnigrams);
  const levels: TrieLevel[] = [first.level];
  let probs = first.probs;
  let suffixes: Int32Array = new Int32Array(0); // index of w_2..w_n in the level below, per kept n-gram
  let kept: Int32Array | undefined; // index among the kept ones, -1 for pruned
  for (let n = 2; n <= counts.order; n++) {
    const source = counts.levels[n - 1]!;
    const weights = contextWeights(
      source,
      scheme,
      counts.levels[n - 2]!.length,
      thresholds[n - 1]!,
    );
    const level = keptLevel(counts, n, thresholds[n - 1]!, kept);
    finishContexts(levels, weights.gamma, kept, level.parents);
    const words = level.words;
    const length = words.length;
    const found = new Int32Array(length);
    const next = new Float64Array(length);
    const count = source[scheme.counts];
    for (let i = 0; i < length; i++) {
      const word = words[i]!;
      const parent = level.parents[i]!;
      found[i] =
        n === 2 ? word : findChild(levels[n - 3]!, levels[n - 2]!, suffixes[parent]!, word);
      const full = level.from[i]!;
      const context = source.parents[full]!;
      next[i] =
        scheme.mass(count[full]!, n) / weights.denominators[context]! +
        weights.gamma[context]! * probs[found[i]!]!;
    }
    suffixes = found;
    probs = next;
    levels.push({
      order: n,
      length,
      words,
      logProbs: Float32Array.from(next, Math.log10),
      backoffs: new Float32Array(0),
      childStarts: new Uint32Array(0),
    });
    kept = level.kept;
  }
  return new NgramModel({
    trie: { levels },
    vocabSize: corpus.vocabSize,
    beginId: corpus.beginId,
    endId: corpus.endId,
    unknownId: corpus.unknownId,
    vocabulary: corpus.vocabulary,
    method: scheme.method,
  });
}

/** @throws {OptionError} `OPTION_RANGE` */
export function checkPrune(prune: readonly number[], order: number): number[] {
  if (prune.length > order) {
    throw pruneError(prune, `at most ${order} numbers (order)`);
  }
  const thresholds = Array.from({ length: order }, (_, i) => prune[i] ?? prune.at(-1) ?? 0);
  thresholds.forEach((threshold, i) => {
    checkInteger("n-gram estimation", `prune[${i}]`, threshold, { min: 0 });
    if (i > 0 && threshold < thresholds[i - 1]!)
      throw pruneError(prune, "numbers that do not fall");
  });
  if (thresholds[0] !== 0) throw pruneError(prune, "0 for order 1 (unigrams are never pruned)");
  return thresholds;
}

function pruneError(prune: readonly number[], expected: string): OptionError {
  return new OptionError(
    `n-gram estimation: prune is [${prune.join(", ")}], expected ${expected}.`,
    {
      code: "OPTION_RANGE",
      details: { option: "prune", value: prune },
    },
  );
}

function unigrams(
  { corpus, levels, order }: NgramCounts,
  scheme: InterpolationScheme,
  interpolate: boolean,
): { level: TrieLevel; probs: Float64Array } {
  const { vocabSize, beginId, unknownId } = corpus;
  const { length } = levels[0]!;
  const count = levels[0]![scheme.counts];
  let total = 0;
  let types = 0;
  for (let id = 0; id < length; id++) {
    total += count[id]!;
    if (count[id]! > 0) types++;
  }
  const denominator = scheme.denominator(total, types, 1);
  let left = denominator - total;
  for (let id = 0; id < length; id++)
    if (count[id]! > 0) left += count[id]! - scheme.mass(count[id]!, 1);
  const gamma = left / denominator;
  if (!interpolate && unknownId === undefined) {
    throw new OptionError(
      "n-gram estimation: interpolateUnigrams is false, which gives the leftover mass to the unknown id, but the corpus has no unknownId.",
      { code: "OPTION_RANGE", details: { option: "interpolateUnigrams" } },
    );
  }
  const uniform = interpolate ? gamma / (vocabSize - (beginId < vocabSize ? 1 : 0)) : 0;
  const probs = new Float64Array(length);
  const logProbs = new Float32Array(length);
  for (let id = 0; id < length; id++) {
    probs[id] = (count[id]! > 0 ? scheme.mass(count[id]!, 1) / denominator : 0) + uniform;
    if (!interpolate && id === unknownId) probs[id]! += gamma;
    logProbs[id] = Math.log10(probs[id]!);
  }
  logProbs[beginId] = 0; // as lmplz writes it; it is never asked for
  const highest = order === 1;
  const backoffs = new Float32Array(highest ? 0 : length);
  const childStarts = new Uint32Array(highest ? 0 : length + 1);
  return {
    level: { order: 1, length, words: new Int32Array(0), logProbs, backoffs, childStarts },
    probs,
  };
}

/** d(h) and γ(h) of every context, over all its n-grams, pruned or not. */
function contextWeights(
  level: NgramLevel,
  scheme: InterpolationScheme,
  contexts: number,
  threshold: number,
): { denominators: Float64Array; gamma: Float64Array } {
  const totals = new Float64Array(contexts);
  const types = new Uint32Array(contexts);
  const left = new Float64Array(contexts);
  const count = level[scheme.counts];
  for (let i = 0; i < level.length; i++) {
    const context = level.parents[i]!;
    const c = count[i]!;
    totals[context]! += c;
    types[context]!++;
    left[context]! += level.raw[i]! <= threshold ? c : c - scheme.mass(c, level.order);
  }
  const gamma = new Float64Array(contexts).fill(1);
  const denominators = new Float64Array(contexts);
  for (let h = 0; h < contexts; h++) {
    if (types[h] === 0) continue;
    const d = scheme.denominator(totals[h]!, types[h]!, level.order);
    denominators[h] = d;
    gamma[h] = (left[h]! + (d - totals[h]!)) / d;
  }
  return { denominators, gamma };
}

interface KeptLevel {
  readonly words: Int32Array;
  /** Index of each kept n-gram among all of its order. */
  readonly from: Uint32Array;
  /** Index of its context among the kept ones. */
  readonly parents: Uint32Array;
  /** For all n-grams of the order: index among the kept, or -1. */
  readonly kept: Int32Array;
}

function keptLevel(
  { levels, text }: NgramCounts,
  n: number,
  threshold: number,
  keptBelow: Int32Array | undefined,
): KeptLevel {
  const { length, raw, ends, parents } = levels[n - 1]!;
  const kept = new Int32Array(length);
  let size = 0;
  for (let i = 0; i < length; i++) kept[i] = raw[i]! > threshold ? size++ : -1;
  const result = {
    words: new Int32Array(size),
    from: new Uint32Array(size),
    parents: new Uint32Array(size),
    kept,
  };
  for (let i = 0; i < length; i++) {
    const k = kept[i]!;
    if (k < 0) continue;
    result.words[k] = text[ends[i]!]!;
    result.from[k] = i;
    const parent = parents[i]!;
    result.parents[k] = keptBelow === undefined ? parent : keptBelow[parent]!;
  }
  return result;
}

/** Fills in the backoffs and children of the highest level so far, now that the next is known. */
function finishContexts(
  levels: TrieLevel[],
  gamma: Float64Array,
  kept: Int32Array | undefined,
  parents: Uint32Array,
): void {
  const level = levels.at(-1)!;
  const backoffs = new Float32Array(level.length);
  for (let h = 0; h < gamma.length; h++) {
    const index = kept === undefined ? h : kept[h]!;
    if (index >= 0) backoffs[index] = Math.log10(gamma[h]!);
  }
  levels[levels.length - 1] = {
    ...level,
    backoffs,
    childStarts: childStartsOf(parents, level.length),
  };
}
