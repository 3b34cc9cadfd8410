import { checkInteger, type Rng } from "@seq/core";
import { linear, linearCrossEntropy } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import type { OutputLayer } from "./output-layer.types.ts";
import { uniformVariable, zeroVariable } from "./variables.ts";

export interface FullSoftmaxOptions {
  readonly inputSize: number;
  readonly vocabSize: number;
  readonly rng: Rng;
  /** `[vocabSize, inputSize]`: use this weight (weight tying, Press & Wolf 2017) instead of an own one. */
  readonly tiedWeight?: tf.Variable;
}

/** log P(w | x) = log softmax(Z x + b)_w; cost O(vocabSize * inputSize) per row. */
export class FullSoftmax implements OutputLayer {
  readonly kind = "softmax";
  readonly inputSize: number;
  readonly vocabSize: number;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** `[vocabSize, inputSize]` */
  readonly weight: tf.Variable;
  /** `[vocabSize]` */
  readonly bias: tf.Variable;

  constructor({ inputSize, vocabSize, rng, tiedWeight }: FullSoftmaxOptions) {
    this.inputSize = checkInteger("FullSoftmax", "inputSize", inputSize, { min: 1 });
    this.vocabSize = checkInteger("FullSoftmax", "vocabSize", vocabSize, { min: 1 });
    this.weight =
      tiedWeight ?? uniformVariable([vocabSize, inputSize], 1 / Math.sqrt(inputSize), rng);
    this.bias = zeroVariable([vocabSize]);
    const own: [string, tf.Variable][] = tiedWeight === undefined ? [["weight", this.weight]] : [];
    this.parameters = new Map([...own, ["bias", this.bias]]);
  }

  loss(x: tf.Tensor, targets: Int32Array): tf.Tensor {
    return linearCrossEntropy(x, this.weight, this.bias, tf.tensor1d(targets, "int32"));
  }

  logits(x: tf.Tensor): tf.Tensor {
    return linear(x, this.weight, this.bias);
  }

  logProbs(x: tf.Tensor): tf.Tensor {
    return tf.logSoftmax(this.logits(x));
  }

  targetLogProbs(x: tf.Tensor, targets: Int32Array): tf.Tensor {
    const ids = tf.tensor1d(targets, "int32");
    return tf.neg(linearCrossEntropy(x, this.weight, this.bias, ids, { reduction: "none" }));
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}
