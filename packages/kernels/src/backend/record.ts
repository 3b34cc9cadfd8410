/**
 * Records an op of several outputs on tfjs's gradient tape, with what it saves for its gradient.
 *
 * tfjs's public `customGrad` takes one output only, and a registered gradient would get tensors of zeros made
 * for every saved output; the engine's own entry has neither limit.
 */
import { engine, type NamedTensorMap, type Tensor } from "@tensorflow/tfjs-core";

export interface RecordedOp {
  readonly inputs: NamedTensorMap;
  /** Runs untaped; calls `save` once with what `backward` needs. */
  readonly forward: (save: (tensors: Tensor[]) => void) => Tensor[];
  /** From the gradients of the outputs (zeros where nobody uses one) to those of the inputs, by name. */
  readonly backward: (dys: Tensor[], saved: Tensor[]) => NamedTensorMap;
}

interface Engine {
  runKernelFunc(call: {
    inputs: NamedTensorMap;
    attrs: object;
    forwardFunc: (backend: unknown, save: (tensors: Tensor[]) => void) => Tensor[];
    backwardsFunc: (dys: Tensor | Tensor[], saved: Tensor[]) => Record<string, () => Tensor>;
  }): Tensor[];
}

/** Runs the op; the caller owns its outputs. */
export function recordOp({ inputs, forward, backward }: RecordedOp): Tensor[] {
  return (engine() as unknown as Engine).runKernelFunc({
    inputs,
    attrs: {},
    forwardFunc: (_, save) => forward(save),
    backwardsFunc: (dys, saved) => {
      // Computed at once, here: tfjs disposes whatever else a single gradient's function makes.
      const gradients = backward(Array.isArray(dys) ? dys : [dys], saved);
      return Object.fromEntries(
        Object.entries(gradients).map(([name, gradient]) => [name, () => gradient]),
      );
    },
  });
}
