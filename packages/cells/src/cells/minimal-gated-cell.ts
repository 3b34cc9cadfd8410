import { linear } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import type { ElmanState } from "./elman-cell.ts";
import { type Advance, RecurrentCell } from "./recurrent-cell.ts";
import { type VariantCellOptions, variantSpecs } from "./variant-options.ts";

/**
 * A minimal gated unit: a GRU whose one gate resets and updates.
 *
 *   f = σ(Wf x + Uf h + bf)   n = tanh(Wn x + Un (f ⊙ h) + bn)   h' = (1 - f) ⊙ h + f ⊙ n
 *
 * Packed gate order f, n; one bias. State `{ h }`.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see Zhou et al. 2016
 */
export class MinimalGatedCell extends RecurrentCell<ElmanState> {
  constructor(options: VariantCellOptions) {
    const where = "MinimalGatedCell";
    const { inputSize, hiddenSize, rng, initializer } = options;
    const specs = variantSpecs(where, options, 2);
    super({ name: where, inputSize, hiddenSize }, specs, rng, initializer);
  }

  get stateSizes(): { h: number } {
    return { h: this.hiddenSize };
  }

  /** Gate names in packed order. */
  get gateOrder(): readonly string[] {
    return ["f", "n"];
  }

  protected advance(x: tf.Tensor2D, { h }: ElmanState, hidden: tf.Tensor): Advance<ElmanState> {
    const fromX = linear(x, this.weight("weight_ih"), this.optionalWeight("bias_ih"));
    const [xf, xn] = tf.split(fromX, 2, 1) as [tf.Tensor, tf.Tensor];
    const [Uf, Un] = tf.split(this.weight("weight_hh"), 2, 0) as [tf.Tensor, tf.Tensor];
    const f = tf.sigmoid(tf.add(xf, linear(hidden, Uf)));
    const n = tf.tanh(tf.add(xn, linear(tf.mul(f, hidden), Un)));
    const next = tf.add(tf.mul(tf.sub(1, f), h), tf.mul(f, n));
    return { state: { h: next }, gates: { f, n } };
  }
}
