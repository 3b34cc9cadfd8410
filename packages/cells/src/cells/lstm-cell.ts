import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  OptionError,
  type Rng,
} from "@seq/core";
import { type LstmWeights, linear, lstmSequence, lstmStep } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { checkBoolean } from "../check.ts";
import type { ParameterInitializers } from "../initializers.ts";
import { type ActivationName, activate, activationNames } from "./activations.ts";
import { torchSpecs } from "./parameters.ts";
import { type Advance, RecurrentCell, type SequenceCell } from "./recurrent-cell.ts";

export type LSTMState = { readonly h: tf.Tensor; readonly c: tf.Tensor };

export interface LSTMCellOptions {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Draws the initial weights. */
  readonly rng: Rng;
  /** Two bias vectors, as torch.nn has them; default true. */
  readonly bias?: boolean;
  /** Size of h, when a projection h = R (o ⊙ tanh c) makes it smaller than c; default 0: none. */
  readonly projSize?: number;
  /** False: the cell of 1997, c' = c + i ⊙ g; gates i g o. Default true. */
  readonly forgetGate?: boolean;
  /** Where the forget gate's bias starts (both biases together); `"initializer"` leaves it as drawn. Default 1. */
  readonly forgetBias?: number | "initializer";
  /** σ_c of the candidate g; default `"tanh"`. */
  readonly candidateActivation?: ActivationName;
  /** σ_h on c' before the output gate; default `"tanh"`. */
  readonly outputActivation?: ActivationName;
  /** For all parameters, or by name; default: uniform within 1 / sqrt(hiddenSize). */
  readonly initializer?: ParameterInitializers;
}

const knownOptions = [
  "inputSize",
  "hiddenSize",
  "rng",
  "bias",
  "projSize",
  "forgetGate",
  "forgetBias",
  "candidateActivation",
  "outputActivation",
  "initializer",
];

/**
 * A long short-term memory cell.
 *
 *   i = σ(Wi x + Ui h + bi)   f = σ(Wf x + Uf h + bf)   g = tanh(Wg x + Ug h + bg)
 *   o = σ(Wo x + Uo h + bo)   c' = f ⊙ c + i ⊙ g        h' = o ⊙ tanh(c')
 *
 * Packed gate order i, f, g, o; weights and the two biases (input and hidden) as PyTorch stores them
 * (`weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, `weight_hr`), so gradients and optimizer steps agree.
 * No peepholes. The forget bias starts at 1 (torch leaves it random). Near 1 the forget gate keeps the
 * cell, near 0 it clears it; the input gate decides what is written, the output gate what is shown.
 *
 * State `{ h, c }`, each `[batch, hiddenSize]` (h `[batch, projSize]` with a projection).
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000; bias: Jozefowicz et al. 2015;
 *   projection: Sak et al. 2014.
 * @example const { h, c } = cell.step(x, cell.zeroState(2)); // h.shape is [2, hiddenSize]
 */
export class LSTMCell extends RecurrentCell<LSTMState> implements SequenceCell<LSTMState> {
  readonly projSize: number;
  readonly forgetGate: boolean;
  readonly candidateActivation: ActivationName;
  readonly outputActivation: ActivationName;

  constructor(options: LSTMCellOptions) {
    const where = "LSTMCell";
    checkOptions(where, options, knownOptions);
    const { inputSize, hiddenSize, rng, initializer } = options;
    const bias = checkBoolean(where, "bias", options.bias ?? true);
    const forgetGate = checkBoolean(where, "forgetGate", options.forgetGate ?? true);
    const projSize = checkProjection(where, options.projSize ?? 0, hiddenSize);
    const candidateActivation = checkActivation(where, options, "candidateActivation");
    const outputActivation = checkActivation(where, options, "outputActivation");
    const { forgetBias = 1 } = options;
    if (forgetBias !== "initializer") checkNumber(where, "forgetBias", forgetBias);
    const outputSize = projSize || hiddenSize;
    const specs = torchSpecs(forgetGate ? 4 : 3, inputSize, hiddenSize, { bias, outputSize });
    if (projSize > 0) {
      specs.push({ name: "weight_hr", blocks: 1, rows: projSize, columns: hiddenSize });
    }
    super({ name: where, inputSize, hiddenSize, outputSize }, specs, rng, initializer);
    this.projSize = projSize;
    this.forgetGate = forgetGate;
    this.candidateActivation = candidateActivation;
    this.outputActivation = outputActivation;
    if (forgetBias !== "initializer" && bias && forgetGate) this.setForgetBias(forgetBias);
  }

  get stateSizes(): { h: number; c: number } {
    return { h: this.outputSize, c: this.hiddenSize };
  }

  /** Gate names in packed order. */
  get gateOrder(): readonly string[] {
    return this.forgetGate ? ["i", "f", "g", "o"] : ["i", "g", "o"];
  }

  override step(x: tf.Tensor, state: LSTMState): LSTMState {
    if (!this.isStandard) return super.step(x, state);
    this.checkStep("step", x, state);
    return lstmStep(x, state, this.lstmWeights());
  }

  get runFused(): SequenceCell<LSTMState>["runFused"] {
    if (!this.isStandard) return undefined;
    return (xs, initial, options) => {
      const { outputs, state } = lstmSequence(xs, initial, this.lstmWeights(), options);
      return { outputs: outputs as tf.Tensor3D, finalState: { h: state.h, c: state.c } };
    };
  }

  protected advance(x: tf.Tensor2D, { c }: LSTMState, hidden: tf.Tensor): Advance<LSTMState> {
    const packed = this.packedProducts(x, hidden);
    const parts = tf.split(packed, this.gateOrder.length, 1);
    const part = (gate: string) => parts[this.gateOrder.indexOf(gate)] as tf.Tensor;
    const i = tf.sigmoid(part("i"));
    const g = activate(this.candidateActivation, part("g"));
    const o = tf.sigmoid(part("o"));
    const written = tf.mul(i, g);
    const f = this.forgetGate ? tf.sigmoid(part("f")) : tf.onesLike(i);
    const nextC = tf.add(this.forgetGate ? tf.mul(f, c) : c, written);
    const shown = tf.mul(o, activate(this.outputActivation, nextC));
    const h = this.projSize > 0 ? linear(shown, this.weight("weight_hr")) : shown;
    return { state: { h, c: nextC }, gates: this.forgetGate ? { i, f, g, o } : { i, g, o } };
  }

  // Not `#`: a cell made by `withParameters` has the prototype, not the private names.
  private get isStandard(): boolean {
    return (
      this.forgetGate && this.candidateActivation === "tanh" && this.outputActivation === "tanh"
    );
  }

  private lstmWeights(): LstmWeights {
    return { ...this.packedWeights(), weightHr: this.optionalWeight("weight_hr") };
  }

  /** The two biases add up: one carries the value, the other 0. */
  protected setForgetBias(value: number): void {
    const from = this.hiddenSize;
    const set = (name: string, filling: number) => {
      const bias = this.parameters.get(name) as tf.Variable;
      const values = bias.dataSync<"float32">().slice();
      values.fill(filling, from, 2 * from);
      tf.tidy(() => bias.assign(tf.tensor1d(values)));
    };
    set("bias_ih", value);
    set("bias_hh", 0);
  }
}

function checkProjection(where: string, projSize: number, hiddenSize: number): number {
  checkInteger(where, "projSize", projSize, { min: 0 });
  if (projSize >= hiddenSize && projSize > 0) {
    throw new OptionError(
      `${where}: projSize is ${projSize}, expected less than hiddenSize ${hiddenSize} (0: no projection).`,
      { code: "OPTION_RANGE", details: { option: "projSize", value: projSize } },
    );
  }
  return projSize;
}

function checkActivation(
  where: string,
  options: LSTMCellOptions,
  option: "candidateActivation" | "outputActivation",
): ActivationName {
  return checkOneOf(where, option, options[option] ?? "tanh", activationNames);
}
