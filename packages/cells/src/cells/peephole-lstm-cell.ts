import * as tf from "@tensorflow/tfjs-core";
import type { LSTMState } from "./lstm-cell.ts";
import { type Advance, RecurrentCell } from "./recurrent-cell.ts";
import { type VariantCellOptions, variantSpecs } from "./variant-options.ts";

/**
 * An LSTM whose gates also see the cell.
 *
 *   i = σ(Wi x + Ui h + pi ⊙ c + bi)   f = σ(Wf x + Uf h + pf ⊙ c + bf)   g = tanh(Wg x + Ug h + bg)
 *   c' = f ⊙ c + i ⊙ g                 o = σ(Wo x + Uo h + po ⊙ c' + bo)  h' = o ⊙ tanh(c')
 *
 * Packed gate order i, f, g, o; one bias; `peephole_i`, `peephole_f`, `peephole_o` `[hidden]`. State `{ h, c }`.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see Gers & Schmidhuber 2000; Graves 2013, eq. 7-11
 */
export class PeepholeLSTMCell extends RecurrentCell<LSTMState> {
  constructor(options: VariantCellOptions) {
    const where = "PeepholeLSTMCell";
    const { inputSize, hiddenSize, rng, initializer } = options;
    const peepholes = ["peephole_i", "peephole_f", "peephole_o"].map((name) => ({
      name,
      blocks: 1,
      rows: hiddenSize,
    }));
    const specs = [...variantSpecs(where, options, 4), ...peepholes];
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
    const parts = tf.split(this.packedProducts(x, hidden), 4, 1);
    const [pi, pf, pg, po] = parts as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const seen = (part: tf.Tensor, name: string, cell: tf.Tensor) =>
      tf.sigmoid(tf.add(part, tf.mul(this.weight(name), cell)));
    const i = seen(pi, "peephole_i", c);
    const f = seen(pf, "peephole_f", c);
    const g = tf.tanh(pg);
    const nextC = tf.add(tf.mul(f, c), tf.mul(i, g));
    const o = seen(po, "peephole_o", nextC);
    return { state: { h: tf.mul(o, tf.tanh(nextC)), c: nextC }, gates: { i, f, g, o } };
  }
}
