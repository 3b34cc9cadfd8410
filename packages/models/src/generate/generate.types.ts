/** What a caller asks of generation and what comes back. */
import type { Rng } from "@seq/core";

/**
 * Changes the log-probabilities of the next id in place before one is chosen; -Infinity forbids an id.
 *
 * @param logProbs - `[vocabSize]`, nats; they need not sum to 1 afterwards.
 * @param context - what stands before, prompt and generated ids; not to be kept.
 */
export type LogitsProcessor = (logProbs: Float32Array, context: GenerationContext) => void;

export interface GenerationContext {
  /** Prompt and generated ids; only the first `length` count. */
  readonly ids: Int32Array;
  readonly length: number;
  readonly promptLength: number;
}

/** How the next id is chosen. */
export interface SamplingOptions {
  /** Divides the log-probabilities; 0 takes the most probable id (greedy). Default 1. */
  readonly temperature?: number;
  /** Keep only the k most probable ids (Fan et al. 2018). */
  readonly topK?: number;
  /** Keep only the most probable ids that together reach this probability, 0..1 (Holtzman et al. 2020). */
  readonly topP?: number;
}

export interface StopOptions {
  /** At most so many ids are generated. */
  readonly maxNewTokens: number;
  /** Ids that end a sequence; they are not part of it. Default: the model's end id. */
  readonly stopIds?: readonly number[];
  /** Runs of ids that end a sequence; they remain part of it. */
  readonly stopSequences?: readonly ArrayLike<number>[];
}

export interface ConstraintOptions {
  /** Divides the probability of ids that stood before by this power (Keskar et al. 2019); 1 changes nothing. */
  readonly repetitionPenalty?: number;
  /** Forbids ids that would repeat a run of this many ids. */
  readonly noRepeatNgram?: number;
  /** The ids allowed next; `undefined` allows all. */
  readonly allowed?: (context: GenerationContext) => ArrayLike<number> | undefined;
  /** Ids that come first, whatever their probability. */
  readonly forcedPrefix?: ArrayLike<number>;
  /** Applied in order, after the constraints above. */
  readonly processors?: readonly LogitsProcessor[];
}

export interface GenerationRequest extends SamplingOptions, StopOptions, ConstraintOptions {
  /** Ids to continue. Default: the beginning of a sequence. */
  readonly prompt?: ArrayLike<number>;
  /** Required unless temperature is 0. */
  readonly rng?: Rng;
}

/** Why a sequence ended: an end id, a stop sequence, its greatest length, or no id was allowed. */
export type StopReason = "end" | "stop-sequence" | "length" | "nothing-allowed";

export interface Generated {
  /** Without prompt and without the end id. */
  readonly ids: Int32Array;
  /** log P of the generated ids (and of the end id) under the model alone, nats. */
  readonly logProb: number;
  readonly stopReason: StopReason;
}
