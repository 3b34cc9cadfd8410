/**
 * The additive path of the LSTM: along the cell alone, the gradient is the product of the forget gates.
 *
 *   ∂c_t/∂c_{t-1} = f_t + (∂f_t/∂c_{t-1}) ⊙ c_{t-1} + ∂(i_t ⊙ g_t)/∂c_{t-1}
 *
 * The last two terms go through h_{t-1}. With h held fixed only f_t is left, so ∂c_T/∂c_t = Π f_k exactly, for
 * each unit by itself. Here both are measured by automatic differentiation, beside the product.
 *
 * @see Hochreiter & Schmidhuber 1997; Gers et al. 2000; Jozefowicz et al. 2015.
 */
import { type LSTMCell, type LSTMState, recordGates } from "@seq/cells";
import * as tf from "@tensorflow/tfjs-core";
import { stepperOf } from "../recurrence.ts";
import { stepsOf, tidy } from "../sequence-input.ts";
import { stateGradients } from "./gradient-flow.ts";

export interface CellPath {
  readonly time: number;
  /** Π_{k=t+1}^{T} f_k for t = 0 to T, each `[batch * hiddenSize]`, row by row. */
  readonly forgetProducts: readonly Float64Array[];
  /** ∂(Σ c_T)/∂c_t with every h held fixed: measured, equal to the products to rounding. */
  readonly direct: readonly Float64Array[];
  /** ∂(Σ c_T)/∂c_t over all paths, those through h too. */
  readonly total: readonly Float64Array[];
}

/**
 * @param cell - with a forget gate and without a projection.
 * @param xs - `[batch, time, inputSize]`; not disposed.
 * @throws {ShapeError} `SHAPE_MISMATCH`
 */
export function cellPath(cell: LSTMCell, xs: tf.Tensor): CellPath {
  return tidy(() => {
    const steps = stepsOf("cellPath", xs, cell.inputSize);
    const time = steps.length;
    const recording = recordGates(cell, xs);
    const gates = tf.unstack(recording.gates["f"] as tf.Tensor, 1);
    const forgetProducts = productsFromEnd(gates.map((gate) => gate.dataSync()));
    const hs = tf.unstack(recording.states["h"] as tf.Tensor, 1);
    const direct = directGradients(cell, steps, hs);
    const stepper = stepperOf("cellPath", cell);
    const all = stateGradients("cellPath", stepper, xs, (states) =>
      tf.sum(states[0]?.["c"] as tf.Tensor),
    );
    const total = all.gradients[0]?.["c"] as tf.Tensor[];
    return { time, forgetProducts, direct: direct.map(toFloat64), total: total.map(toFloat64) };
  });
}

/** Steps with recorded h as constants, so that gradients flow through c alone. */
function directGradients(
  cell: LSTMCell,
  steps: readonly tf.Tensor[],
  hs: readonly tf.Tensor[],
): tf.Tensor[] {
  const start = cell.zeroState(steps[0]?.shape[0] as number);
  const zeros = Array.from({ length: steps.length + 1 }, () => tf.zerosLike(start.c));
  const run = (...taps: tf.Tensor[]): tf.Scalar => {
    let c = tf.add(start.c, taps[0] as tf.Tensor);
    for (const [t, x] of steps.entries()) {
      const h = t === 0 ? start.h : (hs[t - 1] as tf.Tensor);
      const state: LSTMState = cell.step(x, { h, c });
      c = tf.add(state.c, taps[t + 1] as tf.Tensor);
    }
    return tf.sum(c);
  };
  return tf.grads(run)(zeros);
}

function productsFromEnd(gates: readonly ArrayLike<number>[]): Float64Array[] {
  const out: Float64Array[] = new Array(gates.length + 1);
  out[gates.length] = new Float64Array(gates[0]?.length ?? 0).fill(1);
  for (let t = gates.length - 1; t >= 0; t--) {
    out[t] = (out[t + 1] as Float64Array).map((product, k) => product * gates[t]![k]!);
  }
  return out;
}

function toFloat64(tensor: tf.Tensor): Float64Array {
  return Float64Array.from(tensor.dataSync());
}
