import { checkOneOf, checkOptions, type Rng } from "@seq/core";
import { elmanSequence, elmanStep } from "@seq/kernels";
import type * as tf from "@tensorflow/tfjs-core";
import { checkBoolean } from "../check.ts";
import type { ParameterInitializers } from "../initializers.ts";
import { type ActivationName, activate, activationNames } from "./activations.ts";
import { torchSpecs } from "./parameters.ts";
import { type Advance, RecurrentCell, type SequenceCell } from "./recurrent-cell.ts";

export type ElmanState = { readonly h: tf.Tensor };

export interface ElmanCellOptions {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Draws the initial weights. */
  readonly rng: Rng;
  /** Two bias vectors, as torch.nn has them; default true. */
  readonly bias?: boolean;
  /** Default `"tanh"`. */
  readonly nonlinearity?: ActivationName;
  /** For all parameters, or by name; default: uniform within 1 / sqrt(hiddenSize). */
  readonly initializer?: ParameterInitializers;
}

/**
 * A cell of a simple recurrent network.
 *
 *   h' = g(W x + b + U h + b')    g = tanh, relu, sigmoid or identity
 *
 * Weights and the two biases as torch.nn.RNNCell stores them: `weight_ih` W `[hidden, input]`,
 * `weight_hh` U `[hidden, hidden]`, `bias_ih` b, `bias_hh` b'. State `{ h }`. An output layer
 * y = softmax(V h) is not part of the cell.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see Elman 1990
 * @example const { h } = new ElmanCell({ inputSize: 3, hiddenSize: 4, rng: new Rng(0) }).step(x, state)
 */
export class ElmanCell extends RecurrentCell<ElmanState> implements SequenceCell<ElmanState> {
  readonly nonlinearity: ActivationName;

  constructor(options: ElmanCellOptions) {
    const where = "ElmanCell";
    const known = ["inputSize", "hiddenSize", "rng", "bias", "nonlinearity", "initializer"];
    checkOptions(where, options, known);
    const { inputSize, hiddenSize, rng, initializer } = options;
    const bias = checkBoolean(where, "bias", options.bias ?? true);
    const g = options.nonlinearity ?? "tanh";
    const nonlinearity = checkOneOf(where, "nonlinearity", g, activationNames);
    const specs = torchSpecs(1, inputSize, hiddenSize, { bias });
    super({ name: where, inputSize, hiddenSize }, specs, rng, initializer);
    this.nonlinearity = nonlinearity;
  }

  get stateSizes(): { h: number } {
    return { h: this.hiddenSize };
  }

  /** One "gate": the state itself. */
  get gateOrder(): readonly string[] {
    return ["h"];
  }

  override step(x: tf.Tensor, state: ElmanState): ElmanState {
    this.checkStep("step", x, state);
    return elmanStep(x, state, this.packedWeights(), { activation: this.nonlinearity });
  }

  get runFused(): SequenceCell<ElmanState>["runFused"] {
    return (xs, initial, options) => {
      const { outputs, state } = elmanSequence(xs, initial, this.packedWeights(), {
        ...options,
        activation: this.nonlinearity,
      });
      return { outputs: outputs as tf.Tensor3D, finalState: { h: state.h } };
    };
  }

  protected advance(x: tf.Tensor2D, _state: ElmanState, hidden: tf.Tensor): Advance<ElmanState> {
    const h = activate(this.nonlinearity, this.packedProducts(x, hidden));
    return { state: { h }, gates: {} };
  }
}
