/** What layers are, in words: shapes, parameters, cost. */
import type { Cell } from "@seq/core";
import type * as tf from "@tensorflow/tfjs-core";
import { shapeText } from "../check.ts";

interface Described {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly numLayers: number;
  readonly directions: 1 | 2;
  readonly cells: readonly Cell<tf.Tensor>[];
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
}

/**
 * @example
 * LSTM: input [batch, time, 100] -> outputs [batch, time, 128]; 117,760 parameters
 *   layer 0: 100 -> 128; state h [batch, 128], c [batch, 128]; weight_ih [512, 100], ...; 116,736 multiply-adds per token
 */
export function describeLayers(name: string, layers: Described): string {
  const total = countParameters(layers.parameters);
  const head = `${name}: input [batch, time, ${layers.inputSize}] -> outputs [batch, time, ${layers.outputSize}]; ${grouped(total)} parameters`;
  const lines = layers.cells.map((cell, k) => {
    const layer = Math.floor(k / layers.directions);
    const direction = layers.directions === 1 ? "" : k % 2 === 0 ? " forward" : " backward";
    return `  layer ${layer}${direction}: ${describeCell(cell)}`;
  });
  return [head, ...lines].join("\n");
}

/** One line: sizes, state, parameters, cost. */
export function describeCell(cell: Cell<tf.Tensor>): string {
  const zeros = cell.zeroState(1);
  const state = Object.entries<tf.Tensor>(zeros).map(([name, tensor]) => {
    tensor.dispose();
    return `${name} [batch, ${tensor.shape[1]}]`;
  });
  const shapes = [...cell.parameters].map(([name, { shape }]) => `${name} ${shapeText(shape)}`);
  return `${cell.inputSize} -> ${cell.outputSize}; state ${state.join(", ")}; ${shapes.join(", ")}; ${grouped(multiplyAdds(cell.parameters))} multiply-adds per token`;
}

/** The numbers in all parameters. */
export function countParameters(parameters: ReadonlyMap<string, tf.Tensor>): number {
  let count = 0;
  for (const tensor of parameters.values()) count += tensor.size;
  return count;
}

/** One per entry of each matrix: the products of a step; what is done element by element is left out. */
function multiplyAdds(parameters: ReadonlyMap<string, tf.Tensor>): number {
  let count = 0;
  for (const tensor of parameters.values()) if (tensor.rank === 2) count += tensor.size;
  return count;
}

/** @example grouped(117760) // "117,760" */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
