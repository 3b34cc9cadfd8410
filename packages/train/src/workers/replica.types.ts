/** The messages between the loop and its replicas. */
import type { RngState } from "@seq/core";
import type { TensorValues } from "../checkpoint/weights.ts";

/** A nested state as plain data: `flattenState`. */
interface PlainState {
  readonly shape: unknown;
  readonly tensors: ReadonlyMap<string, TensorValues>;
}

/** All parameters in one array, one after another. */
export interface ParameterLayout {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
  /** False for frozen parameters: the replica needs their values, nobody needs their gradients. */
  readonly trainable: boolean;
}

export type ToReplica =
  | {
      readonly type: "start";
      /** For the function that builds the model. */
      readonly config: unknown;
      readonly layout: readonly ParameterLayout[];
      /** Shared memory for parameters (read) and this replica's gradients (written), where there is any. */
      readonly shared: {
        readonly parameters: Float32Array;
        readonly gradients: Float32Array;
      } | null;
    }
  | {
      readonly type: "step";
      readonly id: number;
      readonly batch: unknown;
      readonly rng: RngState;
      readonly state: PlainState | null;
      /** Without shared memory: a copy of all parameters. */
      readonly parameters: Float32Array | null;
    };

export type FromReplica =
  | { readonly type: "ready" }
  | {
      readonly type: "gradients";
      readonly id: number;
      readonly loss: number;
      readonly targets: number;
      /** Parameters that the loss depends on. */
      readonly present: readonly string[];
      readonly state: PlainState;
      /** Without shared memory: all gradients, transferred. */
      readonly gradients: Float32Array | null;
    }
  | { readonly type: "failed"; readonly message: string };
