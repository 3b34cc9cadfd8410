import { checkOptions } from "@seq/core";
import type { ActivationName } from "../cells/activations.ts";
import { ElmanCell, type ElmanState } from "../cells/elman-cell.ts";
import type { ParameterInitializers } from "../initializers.ts";
import { type LayerOptions, layerOptionNames } from "./layer-options.ts";
import { RecurrentLayers } from "./recurrent-layers.ts";

export interface RNNOptions extends LayerOptions {
  readonly hiddenSize: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Default `"tanh"`. */
  readonly nonlinearity?: ActivationName;
  readonly initializer?: ParameterInitializers;
}

/**
 * Layers of Elman cells, as torch.nn.RNN: same weights, names and numbers. `batchFirst` is true here.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`
 * @see ElmanCell for the equations, RecurrentLayers for the options of all layers.
 */
export class RNN extends RecurrentLayers<ElmanState> {
  readonly hiddenSize: number;

  constructor(options: RNNOptions) {
    checkOptions("RNN", options, [
      ...layerOptionNames,
      ...["hiddenSize", "bias", "nonlinearity", "initializer"],
    ]);
    const { hiddenSize, bias, nonlinearity, initializer, ...layers } = options;
    const cell = defined({ hiddenSize, bias, nonlinearity, initializer });
    super(
      { ...layers, createCell: ({ inputSize, rng }) => new ElmanCell({ inputSize, rng, ...cell }) },
      "RNN",
    );
    this.hiddenSize = hiddenSize;
  }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the keys whose value is undefined: an option left out stays left out. */
export function defined<T extends object>(options: T): Defined<T> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
