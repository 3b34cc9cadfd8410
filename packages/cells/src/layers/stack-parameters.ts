/** The parameters of a stack by name: its cells' and its own. */
import type { Cell, Rng } from "@seq/core";
import type * as tf from "@tensorflow/tfjs-core";
import { newVariable } from "../cells/parameters.ts";
import { xavierUniform } from "../initializers.ts";
import type { Connections } from "./connections.ts";

interface Stack {
  readonly cells: readonly Cell<tf.Tensor>[];
  readonly directions: 1 | 2;
  readonly numLayers: number;
  readonly outputSize: number;
  readonly learnedInitialState: boolean;
  readonly connections: Connections;
}

/**
 * torch's names with suffixes for the cells' parameters; `initial_h_l0` for a learned initial state;
 * `highway_weight_l1` and `highway_bias_l1` for the gates between layers.
 */
export function stackParameters(stack: Stack, rng: Rng): Map<string, tf.Tensor> {
  const parameters = new Map<string, tf.Tensor>();
  stack.cells.forEach((cell, k) => {
    const suffix = layerSuffix(k, stack.directions);
    for (const [name, tensor] of cell.parameters) parameters.set(`${name}${suffix}`, tensor);
  });
  if (stack.learnedInitialState) addLearnedStates(stack, parameters);
  if (stack.connections === "highway") addHighways(stack, parameters, rng);
  return parameters;
}

/** True for a parameter of the stack itself. */
export function isStackParameter(name: string): boolean {
  return /^(initial_|highway_)/.test(name);
}

/** `_l0`, `_l0_reverse`, `_l1`, ... for the k-th cell. */
export function layerSuffix(k: number, directions: 1 | 2): string {
  const layer = Math.floor(k / directions);
  return `_l${layer}${k % directions === 1 ? "_reverse" : ""}`;
}

function addLearnedStates({ cells, directions }: Stack, parameters: Map<string, tf.Tensor>): void {
  cells.forEach((cell, k) => {
    for (const [name, zero] of Object.entries<tf.Tensor>(cell.zeroState(1))) {
      const variable = newVariable(new Float32Array(zero.size), [zero.size]);
      parameters.set(`initial_${name}${layerSuffix(k, directions)}`, variable);
      zero.dispose();
    }
  });
}

function addHighways(stack: Stack, parameters: Map<string, tf.Tensor>, rng: Rng): void {
  const width = stack.outputSize;
  for (let layer = 1; layer < stack.numLayers; layer++) {
    const weight = xavierUniform()(width, width, rng);
    parameters.set(`highway_weight_l${layer}`, newVariable(weight, [width, width]));
    const bias = new Float32Array(width).fill(-1); // begins by carrying the input (Srivastava et al.)
    parameters.set(`highway_bias_l${layer}`, newVariable(bias, [width]));
  }
}
