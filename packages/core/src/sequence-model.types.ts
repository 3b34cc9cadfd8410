/** The interface between models and training: `@seq/train` knows models only by it. */
import type { Rng } from "./rng.ts";
import type { TensorLike } from "./tensor.types.ts";

/**
 * Sequences of ids, padded at the end to one length, row-major `[batchSize, time]`.
 * What lies beyond `lengths[i]` in row i is padding and counts nowhere.
 */
export interface SequenceBatch {
  readonly ids: Int32Array;
  readonly lengths: Int32Array;
  readonly batchSize: number;
  readonly time: number;
}

/** Source and target sequences of the same rows. */
export interface PairBatch {
  readonly source: SequenceBatch;
  readonly target: SequenceBatch;
}

export interface LossContext {
  /** True while training: dropout is on. */
  readonly training: boolean;
  /** Drives dropout and sampling; each step gets its own split. Required when training. */
  readonly rng?: Rng;
  /** State carried from the chunk before (truncated BPTT); the gradient stops at it. */
  readonly state?: unknown;
}

export interface Loss<T extends TensorLike = TensorLike> {
  /** Scalar, in nats: the mean over the targets; on the gradient tape. */
  readonly mean: T;
  /** Number of targets in the mean, so that means of batches can be averaged rightly. */
  readonly targets: number;
  /** The state after the batch, for models that carry one; the caller disposes it. */
  readonly state?: unknown;
}

/**
 * A trainable model. `Batch` is what its data gives: `SequenceBatch` for language models,
 * `PairBatch` for encoder-decoders.
 */
export interface SequenceModel<Batch, T extends TensorLike = TensorLike> {
  /** Kind, for saved files: `"encoder-decoder"`. */
  readonly kind: string;
  /** Everything needed to build the same model again, plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Trainable tensors by name, in a fixed order. Tied weights appear once. */
  readonly parameters: ReadonlyMap<string, T>;
  /** Teacher-forced loss of a batch. */
  loss(batch: Batch, context: LossContext): Loss<T>;
  dispose(): void;
}
