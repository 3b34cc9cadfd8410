/** What an optimizer is to the training loop and to checkpoints. */
import type { Tensor, Variable } from "@tensorflow/tfjs-core";

/** What the loop says about one step. */
export interface OptimizerStep {
  /** The rate of this step for a group's base rate; default the base rate itself. */
  readonly rate?: (baseRate: number) => number;
  /** Momentum or first beta of this step, instead of the option (cyclic schedules). */
  readonly momentum?: number | undefined;
  /** Factor on all gradients: clipping and averaging without a pass of their own. Default 1. */
  readonly gradientScale?: number;
}

/** One tensor an optimizer keeps for one parameter. */
export interface OptimizerSlot {
  readonly parameter: string;
  /** `"momentum"`, `"secondMoment"` ... */
  readonly slot: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** All that an optimizer remembers; `scalars` is plain JSON. */
export interface OptimizerState {
  readonly kind: string;
  readonly scalars: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly slots: readonly OptimizerSlot[];
}

export interface Optimizer {
  /** `"adam"` ... */
  readonly kind: string;
  /** The base rate of parameters that are in no group. */
  readonly learningRate: number;
  /**
   * Changes the parameters in place. A parameter without a gradient stays as it is, and its state too.
   *
   * @param gradients - by the parameters' names; not disposed.
   */
  step(
    parameters: ReadonlyMap<string, Variable>,
    gradients: ReadonlyMap<string, Tensor>,
    step?: OptimizerStep,
  ): void;
  /** A copy of all state. */
  state(): OptimizerState;
  /** @throws {FormatError} `OPTIMIZER_STATE` when it was saved by another kind of optimizer. */
  restore(state: OptimizerState): void;
  /** Frees the tensors it keeps. */
  dispose(): void;
}
