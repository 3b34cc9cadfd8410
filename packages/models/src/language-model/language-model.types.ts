/** The one interface of all language models: n-gram, window, recurrent, mixtures of them. */

/**
 * A distribution over the next id, given all ids before it (the chain rule): P(w_1..w_n) = Π P(w_t | w_<t).
 * Log-probabilities are in nats. A model is immutable while it is read; what a text has left behind is in
 * a `LanguageModelStream`, which its caller owns.
 */
export interface LanguageModel {
  /** `"ngram"`, `"rnn"`, `"window"` ... */
  readonly kind: string;
  /** Ids are 0..vocabSize-1. */
  readonly vocabSize: number;
  /** The id that every stream has seen at its start; it may lie outside of the vocabulary. */
  readonly beginId?: number | undefined;
  /** The id that ends a sequence. Without it sequences have no end (running text). */
  readonly endId?: number | undefined;
  /** False when the values of a step do not sum to 1 (stupid backoff). */
  readonly normalized: boolean;
  /** Opens `rows` independent sequences, all at their beginning. The caller disposes the stream. */
  stream(rows?: number): LanguageModelStream;
  /** Scores whole sequences, each from its beginning; a batch is one call. */
  score(sequences: readonly ArrayLike<number>[], options?: ScoreOptions): SequenceScore[];
}

/** Sequences in the making, advanced together. The only object of a model that changes. */
export interface LanguageModelStream {
  readonly rows: number;
  /** Feeds one id to each row; a negative id leaves its row as it is. Allocates nothing. */
  advance(ids: ArrayLike<number>): void;
  /** Writes log P(next id | row) for all rows to `out`, row-major `[rows, vocabSize]`, nats. */
  logProbs(out: Float32Array): void;
  /** Row i becomes a copy of what row `sources[i]` was (beam search); rows of one stream only. */
  select(sources: ArrayLike<number>): void;
  /** Back to the beginning: one row, or all. */
  reset(row?: number): void;
  dispose(): void;
}

export interface ScoreOptions {
  /** Also score `endId` after each sequence. Default true for models that have one. */
  readonly end?: boolean;
}

export interface SequenceScore {
  /** log P of each id given those before, nats; one more than the ids when the end is scored. */
  readonly logProbs: Float64Array;
  /** Their sum, nats. */
  readonly logProb: number;
  /** Ids that the model does not know and scored as its unknown id. */
  readonly unknown: number;
}
