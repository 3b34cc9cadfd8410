/** Options, events and results of `fit`. */
import type { SeqError } from "@seq/core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { RetentionOptions } from "../checkpoint/checkpoints.ts";
import type { CheckpointFiles, CheckpointStorage } from "../checkpoint/storage.types.ts";
import type { Optimizer } from "../optimizers/optimizer.types.ts";
import type { Schedule } from "../schedules/schedule.types.ts";
import type { ReplicaPool } from "../workers/replica-pool.ts";
import type { DivergenceOptions } from "./divergence.ts";
import type { Normalisation } from "./training-step.ts";
import type { AveragingOptions } from "./weight-average.ts";

/** What one optimizer step was like. */
export interface StepEvent {
  /** Steps done, from 1. */
  readonly step: number;
  /** The epoch under way, from 1. */
  readonly epoch: number;
  /** Mean over the targets of the step, in nats, before the update. */
  readonly loss: number;
  readonly learningRate: number;
  /** Norm of all gradients together before clipping. */
  readonly gradientNorm: number;
  /** Targets in this step. */
  readonly tokens: number;
  /** Targets a second over the last steps. */
  readonly tokensPerSecond: number;
  /** Seconds since `fit` began. */
  readonly seconds: number;
  /** Estimated seconds until the first of the limits is reached; `undefined` when no limit tells. */
  readonly eta: number | undefined;
}

/** What an evaluation found. */
export interface EvaluationEvent {
  readonly step: number;
  readonly epoch: number;
  /** As the hook returned them. */
  readonly scores: Readonly<Record<string, number>>;
  /** True when the watched score is the best so far. */
  readonly best: boolean;
}

export interface EvaluationOptions {
  /** Steps between evaluations, or `"epoch"` for the end of each epoch. */
  readonly every: number | "epoch";
  /** Runs on the model as it is; training waits. */
  readonly run: (at: {
    readonly step: number;
    readonly epoch: number;
  }) => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** The score that schedules, early stopping and the best checkpoint look at (default `"loss"`). */
  readonly watch?: string;
  /** What a better score is (default `"lower"`). */
  readonly better?: "lower" | "higher";
  /** Early stopping: evaluations in a row without a better score that are put up with (default no limit). */
  readonly patience?: number;
  /** How much better counts as better (default 0). */
  readonly minimumGain?: number;
}

/** A run is saved when one of the conditions holds, and always when it ends (unless it ends by an error). */
export interface CheckpointOptions extends RetentionOptions {
  /** `FolderStorage` (Node), `IndexedDbStorage`, `DirectoryStorage`, `MemoryStorage`. One run each. */
  readonly storage: CheckpointStorage;
  readonly everySteps?: number;
  readonly everyMinutes?: number;
  /** Save at each best evaluation, and keep the newest such checkpoint (default true). */
  readonly best?: boolean;
  /** Go on from the newest (or the newest best) good checkpoint, if there is one; default: start anew. */
  readonly resume?: "latest" | "best";
  /** Saved along: a tokenizer, a configuration. */
  readonly files?: CheckpointFiles;
  readonly onSave?: (saved: {
    readonly name: string;
    readonly step: number;
    readonly best: boolean;
  }) => void;
  /** Where the run goes on, and which newer checkpoints could not be read. */
  readonly onResume?: (resumed: {
    readonly name: string;
    readonly step: number;
    readonly files: CheckpointFiles;
    readonly damaged: readonly { readonly name: string; readonly error: SeqError }[];
  }) => void;
  /** Called when a checkpoint cannot be written; training then goes on. Without it `fit` throws. */
  readonly onFailure?: (error: Error) => void;
}

export interface FitOptions {
  /** Default `new Adam()`. When given, it is the caller's to dispose. */
  readonly optimizer?: Optimizer;
  /** Default the optimizer's rate throughout. */
  readonly schedule?: Schedule;
  /** Limits; training ends at the first one reached, or when `signal` aborts. At least one of the four. */
  readonly maxSteps?: number;
  readonly maxEpochs?: number;
  readonly maxMinutes?: number;
  readonly signal?: AbortSignal;
  /** Scale gradients so that their global norm is at most this. */
  readonly clipNorm?: number;
  /** Cut each gradient value to this size, before the norm is taken. */
  readonly clipValue?: number;
  /** Batches whose gradients make one step, weighted by their targets (default 1). */
  readonly accumulate?: number;
  /**
   * What is minimised: the mean over the targets of a step (`"token"`, default), the sum over the targets divided by the
   * sentences (`"sentence"`), or the sum itself (`"sum"`). It changes what a learning rate and a clipping norm mean;
   * the reported loss is always per target. Sources differ: tensorflow/nmt divides by the sentences.
   */
  readonly normalisation?: Normalisation;
  /** Parameters that stay as they are. */
  readonly frozen?: (name: string) => boolean;
  /** Drives dropout and sampling (default 0). */
  readonly seed?: number;
  readonly evaluation?: EvaluationOptions;
  /** Average the parameters; evaluations and the final model use the average. */
  readonly averaging?: AveragingOptions;
  readonly checkpoints?: CheckpointOptions;
  /** Stop by an error when the loss runs away; default only when it is no number. */
  readonly divergence?: DivergenceOptions;
  readonly onProgress?: (event: StepEvent) => void;
  readonly onEvaluation?: (event: EvaluationEvent) => void | Promise<void>;
  /** Looks at the gradients of each step, before clipping; must not keep or dispose them. */
  readonly onGradients?: (gradients: ReadonlyMap<string, Tensor>, step: number) => void;
  /** Asked after each step; training waits while the promise it returns is open. For pausing. */
  readonly gate?: () => Promise<void> | undefined;
  /** Workers that share the rows of each batch; started and ended by `fit`. */
  readonly replicas?: ReplicaPool;
  /** Milliseconds of a clock that never goes back (default `performance.now`). */
  readonly clock?: () => number;
}

export type StopReason = "maxSteps" | "maxEpochs" | "maxMinutes" | "aborted" | "early-stopping";

export interface FitResult {
  readonly reason: StopReason;
  /** Steps of the whole run, also those before it was resumed. */
  readonly steps: number;
  /** Epochs finished. */
  readonly epochs: number;
  /** Loss of the last step; NaN when there was none. */
  readonly loss: number;
  /** The last evaluation, if there was one. */
  readonly evaluation: EvaluationEvent | undefined;
  /** Seconds of this call. */
  readonly seconds: number;
}
