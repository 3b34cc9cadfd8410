/** The options of recurrent layers and of a run through them. */
import {
  type Cell,
  type CellState,
  checkNumber,
  type LayerState,
  OptionError,
  type Rng,
} from "@seq/core";
import type * as tf from "@tensorflow/tfjs-core";
import type { Connections } from "./connections.ts";
import type { InitialState } from "./layer-state.ts";
import type { MergeMode } from "./merge.ts";

/** What a factory of cells is asked for. */
export interface CellRequest {
  readonly inputSize: number;
  readonly rng: Rng;
  /** 0 is the layer at the input. */
  readonly layer: number;
  /** True for the cell that reads from the end. */
  readonly reverse: boolean;
}

/** The options that all recurrent layers share. */
export interface LayerOptions {
  readonly inputSize: number;
  /** Draws the initial weights. */
  readonly rng: Rng;
  /** Default 1. */
  readonly numLayers?: number;
  /** True (default, unlike torch): input and outputs are `[batch, time, ...]`; false: `[time, batch, ...]`. */
  readonly batchFirst?: boolean;
  /** A second cell per layer reads each row from its end; default false. */
  readonly bidirectional?: boolean;
  /** How the two directions are joined; default `"concat"`. */
  readonly merge?: MergeMode;
  /** Rate of dropout on the outputs of every layer but the last, in training; default 0. */
  readonly dropout?: number;
  /** True: that dropout uses one mask for all time steps (Gal & Ghahramani 2016); default false. */
  readonly variational?: boolean;
  /** Rate of dropout on h in the hidden-to-hidden products, one mask for all time steps; default 0. */
  readonly recurrentDropout?: number;
  /** Rate at which the state keeps its old value; one for all, or by name; default 0. */
  readonly zoneout?: number | Readonly<Record<string, number>>;
  /** Rate of dropout on the hidden-to-hidden weights; default 0. */
  readonly weightDrop?: number;
  /** Default `"none"`. */
  readonly connections?: Connections;
  /** True: the state that a run starts from by default is learned, from zeros; default false. */
  readonly learnedInitialState?: boolean;
}

export interface RecurrentLayersOptions<S extends CellState<tf.Tensor>> extends LayerOptions {
  /** Makes the cell of a layer and direction. All cells must have one output size. */
  readonly createCell: (request: CellRequest) => Cell<tf.Tensor, S>;
}

export interface ForwardOptions<S extends CellState<tf.Tensor>> {
  /** A list of cell states, or torch's stacked form; default zeros, or the learned one. Not disposed. */
  readonly initialState?: InitialState<S>;
  /** True length of each row of a padded batch, 1..time. Not for packed input, which has its own. */
  readonly lengths?: ArrayLike<number>;
  /** True: dropout of all kinds is on; needs `rng`. Default false. */
  readonly training?: boolean;
  readonly rng?: Rng;
  /** True: NaN and infinities in input, initial state or outputs are errors. Reads all of them. Default false. */
  readonly checkFinite?: boolean;
}

export interface ForwardResult<S extends CellState<tf.Tensor>, Outputs = tf.Tensor> {
  /** In the form of the input; zero beyond lengths. */
  readonly outputs: Outputs;
  /** Per layer, forward before backward: the state at each row's true end. */
  readonly finalState: LayerState<S>;
}

export const layerOptionNames = [
  "inputSize",
  "rng",
  "numLayers",
  "batchFirst",
  "bidirectional",
  "merge",
  "dropout",
  "variational",
  "recurrentDropout",
  "zoneout",
  "weightDrop",
  "connections",
  "learnedInitialState",
] as const;

export function checkRate(where: string, option: string, value: number | undefined): number {
  return checkNumber(where, option, value ?? 0, { min: 0, max: 1 });
}

export function checkZoneout(
  where: string,
  zoneout: LayerOptions["zoneout"],
): number | Record<string, number> {
  if (zoneout === undefined || typeof zoneout === "number") {
    return checkRate(where, "zoneout", zoneout);
  }
  for (const [name, rate] of Object.entries(zoneout)) checkRate(where, `zoneout.${name}`, rate);
  return { ...zoneout };
}

export function checkRng(where: string, rng: Rng | undefined): Rng {
  if (rng === undefined) {
    throw new OptionError(`${where}: training with dropout needs rng, got none.`, {
      code: "MISSING_OPTION",
      details: { option: "rng" },
    });
  }
  return rng;
}
