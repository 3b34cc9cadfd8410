/**
 * What decoding needs of a model: rows of log-probabilities, one step at a time. Beam search and
 * greedy decoding know nothing else, so any decoder (or a test's table) can stand behind it.
 */
export interface StepDecoder<State> {
  readonly vocabSize: number;
  /**
   * Feeds one id to each row.
   *
   * @param previous - the last id of each row.
   * @param state - of as many rows; not modified, not disposed.
   * @returns log-probabilities `[rows * vocabSize]` in nats, row-major, valid until the next call, the
   *   new state, and each row's attention over the source (`[rows * sourceTime]`) where there is one.
   */
  step(previous: Int32Array, state: State): StepResult<State>;
  /** The state of some rows, in this order; a row may come twice. The argument is kept. */
  selectRows(state: State, rows: Int32Array): State;
  disposeState(state: State): void;
}

export interface StepResult<State> {
  readonly logProbs: Float32Array;
  readonly state: State;
  readonly attention?: Float32Array;
}

/** One finished translation. */
export interface Hypothesis {
  /** Without the begin and end symbols. */
  readonly ids: readonly number[];
  /** Sum of the log-probabilities of the ids and, where it was reached, of the end symbol; in nats. */
  readonly logProb: number;
  /** What hypotheses are ranked by: `logProb` divided by the length penalty. */
  readonly score: number;
  /** False when `maxLength` cut it off. */
  readonly ended: boolean;
  /** One row per id (and one for the end symbol), over the source positions. */
  readonly attention?: readonly Float32Array[];
}

export interface DecodingLimits {
  readonly beginId: number;
  readonly endId: number;
  /** Most ids per row, the end symbol included. One number, or one for each row. */
  readonly maxLength: number | readonly number[];
}
