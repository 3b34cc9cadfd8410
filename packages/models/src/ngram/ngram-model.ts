/**
 * A backoff n-gram model: what every estimator here makes and what an ARPA file holds.
 *
 *   P(w | h) = p(h w)             when the n-gram h w is listed
 *            = b(h) P(w | h')     else, h' = h without its first word, b(h) = 1 for an unlisted context
 *
 * Interpolated models have this form too: their listed probabilities hold the interpolation. Values are log10
 * in float32 as in KenLM; what leaves through the `LanguageModel` interface is nats.
 */
import { checkInteger, VocabularyError } from "@seq/core";
import type {
  LanguageModel,
  LanguageModelStream,
  ScoreOptions,
  SequenceScore,
} from "../language-model/language-model.types.ts";
import { NgramStream } from "./ngram-stream.ts";
import { findChild, type NgramTrie } from "./trie.ts";
import type { WordVocabulary } from "./word-vocabulary.ts";

export interface NgramModelOptions {
  readonly trie: NgramTrie;
  readonly vocabSize: number;
  readonly beginId: number;
  readonly endId?: number | undefined;
  readonly unknownId?: number | undefined;
  readonly vocabulary?: WordVocabulary | undefined;
  /** log10 weight of going to a shorter context when the context itself is unlisted. Default 0. */
  readonly missingBackoff?: number;
  readonly normalized?: boolean;
  /** How it was estimated, for people. */
  readonly method: string;
}

/** Each token of a sentence as KenLM's `query` prints it. */
export interface NgramTokenScore {
  readonly id: number;
  /** log10 P. */
  readonly log10Prob: number;
  /** Length of the longest n-gram that was found, 1 for an unknown word. */
  readonly ngramLength: number;
  readonly unknown: boolean;
}

export class NgramModel implements LanguageModel {
  readonly kind = "ngram";
  readonly order: number;
  readonly vocabSize: number;
  readonly beginId: number;
  readonly endId: number | undefined;
  readonly unknownId: number | undefined;
  readonly vocabulary: WordVocabulary | undefined;
  readonly normalized: boolean;
  readonly method: string;
  readonly trie: NgramTrie;
  readonly missingBackoff: number;

  constructor(options: NgramModelOptions) {
    this.trie = options.trie;
    this.order = options.trie.levels.length;
    this.vocabSize = options.vocabSize;
    this.beginId = options.beginId;
    this.endId = options.endId;
    this.unknownId = options.unknownId;
    this.vocabulary = options.vocabulary;
    this.normalized = options.normalized ?? true;
    this.method = options.method;
    this.missingBackoff = options.missingBackoff ?? 0;
  }

  /** Number of n-grams of each order, from 1. */
  get counts(): number[] {
    return this.trie.levels.map(({ length }) => length);
  }

  stream(rows = 1): LanguageModelStream {
    checkInteger("NgramModel.stream", "rows", rows, { min: 1 });
    return new NgramStream(this, rows);
  }

  score(
    sequences: readonly ArrayLike<number>[],
    { end = true }: ScoreOptions = {},
  ): SequenceScore[] {
    const endId = end ? this.endId : undefined;
    const state = new Int32Array(this.stateSize);
    return sequences.map((ids) => {
      const logProbs = new Float64Array(ids.length + (endId === undefined ? 0 : 1));
      let logProb = 0;
      let unknown = 0;
      this.begin(state, 0);
      for (let t = 0; t < logProbs.length; t++) {
        const given = t < ids.length ? ids[t]! : (endId as number);
        const id = this.known(given);
        // A text may also name the unknown word itself.
        if (id === this.unknownId) unknown++;
        logProb += logProbs[t] = this.step(state, 0, id) * Math.LN10;
      }
      return { logProbs, logProb, unknown };
    });
  }

  /**
   * Scores a sentence as KenLM's `query`: log10, matched n-gram length and unknown flag of each token.
   *
   * @param begin - start from the begin mark (KenLM's bos). Default true.
   * @param end - score the end mark too. Default true.
   */
  explain(
    ids: ArrayLike<number>,
    { begin = true, end = true }: { readonly begin?: boolean; readonly end?: boolean } = {},
  ): NgramTokenScore[] {
    const state = new Int32Array(this.stateSize);
    if (begin) this.begin(state, 0);
    else state.fill(-1).fill(0, 0, 1);
    const given = Array.from(ids);
    if (end && this.endId !== undefined) given.push(this.endId);
    return given.map((raw) => {
      const id = this.known(raw);
      const unknown = id === this.unknownId;
      const log10Prob = this.step(state, 0, id);
      return { id, log10Prob, ngramLength: state[this.order]!, unknown };
    });
  }

  /** The id that the model uses for `id`: itself, or the unknown id. */
  known(id: number): number {
    if (id >= 0 && id < this.vocabSize && id !== this.beginId) return id;
    if (this.unknownId !== undefined) return this.unknownId;
    throw new VocabularyError(
      `NgramModel: id ${id} is not in the vocabulary of ${this.vocabSize} ids and the model has no unknown id.`,
      { code: "UNKNOWN_ID", details: { id, vocabSize: this.vocabSize } },
    );
  }

  /** Numbers that the state of one sequence takes. */
  get stateSize(): number {
    return this.order + 1;
  }

  /**
   * Writes the state of an empty sentence at `at`: slot 0 is the context's length, slot k (1..order-1) the node of
   * its last k words, slot `order` the length of the n-gram that the last step matched.
   */
  begin(states: Int32Array, at: number): void {
    states.fill(-1, at, at + this.stateSize);
    states[at] = Math.min(1, this.order - 1);
    if (this.order > 1) states[at + 1] = this.beginId;
  }

  /** log10 P(id | state), and the state after it, in place. */
  step(states: Int32Array, at: number, id: number): number {
    const { levels } = this.trie;
    const highest = this.order - 1;
    const length = states[at]!;
    let result = 0;
    let found = false;
    let matched = 1;
    // From the longest context to the shortest; slot k + 1 is free to be overwritten once k + 1 was read.
    for (let k = length; k >= 1; k--) {
      const node = states[at + k]!;
      let child = -1;
      if (node >= 0) {
        child = findChild(levels[k - 1]!, levels[k]!, node, id);
        if (!found) {
          const logProb = child >= 0 ? levels[k]!.logProbs[child]! : Number.NaN;
          if (!Number.isNaN(logProb)) {
            result += logProb;
            found = true;
            matched = k + 1;
          } else result += levels[k - 1]!.backoffs[node]!;
        }
      } else if (!found) result += this.missingBackoff;
      if (k < highest) states[at + k + 1] = child;
    }
    if (!found) result += levels[0]!.logProbs[id]!;
    if (highest > 0) states[at + 1] = id;
    states[at] = Math.min(length + 1, highest);
    states[at + this.order] = matched;
    return result;
  }

  /** Writes the whole next-token distribution of a state, nats. O(vocabSize + listed words). */
  distribution(states: Int32Array, at: number, out: Float32Array, offset: number): void {
    const { levels } = this.trie;
    const length = states[at]!;
    let backoff = 0; // log10 of all weights from the longest context down
    for (let k = 1; k <= length; k++) {
      const node = states[at + k]!;
      backoff += node >= 0 ? levels[k - 1]!.backoffs[node]! : this.missingBackoff;
    }
    const unigrams = levels[0]!.logProbs;
    for (let w = 0; w < this.vocabSize; w++) out[offset + w] = (unigrams[w]! + backoff) * Math.LN10;
    if (this.beginId < this.vocabSize) out[offset + this.beginId] = Number.NEGATIVE_INFINITY;
    for (let k = 1; k <= length; k++) {
      const node = states[at + k]!;
      if (node < 0) continue;
      backoff = 0; // summed anew: taking -Infinity off again would give NaN
      for (let j = k + 1; j <= length; j++) {
        const longer = states[at + j]!;
        backoff += longer >= 0 ? levels[j - 1]!.backoffs[longer]! : this.missingBackoff;
      }
      const { words, logProbs } = levels[k]!;
      const { childStarts } = levels[k - 1]!;
      for (let i = childStarts[node]!; i < childStarts[node + 1]!; i++) {
        const logProb = logProbs[i]!;
        if (!Number.isNaN(logProb)) out[offset + words[i]!] = (logProb + backoff) * Math.LN10;
      }
    }
  }
}
