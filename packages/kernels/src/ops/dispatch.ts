/** Chooses between our kernel of the running backend and the composition of tfjs ops. */
import {
  engine,
  getBackend,
  getKernel,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
} from "@tensorflow/tfjs-core";

/** True when the running backend has a kernel of this name. */
export function hasKernel(name: string): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

/** Runs a registered kernel; on a gradient tape its registered gradient is recorded. */
export function runKernel(
  name: string,
  inputs: NamedTensorMap,
  attributes: NamedAttrMap = {},
): Tensor[] {
  const result: Tensor | Tensor[] = engine().runKernel(name, inputs, attributes);
  return Array.isArray(result) ? result : [result];
}

/** True inside `tf.grads`, `tf.variableGrads` and the like: what backward needs must be kept. */
export function isRecording(): boolean {
  return engine().state.gradientDepth > 0;
}
