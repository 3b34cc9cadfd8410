import { checkOneOf, checkOptions, type Rng } from "@seq/core";
import { gruSequence, gruStep, linear, type RecurrentWeights } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { checkBoolean } from "../check.ts";
import type { ParameterInitializers } from "../initializers.ts";
import { tidy } from "../tidy.ts";
import { torchSpecs } from "./parameters.ts";
import { type Advance, RecurrentCell, type SequenceCell } from "./recurrent-cell.ts";

export type GRUState = { readonly h: tf.Tensor };

export interface GRUCellOptions {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Draws the initial weights. */
  readonly rng: Rng;
  /** Two bias vectors, as torch.nn has them; default true. */
  readonly bias?: boolean;
  /** Where r acts: on the product U h (torch, default) or on h before it (Cho et al. 2014, Keras `reset_after=False`). */
  readonly resetGate?: "after-product" | "before-product";
  /** What an open update gate does: keep the old state (torch, default) or take the new one (many slides). */
  readonly updateGate?: "keeps-old" | "takes-new";
  /** For all parameters, or by name; default: uniform within 1 / sqrt(hiddenSize). */
  readonly initializer?: ParameterInitializers;
}

const knownOptions = [
  "inputSize",
  "hiddenSize",
  "rng",
  "bias",
  "resetGate",
  "updateGate",
  "initializer",
];

/**
 * A gated recurrent unit.
 *
 *   r = σ(Wr x + br + Ur h + br')   z = σ(Wz x + bz + Uz h + bz')
 *   n = tanh(Wn x + bn + r ⊙ (Un h + bn'))    resetGate "after-product" (torch, Keras' default)
 *   n = tanh(Wn x + bn + Un (r ⊙ h) + bn')    resetGate "before-product"
 *   h' = (1 - z) ⊙ n + z ⊙ h                  updateGate "keeps-old" (torch, Keras)
 *   h' = (1 - z) ⊙ h + z ⊙ n                  updateGate "takes-new"
 *
 * Both reset forms are in the literature (arXiv 1406.1078 v1 and v3) and are different functions: weights
 * trained with one give wrong outputs with the other. The two update forms are the same function with
 * the z rows of the weights negated.
 *
 * Packed gate order r, z, n; weights and the two biases as PyTorch stores them. State `{ h }`.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see Cho et al. 2014; Chung et al. 2014
 */
export class GRUCell extends RecurrentCell<GRUState> implements SequenceCell<GRUState> {
  readonly resetGate: "after-product" | "before-product";
  readonly updateGate: "keeps-old" | "takes-new";

  constructor(options: GRUCellOptions) {
    const where = "GRUCell";
    checkOptions(where, options, knownOptions);
    const { inputSize, hiddenSize, rng, initializer } = options;
    const bias = checkBoolean(where, "bias", options.bias ?? true);
    const [reset, update] = [
      options.resetGate ?? "after-product",
      options.updateGate ?? "keeps-old",
    ];
    const resetGate = checkOneOf(where, "resetGate", reset, ["after-product", "before-product"]);
    const updateGate = checkOneOf(where, "updateGate", update, ["keeps-old", "takes-new"]);
    const specs = torchSpecs(3, inputSize, hiddenSize, { bias });
    super({ name: where, inputSize, hiddenSize }, specs, rng, initializer);
    this.resetGate = resetGate;
    this.updateGate = updateGate;
  }

  get stateSizes(): { h: number } {
    return { h: this.hiddenSize };
  }

  /** Gate names in packed order. */
  get gateOrder(): readonly string[] {
    return ["r", "z", "n"];
  }

  override step(x: tf.Tensor, state: GRUState): GRUState {
    this.checkStep("step", x, state);
    const { resetGate } = this;
    return tidy(() => ({ h: gruStep(x, state, this.keepingWeights(), { resetGate }).h }));
  }

  get runFused(): SequenceCell<GRUState>["runFused"] {
    const { resetGate } = this;
    return (xs, initial, options) =>
      tidy(() => {
        const run = gruSequence(xs, initial, this.keepingWeights(), { ...options, resetGate });
        return { outputs: run.outputs as tf.Tensor3D, finalState: { h: run.state.h } };
      });
  }

  protected advance(x: tf.Tensor2D, { h }: GRUState, hidden: tf.Tensor): Advance<GRUState> {
    const [xr, xz, xn] = tf.split(
      linear(x, this.weight("weight_ih"), this.optionalWeight("bias_ih")),
      3,
      1,
    ) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [Ur, Uz, Un] = tf.split(this.weight("weight_hh"), 3, 0) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const biasHh = this.optionalWeight("bias_hh");
    const [br, bz, bn] = biasHh === null ? [] : tf.split(biasHh, 3, 0);
    const r = tf.sigmoid(tf.add(xr, linear(hidden, Ur, br)));
    const z = tf.sigmoid(tf.add(xz, linear(hidden, Uz, bz)));
    const fromHidden =
      this.resetGate === "after-product"
        ? tf.mul(r, linear(hidden, Un, bn))
        : linear(tf.mul(r, hidden), Un, bn);
    const n = tf.tanh(tf.add(xn, fromHidden));
    const [open, closed] = this.updateGate === "keeps-old" ? [h, n] : [n, h];
    const next = tf.add(tf.mul(tf.sub(1, z), closed), tf.mul(z, open));
    return { state: { h: next }, gates: { r, z, n } };
  }

  /** The weights of the "keeps-old" form: σ(-a) = 1 - σ(a), so "takes-new" negates the rows of z. */
  // Not `#`: a cell made by `withParameters` has the prototype, not the private names.
  private keepingWeights(): RecurrentWeights {
    const weights = this.packedWeights();
    if (this.updateGate === "keeps-old") return weights;
    const size = this.hiddenSize;
    const signs = Float32Array.from({ length: 3 * size }, (_, row) =>
      row >= size && row < 2 * size ? -1 : 1,
    );
    const column = tf.tensor2d(signs, [3 * size, 1]);
    const vector = tf.tensor1d(signs);
    return {
      weightIh: tf.mul(weights.weightIh, column),
      weightHh: tf.mul(weights.weightHh, column),
      biasIh: weights.biasIh ? tf.mul(weights.biasIh, vector) : null,
      biasHh: weights.biasHh ? tf.mul(weights.biasHh, vector) : null,
    };
  }
}
