import * as tf from "@tensorflow/tfjs-core";
import type { ElmanState } from "./elman-cell.ts";
import { type Advance, RecurrentCell } from "./recurrent-cell.ts";
import { type VariantCellOptions, variantSpecs } from "./variant-options.ts";

/**
 * An Elman cell with a forget and an input gate, the step between Elman and LSTM in lectures.
 *
 *   f = σ(Wf x + Uf h + bf)   i = σ(Wi x + Ui h + bi)   n = tanh(Wn x + Un h + bn)
 *   h' = f ⊙ h + i ⊙ n
 *
 * With f = 1 and i = 0 the state is kept exactly. Packed gate order f, i, n; one bias. State `{ h }`.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 */
export class GatedElmanCell extends RecurrentCell<ElmanState> {
  constructor(options: VariantCellOptions) {
    const where = "GatedElmanCell";
    const { inputSize, hiddenSize, rng, initializer } = options;
    const specs = variantSpecs(where, options, 3);
    super({ name: where, inputSize, hiddenSize }, specs, rng, initializer);
  }

  get stateSizes(): { h: number } {
    return { h: this.hiddenSize };
  }

  /** Gate names in packed order. */
  get gateOrder(): readonly string[] {
    return ["f", "i", "n"];
  }

  protected advance(x: tf.Tensor2D, { h }: ElmanState, hidden: tf.Tensor): Advance<ElmanState> {
    const parts = tf.split(this.packedProducts(x, hidden), 3, 1);
    const [pf, pi, pn] = parts as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [f, i, n] = [tf.sigmoid(pf), tf.sigmoid(pi), tf.tanh(pn)];
    return { state: { h: tf.add(tf.mul(f, h), tf.mul(i, n)) }, gates: { f, i, n } };
  }
}
