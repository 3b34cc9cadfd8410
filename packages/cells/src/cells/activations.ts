/** The nonlinearities a cell may use. */
import * as tf from "@tensorflow/tfjs-core";

export const activationNames = ["tanh", "relu", "sigmoid", "identity"] as const;

export type ActivationName = (typeof activationNames)[number];

/** @returns a new tensor (for `identity` a clone). */
export function activate(name: ActivationName, x: tf.Tensor): tf.Tensor {
  switch (name) {
    case "tanh":
      return tf.tanh(x);
    case "relu":
      return tf.relu(x);
    case "sigmoid":
      return tf.sigmoid(x);
    case "identity":
      return tf.clone(x);
  }
}
