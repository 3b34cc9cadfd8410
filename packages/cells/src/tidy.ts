import * as tf from "@tensorflow/tfjs-core";

/** `tf.tidy` for any record of tensors: its own type wants index signatures. */
export function tidy<T>(body: () => T): T {
  return tf.tidy(body as unknown as () => tf.TensorContainer) as T;
}

/** `tf.unstack`, also along an axis of size 1, where tfjs's gradient fails. */
export function unstack(x: tf.Tensor, axis = 0): tf.Tensor[] {
  return x.shape[axis] === 1 ? [tf.squeeze(x, [axis])] : tf.unstack(x, axis);
}
