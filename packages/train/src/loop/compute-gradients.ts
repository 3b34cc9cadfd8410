/** One forward and backward pass of a model: loss, gradients by name, carried state. */
import type { LossContext, SequenceModel } from "@seq/core";
import {
  dispose,
  keep,
  reshape,
  type Scalar,
  type Tensor,
  tensor_util,
  type Variable,
  variableGrads,
} from "@tensorflow/tfjs-core";

export interface BatchGradients {
  /** Mean over the targets, in nats. */
  readonly loss: number;
  readonly targets: number;
  /** By parameter name; parameters that the loss does not depend on are missing. The caller disposes them. */
  readonly gradients: Map<string, Tensor>;
  /** The state after the batch; the caller disposes it. */
  readonly state: unknown;
}

/**
 * Gradients of the mean loss with respect to some of the model's parameters.
 *
 * The state in `context` is a constant to it: the gradient stops there.
 */
export function computeGradients<Batch>(
  model: SequenceModel<Batch, Tensor>,
  trainable: ReadonlyMap<string, Variable>,
  batch: Batch,
  context: LossContext,
): BatchGradients {
  let targets = 0;
  let state: unknown;
  try {
    const { value, grads } = variableGrads(() => {
      const loss = model.loss(batch, context);
      ({ targets, state } = loss);
      for (const tensor of tensorsIn(state)) keep(tensor);
      return reshape(loss.mean, []) as Scalar;
    }, [...trainable.values()]);
    const gradients = new Map<string, Tensor>();
    for (const [name, variable] of trainable) {
      const gradient = grads[variable.name];
      if (gradient) gradients.set(name, gradient);
    }
    const loss = value.dataSync()[0] as number;
    value.dispose();
    return { loss, targets, gradients, state };
  } catch (error) {
    dispose(tensorsIn(state));
    throw error;
  }
}

/** All tensors in nested lists and records. */
export function tensorsIn(container: unknown): Tensor[] {
  return tensor_util.getTensorsInContainer(container as Tensor[]);
}
