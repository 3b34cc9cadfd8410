/** The recurrent cell interface: one pure step. Everything else (time, layers, direction) wraps it. */
import type { TensorLike } from "./tensor.types.ts";

/** The state of a cell by name: `{ h }` for Elman and GRU, `{ h, c }` for LSTM. Each `[batch, size]`. */
export type CellState<T extends TensorLike = TensorLike> = { readonly [name: string]: T };

/** The state of a stack of layers, one cell state per layer and direction. */
export type LayerState<S extends CellState = CellState> = readonly S[];

export interface Cell<T extends TensorLike = TensorLike, S extends CellState<T> = CellState<T>> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Size of `h` as others see it: `hiddenSize`, or the projection's size. */
  readonly outputSize: number;
  /** By name, in a fixed order. */
  readonly parameters: ReadonlyMap<string, T>;
  /**
   * One time step.
   *
   * @param x - `[batch, inputSize]`; not disposed.
   * @param state - not modified, not disposed.
   * @returns a new state; its `h` is the output. The caller disposes it.
   */
  step(x: T, state: S): S;
  /** A state of zeros for a batch; the caller disposes it. */
  zeroState(batchSize: number): S;
  dispose(): void;
}
