/** Estimators that do not interpolate: add-k and stupid backoff. They write the trie directly. */
import { checkNumber, checkOptions } from "@seq/core";
import type { NgramCorpus } from "./corpus.ts";
import { countNgrams, type NgramCounts } from "./counts.ts";
import type { OrderOption } from "./estimate.ts";
import { NgramModel } from "./ngram-model.ts";
import { childStartsOf, type TrieLevel } from "./trie.ts";

export interface AddKOptions extends OrderOption {
  /** Added to every count; 1 is Laplace's rule. Above 0. */
  readonly k?: number;
}

/**
 * Add-k smoothing: P(w | h) = (c(h w) + k) / (c(h) + k |V|), h the last order - 1 ids (fewer only at a sentence's
 * begin). Shorter contexts play no part: an unseen context gives 1/|V|.
 */
export function estimateAddK(corpus: NgramCorpus, options: AddKOptions): NgramModel {
  checkOptions("estimateAddK", options, ["order", "k"]);
  const k = checkNumber("estimateAddK", "k", options.k ?? 1, { min: Number.MIN_VALUE });
  const counts = countNgrams(corpus, options.order);
  const size = corpus.vocabSize - (corpus.beginId < corpus.vocabSize ? 1 : 0);
  const { order, text } = counts;
  // In the backoff form: listed n-grams hold their probability, and a seen context's unseen words get
  // k / (c(h) + k |V|) = b(h) / |V| by backing off through contexts of weight 1 to a uniform unigram.
  return build(counts, "add-k", true, 0, (n) => {
    const { raw, ends, length, parents } = counts.levels[n - 1]!;
    if (n === 1) {
      if (order > 1) return { probs: new Float64Array(length).fill(1 / size), backoffs: undefined };
      const total = sum(raw);
      return {
        probs: Float64Array.from(raw, (c) => (c + k) / (total + k * size)),
        backoffs: undefined,
      };
    }
    const contexts = counts.levels[n - 2]!.length;
    const totals = new Float64Array(contexts);
    const isFull = (i: number): boolean => n === order || text[ends[i]! - n + 1] === corpus.beginId;
    for (let i = 0; i < length; i++) if (isFull(i)) totals[parents[i]!]! += raw[i]!;
    const probs = new Float64Array(length).fill(Number.NaN); // shorter n-grams are contexts only
    for (let i = 0; i < length; i++) {
      if (isFull(i)) probs[i] = (raw[i]! + k) / (totals[parents[i]!]! + k * size);
    }
    const backoffs = Float64Array.from(totals, (total) =>
      total === 0 ? 1 : (k * size) / (total + k * size),
    );
    return { probs, backoffs };
  });
}

export interface StupidBackoffOptions extends OrderOption {
  /** The factor of each step to a shorter context. Default 0.4. */
  readonly alpha?: number;
}

/**
 * Stupid backoff (Brants et al. 2007, eq. 5): S(w | h) = c(h w) / c(h) if seen, else α S(w | h'); unigrams c(w) / N.
 * Scores, not probabilities: `normalized` is false and perplexities of it mean nothing.
 */
export function estimateStupidBackoff(
  corpus: NgramCorpus,
  options: StupidBackoffOptions,
): NgramModel {
  checkOptions("estimateStupidBackoff", options, ["order", "alpha"]);
  const alpha = checkNumber("estimateStupidBackoff", "alpha", options.alpha ?? 0.4, {
    min: Number.MIN_VALUE,
    max: 1,
  });
  const counts = countNgrams(corpus, options.order);
  return build(counts, "stupid-backoff", false, Math.log10(alpha), (n) => {
    const { raw, length, parents } = counts.levels[n - 1]!;
    if (n === 1) {
      const total = sum(raw);
      return { probs: Float64Array.from(raw, (c) => c / total), backoffs: undefined };
    }
    const totals = new Float64Array(counts.levels[n - 2]!.length);
    for (let i = 0; i < length; i++) totals[parents[i]!]! += raw[i]!;
    const probs = Float64Array.from(raw, (c, i) => c / totals[parents[i]!]!);
    return { probs, backoffs: new Float64Array(totals.length).fill(alpha) };
  });
}

interface OrderValues {
  /** P of each n-gram of the order. */
  readonly probs: Float64Array;
  /** Weights of the contexts one order below; `undefined` for order 1. */
  readonly backoffs: Float64Array | undefined;
}

function build(
  counts: NgramCounts,
  method: string,
  normalized: boolean,
  missingBackoff: number,
  valuesOf: (n: number) => OrderValues,
): NgramModel {
  const { corpus, order, text } = counts;
  const levels: TrieLevel[] = [];
  for (let n = 1; n <= order; n++) {
    const { length, ends, parents } = counts.levels[n - 1]!;
    const { probs, backoffs } = valuesOf(n);
    if (backoffs !== undefined) {
      const below = levels[n - 2]!;
      levels[n - 2] = {
        ...below,
        backoffs: Float32Array.from(backoffs, Math.log10),
        childStarts: childStartsOf(parents, below.length),
      };
    }
    levels.push({
      order: n,
      length,
      words: ends.map((end) => text[end]!),
      logProbs: Float32Array.from(probs, Math.log10),
      backoffs: new Float32Array(0),
      childStarts: new Uint32Array(0),
    });
  }
  const { vocabSize, beginId, endId, unknownId, vocabulary } = corpus;
  const options = { vocabSize, beginId, endId, unknownId, vocabulary };
  return new NgramModel({ ...options, trie: { levels }, method, normalized, missingBackoff });
}

function sum(values: Uint32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
