/** Gates over time: what each gate of each unit did at each step, for plots and for understanding. */
import { type CellState, checkOptions } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import type { RecurrentCell } from "./cells/recurrent-cell.ts";
import { checkTensor } from "./check.ts";
import { tidy, unstack } from "./tidy.ts";

export interface RecordGatesOptions<S> {
  readonly reverse?: boolean;
  readonly initialState?: S;
}

export interface GateRecording {
  /** `[batch, time, outputSize]` */
  readonly outputs: tf.Tensor3D;
  /** By the gate's letter, as the cell's docstring names it; each `[batch, time, hiddenSize]`. */
  readonly gates: Readonly<Record<string, tf.Tensor3D>>;
  /** The state after each step by name; each `[batch, time, size]`. */
  readonly states: Readonly<Record<string, tf.Tensor3D>>;
}

/**
 * Runs a cell step by step and keeps all gates and states. For a stack of layers record the cells one by
 * one, each on the outputs of the one below.
 *
 * @param xs - `[batch, time, inputSize]`; not disposed.
 * @returns the caller disposes all of it (`tf.dispose(recording)`).
 * @throws {ShapeError} `SHAPE_MISMATCH`
 * @example recordGates(lstmCell, xs).gates.f // forget gates, [batch, time, hidden], 1 keeps and 0 clears
 */
export function recordGates<S extends CellState<tf.Tensor>>(
  cell: RecurrentCell<S>,
  xs: tf.Tensor,
  options: RecordGatesOptions<S> = {},
): GateRecording {
  checkOptions("recordGates", options, ["reverse", "initialState"]);
  checkTensor("recordGates", "xs", xs, ["batch", "time", cell.inputSize], "inputSize");
  const { reverse = false, initialState } = options;
  return tidy(() => {
    const steps = unstack(xs, 1);
    const gates = new Map<string, tf.Tensor[]>();
    const states = new Map<string, tf.Tensor[]>();
    let state = initialState ?? cell.zeroState(xs.shape[0] as number);
    for (let k = 0; k < steps.length; k++) {
      const t = reverse ? steps.length - 1 - k : k;
      const next = cell.stepWithGates(steps[t] as tf.Tensor, state);
      state = next.state;
      keep(gates, next.gates, t);
      keep(states, state, t);
    }
    const outputs = stackSteps(states)["h"] as tf.Tensor3D;
    return { outputs, gates: stackSteps(gates), states: stackSteps(states) };
  });
}

function keep(
  kept: Map<string, tf.Tensor[]>,
  step: Readonly<Record<string, tf.Tensor>>,
  t: number,
): void {
  for (const [name, tensor] of Object.entries(step)) {
    const list = kept.get(name) ?? [];
    list[t] = tensor;
    kept.set(name, list);
  }
}

function stackSteps(kept: ReadonlyMap<string, tf.Tensor[]>): Record<string, tf.Tensor3D> {
  const stacked = [...kept].map(([name, list]) => [name, tf.stack(list, 1) as tf.Tensor3D]);
  return Object.fromEntries(stacked);
}
