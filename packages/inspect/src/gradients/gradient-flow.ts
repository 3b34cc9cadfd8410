/**
 * How much of the error at the end reaches each earlier state: ‖∂J_T/∂h_t‖ for every t.
 *
 *   ∂J_T/∂h_t = ∂J_T/∂h_T · Π_{k=t+1}^{T} ∂h_k/∂h_{k-1}
 *
 * A curve that falls towards t = 0 is the vanishing gradient, one that grows the exploding one. It is also the
 * effect of the past on the future: where it is 0, what stood there changes nothing (either there is no
 * dependency, or the parameters cannot see it).
 *
 * All t come from one forward and one backward run: a zero is added to each state, and J is differentiated
 * with respect to these zeros. Memory: that of training on the sequence.
 *
 * @see Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks", eq. 3-5.
 */
import { type CellState, checkOptions } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { type Recurrent, type Stepper, stepperOf } from "../recurrence.ts";
import { stepsOf, tidy } from "../sequence-input.ts";

type State = CellState<tf.Tensor>;

export interface GradientFlowOptions {
  /**
   * J_T from the h of the top layer at the last step, `[batch, size]` -> scalar. Default: the sum over the
   * batch of Σ_k h_k / √size, so that ‖∂J_T/∂h_T‖ is 1 and the curve starts there.
   */
  readonly loss?: (h: tf.Tensor) => tf.Scalar;
}

export interface GradientFlow {
  /** T. */
  readonly time: number;
  /** Per layer and name of state: mean over the batch of ‖∂J_T/∂state_t‖ for t = 0 (the initial state) to T. */
  readonly layers: readonly Readonly<Record<string, Float64Array>>[];
}

/**
 * @param recurrent - a cell, or layers that read forward; its parameters are not changed.
 * @param xs - `[batch, time, inputSize]`, all rows of full length; not disposed.
 * @throws {ShapeError} `SHAPE_MISMATCH`; {OptionError} `BIDIRECTIONAL`.
 * @example gradientFlow(new LSTMCell(options), xs).layers[0].c // norms at t = 0..time
 */
export function gradientFlow(
  recurrent: Recurrent,
  xs: tf.Tensor,
  options: GradientFlowOptions = {},
): GradientFlow {
  checkOptions("gradientFlow", options, ["loss"]);
  const stepper = stepperOf("gradientFlow", recurrent);
  const { loss = normalizedSum } = options;
  const { gradients, time } = stateGradients("gradientFlow", stepper, xs, (states) =>
    loss(states.at(-1)?.["h"] as tf.Tensor),
  );
  const layers = gradients.map((byName) => {
    const norms: Record<string, Float64Array> = {};
    for (const [name, tensors] of Object.entries(byName)) {
      norms[name] = Float64Array.from(tensors, meanRowNorm);
    }
    return norms;
  });
  tf.dispose(gradients as unknown as tf.TensorContainer);
  return { time, layers };
}

/** ∂J/∂state_t per layer, name and t, each `[batch, size]`; the caller disposes them. */
export function stateGradients(
  where: string,
  stepper: Stepper,
  xs: tf.Tensor,
  loss: (states: readonly State[]) => tf.Scalar,
): { gradients: readonly Record<string, tf.Tensor[]>[]; time: number } {
  return tidy(() => {
    const steps = stepsOf(where, xs, stepper.inputSize);
    const time = steps.length;
    const initial = stepper.zeroState(xs.shape[0] as number);
    const names = initial.map((state) => Object.keys(state));
    const zeros: tf.Tensor[] = []; // by t, then by layer, then by name
    for (let t = 0; t <= time; t++) {
      for (const [layer, own] of names.entries()) {
        for (const name of own) zeros.push(tf.zerosLike(initial[layer]?.[name] as tf.Tensor));
      }
    }
    const run = (...taps: tf.Tensor[]): tf.Scalar => {
      const untaken = taps.values();
      const tapped = (states: readonly State[]) =>
        states.map((state, layer) => {
          const own = names[layer] as string[];
          return Object.fromEntries(
            own.map((name) => [name, tf.add(state[name] as tf.Tensor, next(untaken))]),
          );
        });
      let states = tapped(initial);
      for (const x of steps) states = tapped(stepper.step(x, states));
      // tfjs refuses to differentiate by what y does not depend on (the last c, say): 0 times all of them.
      const untouched = tf.mul(tf.addN(taps.map((tap) => tf.sum(tap))), 0);
      return tf.add(loss(states), untouched) as tf.Scalar;
    };
    const flat = tf.grads(run)(zeros).values();
    const gradients = names.map((own) =>
      Object.fromEntries(own.map((name) => [name, [] as tf.Tensor[]])),
    );
    for (let t = 0; t <= time; t++) {
      for (const [layer, own] of names.entries()) {
        for (const name of own) gradients[layer]?.[name]?.push(next(flat));
      }
    }
    return { gradients, time };
  });
}

function next(tensors: Iterator<tf.Tensor>): tf.Tensor {
  return tensors.next().value as tf.Tensor;
}

function normalizedSum(h: tf.Tensor): tf.Scalar {
  const size = h.shape.at(-1) as number;
  return tf.mul(tf.sum(h), 1 / Math.sqrt(size)) as tf.Scalar;
}

function meanRowNorm(gradient: tf.Tensor): number {
  const [batch, size] = gradient.shape as [number, number];
  const values = gradient.dataSync();
  let total = 0;
  for (let row = 0; row < batch; row++) {
    let squares = 0;
    for (let k = row * size; k < (row + 1) * size; k++) squares += (values[k] as number) ** 2;
    total += Math.sqrt(squares);
  }
  return total / batch;
}
