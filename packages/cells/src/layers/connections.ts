/**
 * How the layers of a deep stack are connected. Two to four layers train as they are; eight need paths
 * around the layers (Britz et al. 2017).
 */
import { linear } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";

export const connectionNames = ["none", "residual", "highway", "skip", "dense"] as const;

/**
 * - `"none"`: each layer reads the one below.
 * - `"residual"`: each layer after the first adds its input to its output (He et al. 2016; GNMT).
 * - `"highway"`: the same through a gate t = σ(W x + b): t ⊙ output + (1 - t) ⊙ input (Srivastava et al. 2015).
 * - `"skip"`: each layer after the first also reads the network's input (Graves 2013).
 * - `"dense"`: each layer reads the network's input and all layers below (Huang et al. 2017).
 */
export type Connections = (typeof connectionNames)[number];

/** The width of what layer `layer` reads. */
export function layerInputSize(
  connections: Connections,
  layer: number,
  inputSize: number,
  width: number,
): number {
  if (layer === 0) return inputSize;
  if (connections === "skip") return inputSize + width;
  if (connections === "dense") return inputSize + layer * width;
  return width;
}

/**
 * What a layer after the first reads.
 *
 * @param below - the network's input and then the outputs of the layers below; features are the last axis.
 */
export function joinInputs(connections: Connections, below: readonly tf.Tensor[]): tf.Tensor {
  const last = below[below.length - 1] as tf.Tensor;
  const axis = last.rank - 1;
  if (connections === "skip") return tf.concat([below[0] as tf.Tensor, last], axis);
  if (connections === "dense") return tf.concat([...below], axis);
  return last;
}

/** What a layer after the first gives, from its own output and the output of the layer below. */
export function joinOutput(
  connections: Connections,
  output: tf.Tensor,
  below: tf.Tensor,
  highway: { readonly weight: tf.Tensor; readonly bias: tf.Tensor } | undefined,
): tf.Tensor {
  if (connections === "residual") return tf.add(output, below);
  if (connections === "highway" && highway !== undefined) {
    const t = tf.sigmoid(linear(below, highway.weight, highway.bias));
    return tf.add(tf.mul(t, output), tf.mul(tf.sub(1, t), below));
  }
  return output;
}
