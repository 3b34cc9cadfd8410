/** Questions to any language model: probability of a sequence, next-token table, cloze ranking, cross-entropy. */
import { checkInteger, VocabularyError } from "@seq/core";
import type { LanguageModel, ScoreOptions } from "./language-model.types.ts";

/** A candidate next id, as `topK` lists them. */
export interface NextToken {
  readonly id: number;
  /** Nats. */
  readonly logProb: number;
}

/**
 * log P(sequence), nats: the sum of the stepwise log-probabilities.
 *
 * @example Math.exp(sequenceLogProb(model, ids)) // P(w_1..w_n, end)
 */
export function sequenceLogProb(
  model: LanguageModel,
  sequence: ArrayLike<number>,
  options?: ScoreOptions,
): number {
  return model.score([sequence], options)[0]!.logProb;
}

/**
 * The whole distribution of the next id after a prefix, nats; the caller owns the array.
 *
 * @throws {VocabularyError} `UNKNOWN_ID` when the prefix holds an id that the model cannot take.
 */
export function nextLogProbs(model: LanguageModel, prefix: ArrayLike<number>): Float32Array {
  const out = new Float32Array(model.vocabSize);
  const stream = model.stream(1);
  try {
    const one = new Int32Array(1);
    for (let t = 0; t < prefix.length; t++) {
      one[0] = checkId("nextLogProbs", prefix[t]!, model);
      stream.advance(one);
    }
    stream.logProbs(out);
  } finally {
    stream.dispose();
  }
  return out;
}

/**
 * The k most probable next ids after a prefix, best first; equal ones in the order of their ids.
 *
 * @example topK(model, encode("The students opened their"), 3) // [{ id: 812, logProb: -1.2 }, ...]
 */
export function topK(model: LanguageModel, prefix: ArrayLike<number>, k: number): NextToken[] {
  checkInteger("topK", "k", k, { min: 1 });
  const logProbs = nextLogProbs(model, prefix);
  return largest(logProbs, Math.min(k, logProbs.length)).map((id) => ({
    id,
    logProb: logProbs[id]!,
  }));
}

/** Indices of the k largest values, largest first, ties by index; O(n + n log k) by a bounded heap. */
export function largest(values: ArrayLike<number>, k: number): number[] {
  const heap: number[] = []; // the worst kept index on top
  const worse = (a: number, b: number): boolean =>
    values[a]! < values[b]! || (values[a]! === values[b]! && a > b);
  const sink = (start: number): void => {
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && worse(heap[child + 1]!, heap[child]!)) child++;
      if (!worse(heap[child]!, heap[at]!)) return;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
      at = child;
    }
  };
  for (let i = 0; i < values.length; i++) {
    if (heap.length < k) {
      heap.push(i);
      if (heap.length === k) for (let j = (k >> 1) - 1; j >= 0; j--) sink(j);
    } else if (k > 0 && worse(heap[0]!, i)) {
      heap[0] = i;
      sink(0);
    }
  }
  return heap.sort((a, b) => values[b]! - values[a]! || a - b);
}

/** A candidate of a cloze question and how the model rates it. */
export interface RankedCandidate {
  /** Its place in the list that was given. */
  readonly index: number;
  /** log P(candidate, rest | context), nats. */
  readonly logProb: number;
  /** The same divided by the number of ids: fair to candidates of several ids. */
  readonly perToken: number;
}

/**
 * Ranks candidates for a gap: "AI systems use machine ___". All candidates are compared under the same
 * context; `rest` follows the gap.
 *
 * @param candidates - each a sequence of ids (a word may be several ids).
 * @returns the candidates, most probable first.
 */
export function rankCandidates(
  model: LanguageModel,
  context: ArrayLike<number>,
  candidates: readonly ArrayLike<number>[],
  { rest = [] }: { readonly rest?: ArrayLike<number> } = {},
): RankedCandidate[] {
  const sequences = candidates.map((candidate) => [
    ...Array.from(context),
    ...Array.from(candidate),
    ...Array.from(rest),
  ]);
  const scores = model.score(sequences, { end: false });
  const ranked = scores.map(({ logProbs }, index) => {
    let logProb = 0;
    for (let t = context.length; t < logProbs.length; t++) logProb += logProbs[t]!;
    return { index, logProb, perToken: logProb / Math.max(1, logProbs.length - context.length) };
  });
  return ranked.sort((a, b) => b.logProb - a.logProb || a.index - b.index);
}

/** What a model makes of a test set. */
export interface CrossEntropy {
  /** Mean of -log P, nats per scored token. */
  readonly nats: number;
  /** exp(nats). */
  readonly perplexity: number;
  /** Sum of log P, nats: divide by words, characters or bytes for perplexity or bits per those. */
  readonly logProb: number;
  readonly tokens: number;
  readonly unknown: number;
}

/** Cross-entropy and perplexity of sequences, each scored from its beginning. */
export function crossEntropy(
  model: LanguageModel,
  sequences: readonly ArrayLike<number>[],
  options?: ScoreOptions,
): CrossEntropy {
  let logProb = 0;
  let tokens = 0;
  let unknown = 0;
  for (const score of model.score(sequences, options)) {
    logProb += score.logProb;
    tokens += score.logProbs.length;
    unknown += score.unknown;
  }
  const nats = -logProb / tokens;
  return { nats, perplexity: Math.exp(nats), logProb, tokens, unknown };
}

/** @throws {VocabularyError} `UNKNOWN_ID` when `id` is no id of the model. */
export function checkId(where: string, id: number, { vocabSize }: { vocabSize: number }): number {
  if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
    throw new VocabularyError(
      `${where}: id ${id} is not in the vocabulary of ${vocabSize} ids; expected a whole number from 0 to ${vocabSize - 1}. Use the tokenizer that the model was trained with.`,
      { code: "UNKNOWN_ID", details: { id, vocabSize } },
    );
  }
  return id;
}
