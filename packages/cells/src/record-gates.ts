/** Gates over time: what each gate of each unit did at each step, for plots and for understanding. */
import type { Cell, CellState } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import type { RecurrentCell } from "./cells/recurrent-cell.ts";
import { tidy } from "./tidy.ts";
import { aliveMask, type UnrollOptions, unrollInScope } from "./unroll.ts";

export interface GateRecording<S> {
  /** `[batch, time, outputSize]`, zero beyond lengths. */
  readonly outputs: tf.Tensor3D;
  /** The state at each row's true end. */
  readonly finalState: S;
  /**
   * By the gate's letter, as the cell's docstring names it; each `[batch, time, hiddenSize]`, zero beyond
   * lengths.
   */
  readonly gates: Readonly<Record<string, tf.Tensor3D>>;
  /** The state after each step by name; each `[batch, time, size]`, zero beyond lengths. */
  readonly states: Readonly<Record<string, tf.Tensor3D>>;
}

/**
 * Runs a cell step by step and keeps all gates and states. For a stack of layers record the cells one by
 * one, each on the outputs of the one below.
 *
 * @param xs - `[batch, time, inputSize]`; not disposed.
 * @returns the caller disposes all of it (`tf.dispose(recording)`).
 * @throws {ShapeError} `SHAPE_MISMATCH`, `LENGTHS`
 * @example recordGates(lstmCell, xs).gates.f // forget gates, [batch, time, hidden], 1 keeps and 0 clears
 */
export function recordGates<S extends CellState<tf.Tensor>>(
  cell: RecurrentCell<S>,
  xs: tf.Tensor,
  options: UnrollOptions<S> = {},
): GateRecording<S> {
  return tidy(() => {
    const gates = new Map<string, tf.Tensor[]>();
    const states = new Map<string, tf.Tensor[]>();
    const { outputs, finalState } = unrollInScope(
      "recordGates",
      recorded(cell, gates, states),
      xs,
      options,
    );
    const [batch, time] = outputs.shape;
    const lengths = options.lengths ?? new Int32Array(batch).fill(time);
    const alive = aliveMask(Int32Array.from(lengths), time);
    const stackSteps = (kept: ReadonlyMap<string, tf.Tensor[]>) =>
      Object.fromEntries(
        [...kept].map(([name, list]) => {
          const whole = tf.stack(options.reverse ? list.reverse() : list, 1) as tf.Tensor3D;
          return [name, tf.where(alive, whole, tf.zerosLike(whole))];
        }),
      );
    return { outputs, finalState, gates: stackSteps(gates), states: stackSteps(states) };
  });
}

/** The cell, noting what each step gives. */
function recorded<S extends CellState<tf.Tensor>>(
  cell: RecurrentCell<S>,
  gates: Map<string, tf.Tensor[]>,
  states: Map<string, tf.Tensor[]>,
): Cell<tf.Tensor, S> {
  const { inputSize, hiddenSize, outputSize, parameters } = cell;
  return {
    inputSize,
    hiddenSize,
    outputSize,
    parameters,
    step(x, state) {
      const next = cell.stepWithGates(x, state);
      append(gates, next.gates);
      append(states, next.state);
      return next.state;
    },
    zeroState: (batchSize) => cell.zeroState(batchSize),
    dispose() {},
  };
}

function append(kept: Map<string, tf.Tensor[]>, step: Readonly<Record<string, tf.Tensor>>): void {
  for (const [name, tensor] of Object.entries(step)) {
    const list = kept.get(name) ?? [];
    list.push(tensor);
    kept.set(name, list);
  }
}
