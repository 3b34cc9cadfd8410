import { layerNorm, linear } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { constantInitializer } from "../initializers.ts";
import type { LSTMState } from "./lstm-cell.ts";
import { type Advance, RecurrentCell } from "./recurrent-cell.ts";
import { type VariantCellOptions, variantSpecs } from "./variant-options.ts";

/**
 * An LSTM with layer normalisation of the two products and of the cell.
 *
 *   (i f g o) = LN(W x; γ₁) + LN(U h; γ₂) + b     each LN over all four gates
 *   c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g)                h' = σ(o) ⊙ tanh(LN(c'; γ₃, β₃))
 *
 * LN's ε is 1e-5. Packed gate order i, f, g, o; one bias; gains `norm_ih`, `norm_hh` `[4 * hidden]` and
 * `norm_c` `[hidden]` start at 1, `norm_c_bias` at 0. State `{ h, c }`.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see Ba, Kiros & Hinton 2016, eq. 20-22
 */
export class LayerNormLSTMCell extends RecurrentCell<LSTMState> {
  constructor(options: VariantCellOptions) {
    const where = "LayerNormLSTMCell";
    const { inputSize, hiddenSize, rng, initializer } = options;
    const gain = (name: string, blocks: number, value: number) => ({
      name,
      blocks,
      rows: hiddenSize,
      initializer: constantInitializer(value),
    });
    const specs = [
      ...variantSpecs(where, options, 4),
      gain("norm_ih", 4, 1),
      gain("norm_hh", 4, 1),
      gain("norm_c", 1, 1),
      gain("norm_c_bias", 1, 0),
    ];
    super({ name: where, inputSize, hiddenSize }, specs, rng, initializer);
  }

  get stateSizes(): { h: number; c: number } {
    return { h: this.hiddenSize, c: this.hiddenSize };
  }

  /** Gate names in packed order. */
  get gateOrder(): readonly string[] {
    return ["i", "f", "g", "o"];
  }

  protected advance(x: tf.Tensor2D, { c }: LSTMState, hidden: tf.Tensor): Advance<LSTMState> {
    const bias = this.optionalWeight("bias_ih");
    const fromX = layerNorm(linear(x, this.weight("weight_ih")), this.weight("norm_ih"), bias);
    const fromH = linear(hidden, this.weight("weight_hh"));
    const packed = tf.add(fromX, layerNorm(fromH, this.weight("norm_hh"), null));
    const parts = tf.split(packed, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const [i, f, g, o] = [
      tf.sigmoid(parts[0]),
      tf.sigmoid(parts[1]),
      tf.tanh(parts[2]),
      tf.sigmoid(parts[3]),
    ];
    const nextC = tf.add(tf.mul(f, c), tf.mul(i, g));
    const normal = layerNorm(nextC, this.weight("norm_c"), this.weight("norm_c_bias"));
    return { state: { h: tf.mul(o, tf.tanh(normal)), c: nextC }, gates: { i, f, g, o } };
  }
}
