/**
 * A stack of recurrent layers around any cell: depth, direction, padding, dropout and connections.
 *
 * `RNN`, `LSTM` and `GRU` are this class with their cell filled in. The equations are the cell's; here
 * each layer runs its cell over time in one or two directions and hands its outputs to the next.
 */
import {
  type Cell,
  type CellState,
  checkInteger,
  checkOneOf,
  checkOptions,
  type LayerState,
  OptionError,
  type Rng,
} from "@seq/core";
import { dropout } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { checkBoolean, checkFinite, checkTensor } from "../check.ts";
import { PackedSequence } from "../packing/packed-sequence.ts";
import { withRecurrentDropout, withWeightDrop, withZoneout } from "../regularized-cells.ts";
import { tidy } from "../tidy.ts";
import {
  type LoadStateDictOptions,
  loadParameters,
  parametersToStateDict,
  type StateDict,
  type WritableStateDict,
} from "../torch-weights/state-dict.ts";
import { runSequence } from "../unroll.ts";
import {
  type Connections,
  connectionNames,
  joinInputs,
  joinOutput,
  layerInputSize,
} from "./connections.ts";
import { describeLayers } from "./describe.ts";
import { type LayerInput, readInput } from "./layer-input.ts";
import {
  checkRate,
  checkRng,
  checkZoneout,
  type ForwardOptions,
  type ForwardResult,
  layerOptionNames,
  type RecurrentLayersOptions,
} from "./layer-options.ts";
import { readInitialState, type StateSizes, stateSizesOf } from "./layer-state.ts";
import { type MergeMode, mergeDirections, mergedSize, mergeNames } from "./merge.ts";
import { isStackParameter, layerSuffix, stackParameters } from "./stack-parameters.ts";

/**
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`, `SIZES_DIFFER`
 * @example new RecurrentLayers({ inputSize: 8, numLayers: 2, rng, createCell: ({ inputSize, rng }) =>
 *   new GRUCell({ inputSize, hiddenSize: 16, rng }) })
 */
export class RecurrentLayers<S extends CellState<tf.Tensor>> {
  readonly inputSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly bidirectional: boolean;
  readonly merge: MergeMode;
  readonly dropout: number;
  readonly variational: boolean;
  readonly recurrentDropout: number;
  readonly zoneout: number | Readonly<Record<string, number>>;
  readonly weightDrop: number;
  readonly connections: Connections;
  readonly learnedInitialState: boolean;
  /** Layer by layer, forward before backward; owned by this object. */
  readonly cells: readonly Cell<tf.Tensor, S>[];
  /** Features of the outputs. */
  readonly outputSize: number;
  /** Trainable, by torch's names: `weight_ih_l0`, `weight_ih_l0_reverse`, ... */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  protected readonly where: string;
  /** The names and sizes of each cell's state. */
  readonly #stateSizes: readonly StateSizes[];

  constructor(options: RecurrentLayersOptions<S>, name = "RecurrentLayers") {
    checkOptions(name, options, [...layerOptionNames, "createCell"]);
    this.where = name;
    this.inputSize = checkInteger(name, "inputSize", options.inputSize, { min: 1 });
    this.numLayers = checkInteger(name, "numLayers", options.numLayers ?? 1, { min: 1 });
    this.batchFirst = checkBoolean(name, "batchFirst", options.batchFirst ?? true);
    this.bidirectional = checkBoolean(name, "bidirectional", options.bidirectional ?? false);
    this.merge = checkOneOf(name, "merge", options.merge ?? "concat", mergeNames);
    this.dropout = checkRate(name, "dropout", options.dropout);
    this.variational = checkBoolean(name, "variational", options.variational ?? false);
    this.recurrentDropout = checkRate(name, "recurrentDropout", options.recurrentDropout);
    this.zoneout = checkZoneout(name, options.zoneout);
    this.weightDrop = checkRate(name, "weightDrop", options.weightDrop);
    const { connections = "none", learnedInitialState = false } = options;
    this.connections = checkOneOf(name, "connections", connections, connectionNames);
    this.learnedInitialState = checkBoolean(name, "learnedInitialState", learnedInitialState);
    const { cells, width } = this.#createCells(options);
    this.cells = cells;
    this.outputSize = width;
    this.#stateSizes = cells.map(stateSizesOf);
    this.parameters = stackParameters(this, options.rng);
  }

  get directions(): 1 | 2 {
    return this.bidirectional ? 2 : 1;
  }

  /**
   * Runs the layers over a batch of sequences.
   *
   * @param input - `[batch, time, inputSize]` (`[time, batch, inputSize]` when not batchFirst), or
   *   unbatched `[time, inputSize]`, or packed; not disposed.
   * @returns outputs in the same form and the final states; the caller disposes both.
   * @throws {ShapeError} `SHAPE_MISMATCH`, `LENGTHS`
   * @throws {OptionError} `MISSING_OPTION` in training with dropout and no `rng`.
   * @throws {KernelError} `NOT_FINITE` when asked to check.
   */
  forward(input: PackedSequence, options?: ForwardOptions<S>): ForwardResult<S, PackedSequence>;
  forward(input: tf.Tensor, options?: ForwardOptions<S>): ForwardResult<S>;
  forward(
    input: tf.Tensor | PackedSequence,
    options: ForwardOptions<S> = {},
  ): ForwardResult<S, tf.Tensor | PackedSequence> {
    const where = `${this.where}.forward`;
    checkOptions(where, options, ["initialState", "lengths", "training", "rng", "checkFinite"]);
    const finite = checkBoolean(where, "checkFinite", options.checkFinite ?? false);
    const { outputs, finalState } = tidy(() => {
      const read = readInput(where, input, this.inputSize, this.batchFirst, options.lengths);
      const run = this.#startRun(where, read.batch, read.unbatched, options);
      if (finite) checkFiniteInput(where, read, run.states);
      const { outputs, finalState } = this.#runLayers(read.xs, read.lengths, run);
      if (finite) checkFinite(where, "outputs", outputs);
      return { outputs: read.restore(outputs), finalState: finalState.map(read.restoreState) };
    });
    if (!(input instanceof PackedSequence)) return { outputs, finalState };
    return { outputs: input.withData(outputs), finalState };
  }

  /**
   * One time step through all layers, out of training: for generation.
   *
   * @param x - `[batch, inputSize]`; not disposed.
   * @param state - what `zeroState`, `forward` or the step before gave; not disposed.
   * @returns `output` `[batch, outputSize]` and the new state; the caller disposes both.
   * @throws {OptionError} `BIDIRECTIONAL`: a layer that reads from the end cannot be stepped.
   */
  step(x: tf.Tensor, state: LayerState<S>): { output: tf.Tensor; state: LayerState<S> } {
    const where = `${this.where}.step`;
    if (this.bidirectional) {
      throw new OptionError(`${where}: the layers are bidirectional, expected one direction.`, {
        code: "BIDIRECTIONAL",
      });
    }
    checkTensor(where, "x", x, ["batch", this.inputSize], "inputSize");
    return tidy(() => {
      const run = this.#startRun(where, x.shape[0] as number, false, { initialState: state });
      const next: S[] = [];
      const below: tf.Tensor[] = [x];
      for (let layer = 0; layer < this.numLayers; layer++) {
        const cell = run.cells[layer] as Cell<tf.Tensor, S>;
        const read = layer === 0 ? x : joinInputs(this.connections, below);
        const state = cell.step(read, run.states[layer] as S);
        next.push(state);
        below.push(this.#joinOutput(layer, state["h"] as tf.Tensor, below));
      }
      return { output: tf.clone(below[this.numLayers] as tf.Tensor), state: next };
    });
  }

  /** The state that a run starts from by default (zeros, or the learned one); the caller disposes it. */
  initialState(batchSize: number): LayerState<S> {
    return tidy(() => this.#defaultStates(batchSize));
  }

  /** The parameters' values under torch's names, copied: for `writeSafetensors`. */
  stateDict(prefix = ""): WritableStateDict {
    return parametersToStateDict(this.parameters, prefix);
  }

  /**
   * Sets all parameters from values under torch's names; nothing changes when it throws.
   *
   * @throws {FormatError} `STATE_DICT` on a missing, unexpected or misshapen entry.
   */
  loadStateDict(stateDict: StateDict, options: LoadStateDictOptions = {}): void {
    loadParameters(`${this.where}.loadStateDict`, this.parameters, stateDict, options);
  }

  /** Shapes, parameters and cost in words, one line per cell. */
  describe(): string {
    return describeLayers(this.where, this);
  }

  /** Disposes the parameters; results of calls are the caller's. */
  dispose(): void {
    for (const cell of this.cells) cell.dispose();
    for (const [name, tensor] of this.parameters) if (isStackParameter(name)) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #createCells({ createCell, rng }: RecurrentLayersOptions<S>): {
    cells: Cell<tf.Tensor, S>[];
    width: number;
  } {
    const cells: Cell<tf.Tensor, S>[] = [];
    try {
      let width = 0;
      for (let layer = 0; layer < this.numLayers; layer++) {
        const inputSize = layerInputSize(this.connections, layer, this.inputSize, width);
        for (const reverse of this.bidirectional ? [false, true] : [false]) {
          cells.push(createCell({ inputSize, rng, layer, reverse }));
          checkCellSizes(this.where, cells, inputSize);
        }
        const { outputSize } = cells[0] as Cell<tf.Tensor, S>;
        width = mergedSize(this.merge, this.directions, outputSize);
      }
      return { cells, width };
    } catch (error) {
      for (const cell of cells) cell.dispose();
      throw error;
    }
  }

  /** The states to start from and the cells under this run's masks; inside the caller's tidy. */
  #startRun(
    where: string,
    batch: number,
    unbatched: boolean,
    { initialState, training = false, rng }: ForwardOptions<S>,
  ): Run<S> {
    checkBoolean(where, "training", training);
    const states =
      initialState === undefined
        ? this.#defaultStates(batch)
        : readInitialState(where, initialState, this.#stateSizes, unbatched ? undefined : batch);
    const noise = training && this.#isRandom ? checkRng(where, rng) : undefined;
    const regular = noise === undefined && this.zoneout === 0;
    return {
      states,
      cells: regular
        ? this.cells
        : this.cells.map((cell, k) => this.#regularized(cell, k, batch, noise)),
      noise,
    };
  }

  get #isRandom(): boolean {
    const { dropout, recurrentDropout, weightDrop, zoneout } = this;
    return dropout > 0 || recurrentDropout > 0 || weightDrop > 0 || zoneout !== 0;
  }

  #regularized(
    cell: Cell<tf.Tensor, S>,
    k: number,
    batch: number,
    noise: Rng | undefined,
  ): Cell<tf.Tensor, S> {
    let regularized = cell;
    if (noise !== undefined && this.weightDrop > 0) {
      regularized = withWeightDrop(regularized, this.weightDrop, noise);
    }
    if (noise !== undefined && this.recurrentDropout > 0) {
      const ones = tf.ones([batch, cell.outputSize]);
      const mask = dropout(ones, this.recurrentDropout, noise);
      regularized = withRecurrentDropout(regularized, mask);
    }
    if (this.zoneout !== 0) {
      regularized = withZoneout(regularized, this.#zoneoutRates(k), noise);
    }
    return regularized;
  }

  #zoneoutRates(k: number): Readonly<Record<string, number>> {
    if (typeof this.zoneout !== "number") return this.zoneout;
    const rate = this.zoneout;
    const names = Object.keys(this.#stateSizes[k] as StateSizes);
    return Object.fromEntries(names.map((name) => [name, rate]));
  }

  #defaultStates(batch: number): S[] {
    return this.cells.map((cell, k) => {
      const zeros = cell.zeroState(batch);
      if (!this.learnedInitialState) return zeros;
      const learned = Object.entries<tf.Tensor>(zeros).map(([name, zero]) => {
        const parameter = this.parameters.get(
          `initial_${name}${layerSuffix(k, this.directions)}`,
        ) as tf.Tensor;
        return [name, tf.add(zero, parameter)];
      });
      return Object.fromEntries(learned) as S;
    });
  }

  #runLayers(
    xs: tf.Tensor3D,
    lengths: Int32Array | undefined,
    run: Run<S>,
  ): { outputs: tf.Tensor3D; finalState: S[] } {
    const finalState: S[] = [];
    const below: tf.Tensor[] = [xs];
    for (let layer = 0; layer < this.numLayers; layer++) {
      const read = layer === 0 ? xs : this.#dropped(joinInputs(this.connections, below), run.noise);
      const directions = Array.from({ length: this.directions }, (_, direction) => {
        const k = layer * this.directions + direction;
        const result = runSequence(run.cells[k] as Cell<tf.Tensor, S>, read, {
          ...(lengths === undefined ? {} : { lengths }),
          reverse: direction === 1,
          initialState: run.states[k] as S,
        });
        finalState.push(result.finalState);
        return result.outputs;
      });
      const [forward, backward] = directions as [tf.Tensor3D, tf.Tensor3D?];
      const merged =
        backward === undefined ? forward : mergeDirections(this.merge, forward, backward);
      below.push(this.#joinOutput(layer, merged, below));
    }
    return { outputs: below[this.numLayers] as tf.Tensor3D, finalState };
  }

  #joinOutput(layer: number, output: tf.Tensor, below: readonly tf.Tensor[]): tf.Tensor {
    if (layer === 0) return output;
    const weight = this.parameters.get(`highway_weight_l${layer}`);
    const bias = this.parameters.get(`highway_bias_l${layer}`);
    const highway = weight && bias ? { weight, bias } : undefined;
    return joinOutput(this.connections, output, below[layer] as tf.Tensor, highway);
  }

  /** Dropout between layers. */
  #dropped(xs: tf.Tensor, noise: Rng | undefined): tf.Tensor {
    if (noise === undefined || this.dropout === 0) return xs;
    if (!this.variational) return dropout(xs, this.dropout, noise);
    const [batch, , features] = xs.shape as [number, number, number];
    return tf.mul(xs, dropout(tf.ones([batch, 1, features]), this.dropout, noise));
  }
}

interface Run<S extends CellState<tf.Tensor>> {
  readonly states: readonly S[];
  readonly cells: readonly Cell<tf.Tensor, S>[];
  /** Set in training when something is random. */
  readonly noise: Rng | undefined;
}

/** The newest cell reads what it was asked to read, and all cells give one size. */
function checkCellSizes(where: string, cells: readonly Cell<tf.Tensor>[], inputSize: number): void {
  const [first, newest] = [cells[0], cells[cells.length - 1]] as [Cell, Cell];
  if (newest.inputSize !== inputSize || newest.outputSize !== first.outputSize) {
    throw new OptionError(
      `${where}: createCell gave a cell ${newest.inputSize} -> ${newest.outputSize}, expected ${inputSize} -> ${first.outputSize}.`,
      { code: "SIZES_DIFFER", details: { cell: cells.length - 1 } },
    );
  }
}

function checkFiniteInput<S extends CellState<tf.Tensor>>(
  where: string,
  { xs, lengths }: LayerInput,
  states: readonly S[],
): void {
  checkFinite(where, "input", xs, lengths);
  states.forEach((state, k) => {
    for (const [name, tensor] of Object.entries<tf.Tensor>(state)) {
      checkFinite(where, `initialState[${k}].${name}`, tensor);
    }
  });
}
