/**
 * One way to step whatever is recurrent: any cell with core's `Cell` interface, or layers of cells that read
 * forward. Instruments are written against it.
 */
import { type Cell, type CellState, OptionError } from "@seq/core";
import type * as tf from "@tensorflow/tfjs-core";

type State = CellState<tf.Tensor>;

/** Layers with the shape of `RecurrentLayers` of `@seq/cells`: one state per layer. */
export interface SteppedLayers {
  readonly inputSize: number;
  readonly bidirectional: boolean;
  initialState(batchSize: number): readonly State[];
  step(x: tf.Tensor, state: readonly State[]): { readonly state: readonly State[] };
}

/** A cell (its state has one layer), or layers. */
// biome-ignore lint/suspicious/noExplicitAny: a cell or layers of any state; it steps with its own type.
export type Recurrent = Cell<tf.Tensor, any> | SteppedLayersOfAny;

// biome-ignore lint/suspicious/noExplicitAny: see `Recurrent`.
type SteppedLayersOfAny = Omit<SteppedLayers, "step"> & { step(x: tf.Tensor, state: any): any };

export interface Stepper {
  readonly inputSize: number;
  /** One state per layer, the one at the input first. */
  zeroState(batchSize: number): readonly State[];
  step(x: tf.Tensor, states: readonly State[]): readonly State[];
}

/** @throws {OptionError} `BIDIRECTIONAL`: what reads from the end has no step. */
export function stepperOf(where: string, recurrent: Recurrent): Stepper {
  const { inputSize } = recurrent;
  if (!("bidirectional" in recurrent)) {
    return {
      inputSize,
      zeroState: (batchSize) => [recurrent.zeroState(batchSize)],
      step: (x, [state]) => [recurrent.step(x, state as State)],
    };
  }
  if (recurrent.bidirectional) {
    throw new OptionError(
      `${where}: the layers are bidirectional, expected one direction; look at the cells one by one.`,
      { code: "BIDIRECTIONAL" },
    );
  }
  return {
    inputSize,
    zeroState: (batchSize) => (recurrent as SteppedLayers).initialState(batchSize),
    step: (x, states) => (recurrent as SteppedLayers).step(x, states).state,
  };
}
