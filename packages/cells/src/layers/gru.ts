import { checkOptions } from "@seq/core";
import { GRUCell, type GRUCellOptions, type GRUState } from "../cells/gru-cell.ts";
import { type LayerOptions, layerOptionNames } from "./layer-options.ts";
import { RecurrentLayers } from "./recurrent-layers.ts";
import { defined } from "./rnn.ts";

export interface GRUOptions extends LayerOptions, Omit<GRUCellOptions, "inputSize" | "rng"> {}

/**
 * Layers of gated recurrent units, as torch.nn.GRU: same weights, names and numbers. `batchFirst` is true
 * here.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see GRUCell for the equations, RecurrentLayers for the options of all layers.
 */
export class GRU extends RecurrentLayers<GRUState> {
  readonly hiddenSize: number;

  constructor(options: GRUOptions) {
    checkOptions("GRU", options, [
      ...layerOptionNames,
      ...["hiddenSize", "bias", "resetGate", "updateGate", "initializer"],
    ]);
    const { hiddenSize, bias, resetGate, updateGate, initializer, ...layers } = options;
    const cell = defined({ hiddenSize, bias, resetGate, updateGate, initializer });
    super(
      { ...layers, createCell: ({ inputSize, rng }) => new GRUCell({ inputSize, rng, ...cell }) },
      "GRU",
    );
    this.hiddenSize = hiddenSize;
  }
}
