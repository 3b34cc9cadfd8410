import * as tf from "@tensorflow/tfjs-core";
import type { LSTMState } from "./lstm-cell.ts";
import { type Advance, RecurrentCell } from "./recurrent-cell.ts";
import { type VariantCellOptions, variantSpecs } from "./variant-options.ts";

/**
 * An LSTM whose input and forget gates are coupled (CIFG): what is written is what was cleared.
 *
 *   i = σ(Wi x + Ui h + bi)   g = tanh(Wg x + Ug h + bg)   o = σ(Wo x + Uo h + bo)
 *   c' = (1 - i) ⊙ c + i ⊙ g   h' = o ⊙ tanh(c')
 *
 * Packed gate order i, g, o; one bias. State `{ h, c }`.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see Greff et al. 2017, section III
 */
export class CoupledLSTMCell extends RecurrentCell<LSTMState> {
  constructor(options: VariantCellOptions) {
    const where = "CoupledLSTMCell";
    const { inputSize, hiddenSize, rng, initializer } = options;
    const specs = variantSpecs(where, options, 3);
    super({ name: where, inputSize, hiddenSize }, specs, rng, initializer);
  }

  get stateSizes(): { h: number; c: number } {
    return { h: this.hiddenSize, c: this.hiddenSize };
  }

  /** Gate names in packed order. */
  get gateOrder(): readonly string[] {
    return ["i", "g", "o"];
  }

  protected advance(x: tf.Tensor2D, { c }: LSTMState, hidden: tf.Tensor): Advance<LSTMState> {
    const parts = tf.split(this.packedProducts(x, hidden), 3, 1);
    const [pi, pg, po] = parts as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [i, g, o] = [tf.sigmoid(pi), tf.tanh(pg), tf.sigmoid(po)];
    const f = tf.sub(1, i);
    const nextC = tf.add(tf.mul(f, c), tf.mul(i, g));
    return { state: { h: tf.mul(o, tf.tanh(nextC)), c: nextC }, gates: { i, f, g, o } };
  }
}
