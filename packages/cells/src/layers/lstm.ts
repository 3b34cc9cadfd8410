import { checkOptions } from "@seq/core";
import { LSTMCell, type LSTMCellOptions, type LSTMState } from "../cells/lstm-cell.ts";
import { type LayerOptions, layerOptionNames } from "./layer-options.ts";
import { RecurrentLayers } from "./recurrent-layers.ts";
import { defined } from "./rnn.ts";

export interface LSTMOptions extends LayerOptions, Omit<LSTMCellOptions, "inputSize" | "rng"> {}

/**
 * Layers of LSTM cells, as torch.nn.LSTM: same weights, names and numbers. `batchFirst` is true here, and
 * the forget gate's bias starts at 1.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see LSTMCell for the equations, RecurrentLayers for the options of all layers.
 * @example
 * const lstm = new LSTM({ inputSize: 32, hiddenSize: 64, numLayers: 2, rng: new Rng(0) });
 * const { outputs, finalState } = lstm.forward(xs, { lengths }); // outputs: [batch, time, 64]
 */
export class LSTM extends RecurrentLayers<LSTMState> {
  readonly hiddenSize: number;
  readonly projSize: number;

  constructor(options: LSTMOptions) {
    checkOptions("LSTM", options, [
      ...layerOptionNames,
      ...["hiddenSize", "bias", "projSize", "forgetGate", "forgetBias"],
      ...["candidateActivation", "outputActivation", "initializer"],
    ]);
    const { hiddenSize, bias, projSize, forgetGate, forgetBias, ...others } = options;
    const { candidateActivation, outputActivation, initializer, ...layers } = others;
    const shape = defined({ hiddenSize, bias, projSize, forgetGate, forgetBias });
    const rest = defined({ candidateActivation, outputActivation, initializer });
    super(
      {
        ...layers,
        createCell: ({ inputSize, rng }) => new LSTMCell({ inputSize, rng, ...shape, ...rest }),
      },
      "LSTM",
    );
    this.hiddenSize = hiddenSize;
    this.projSize = projSize ?? 0;
  }
}
