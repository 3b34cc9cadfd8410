/**
 * The matrices ∂h_T/∂h_t themselves, for every t, of one sequence.
 *
 * All rows of them come from one backward run over a batch of `size` copies of the sequence, of which copy k
 * is asked for the gradient of unit k. Memory: size times that of training on the sequence.
 */
import { checkOptions, OptionError, ShapeError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Recurrent, stepperOf } from "../recurrence.ts";
import { tidy } from "../sequence-input.ts";
import { stateGradients } from "./gradient-flow.ts";
import { frobeniusNorm, spectralNorm } from "./matrices.ts";

export interface JacobiansOptions {
  /** The state: `"h"` (default) or `"c"`. */
  readonly state?: string;
  /** Layer, 0 at the input. Default: the only one, or the top. */
  readonly layer?: number;
}

export interface Jacobians {
  readonly time: number;
  readonly size: number;
  /** ∂s_T/∂s_t for t = 0 to T, row-major `[size, size]`; the last is the identity. */
  readonly matrices: readonly Float64Array[];
  readonly frobenius: Float64Array;
  readonly spectral: Float64Array;
}

/**
 * @param xs - `[1, time, inputSize]`; not disposed.
 * @throws {ShapeError} `SHAPE_MISMATCH` for more than one row.
 * @throws {OptionError} `OPTION_RANGE` for a layer or state that is not there.
 */
export function jacobians(
  recurrent: Recurrent,
  xs: tf.Tensor,
  options: JacobiansOptions = {},
): Jacobians {
  checkOptions("jacobians", options, ["state", "layer"]);
  const stepper = stepperOf("jacobians", recurrent);
  if (xs.shape[0] !== 1) {
    throw new ShapeError(
      `jacobians: xs has shape [${xs.shape.join(", ")}], expected [1, time, ${stepper.inputSize}]: one sequence.`,
      { code: "SHAPE_MISMATCH" },
    );
  }
  const { state = "h" } = options;
  const sizes = tidy(() => stepper.zeroState(1).map((own) => own[state]?.shape[1]));
  const layer = options.layer ?? sizes.length - 1;
  const size = sizes[layer];
  if (size === undefined) {
    throw new OptionError(
      `jacobians: there is no state "${state}" in layer ${layer}; there are ${sizes.length} layers.`,
      { code: "OPTION_RANGE", details: { layer, state } },
    );
  }
  return tidy(() => {
    const copies = tf.tile(xs, [size, 1, 1]);
    const identity = tf.eye(size);
    const pick = (states: readonly Readonly<Record<string, tf.Tensor>>[]) =>
      tf.sum(tf.mul(states[layer]?.[state] as tf.Tensor, identity)) as tf.Scalar;
    const { gradients, time } = stateGradients("jacobians", stepper, copies, pick);
    const own = gradients[layer]?.[state] as tf.Tensor[];
    const matrices = own.map((tensor) => Float64Array.from(tensor.dataSync()));
    return {
      time,
      size,
      matrices,
      frobenius: Float64Array.from(matrices, frobeniusNorm),
      spectral: Float64Array.from(matrices, (matrix) => spectralNorm(matrix, size)),
    };
  });
}
