/** The states of every layer at every step, as plain arrays: what probes and pictures read. */
import type * as tf from "@tensorflow/tfjs-core";
import { type Recurrent, stepperOf } from "../recurrence.ts";
import { stepsOf, tidy } from "../sequence-input.ts";

export interface RecordedState {
  /** Row-major `[batch, time, size]`; row `b * time + t` is the state after step t of sequence b. */
  readonly values: Float32Array;
  readonly size: number;
}

export interface StateRecording {
  readonly batch: number;
  readonly time: number;
  /** Per layer, the one at the input first, by name of state: `h`, `c`. */
  readonly layers: readonly Readonly<Record<string, RecordedState>>[];
}

/**
 * Runs a cell, or layers that read forward, step by step. For gates see `recordGates` of `@seq/cells`.
 *
 * @param xs - `[batch, time, inputSize]`, all rows of full length; not disposed.
 * @throws {ShapeError} `SHAPE_MISMATCH`; {OptionError} `BIDIRECTIONAL`.
 * @example recordStates(lstm, xs).layers[1].c.values // cell states of the second layer
 */
export function recordStates(recurrent: Recurrent, xs: tf.Tensor): StateRecording {
  const stepper = stepperOf("recordStates", recurrent);
  return tidy(() => {
    const steps = stepsOf("recordStates", xs, stepper.inputSize);
    const [batch, time] = [xs.shape[0] as number, steps.length];
    let states = stepper.zeroState(batch);
    const layers = states.map((state) =>
      Object.fromEntries(
        Object.entries(state).map(([name, tensor]) => {
          const size = tensor.shape[1] as number;
          return [name, { values: new Float32Array(batch * time * size), size }];
        }),
      ),
    );
    for (const [t, x] of steps.entries()) {
      states = stepper.step(x, states);
      for (const [layer, state] of states.entries()) {
        for (const [name, tensor] of Object.entries(state)) {
          const { values, size } = layers[layer]![name]!;
          const own = tensor.dataSync<"float32">();
          for (let row = 0; row < batch; row++) {
            values.set(own.subarray(row * size, (row + 1) * size), (row * time + t) * size);
          }
        }
      }
    }
    return { batch, time, layers };
  });
}
