/** An affine map y = x Wᵀ + b with weights as PyTorch stores them. */
import { newVariable, xavierUniform } from "@seq/cells";
import type { Rng } from "@seq/core";
import { linear } from "@seq/kernels";
import type * as tf from "@tensorflow/tfjs-core";

export class Dense {
  /** `weight` `[outputSize, inputSize]` and `bias` `[outputSize]`; owned by the layer. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly weight: tf.Variable;
  readonly bias: tf.Variable;

  constructor(inputSize: number, outputSize: number, rng: Rng) {
    const values = xavierUniform()(outputSize, inputSize, rng);
    this.weight = newVariable(values, [outputSize, inputSize]);
    this.bias = newVariable(new Float32Array(outputSize), [outputSize]);
    this.parameters = new Map([
      ["weight", this.weight],
      ["bias", this.bias],
    ]);
  }

  /** `[..., inputSize]` to `[..., outputSize]` */
  apply(x: tf.Tensor): tf.Tensor {
    return linear(x, this.weight, this.bias);
  }

  dispose(): void {
    this.weight.dispose();
    this.bias.dispose();
  }
}
