import type { Rng } from "@seq/core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";

export interface OutputContext {
  /** True while training: sampled losses stand in for the full softmax. */
  readonly training: boolean;
  /** Draws the noise of sampled losses; they need it in training. */
  readonly rng?: Rng | undefined;
}

/** From hidden vectors to a distribution over the vocabulary. Methods run inside the caller's `tf.tidy`. */
export interface OutputLayer {
  /** `"softmax"`, `"adaptive"` ... */
  readonly kind: string;
  readonly inputSize: number;
  readonly vocabSize: number;
  /** Trainable; a tied weight belongs to the embedding and is not among them. */
  readonly parameters: ReadonlyMap<string, Variable>;
  /**
   * Mean loss of the rows, nats; on the tape. In evaluation it is the exact cross-entropy.
   *
   * @param x - `[N, inputSize]`, N above 0.
   * @param targets - N ids.
   */
  loss(x: Tensor, targets: Int32Array, context: OutputContext): Tensor;
  /** log P of all ids: `[N, vocabSize]`, nats. */
  logProbs(x: Tensor): Tensor;
  /** log P of one id per row: `[N]`, nats. */
  targetLogProbs(x: Tensor, targets: Int32Array): Tensor;
  dispose(): void;
}
