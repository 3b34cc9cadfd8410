/**
 * What the cells of this package share: named parameters, a zero state, and one step split into gates
 * and state. A cell of your own may extend this class or implement `Cell` of `@seq/core` directly.
 */
import { type Cell, type CellState, checkInteger, KernelError, type Rng } from "@seq/core";
import { linear, type RecurrentWeights } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { checkTensor } from "../check.ts";
import type { ParameterInitializers } from "../initializers.ts";
import { tidy } from "../tidy.ts";
import {
  type LoadStateDictOptions,
  loadParameters,
  parametersToStateDict,
  type StateDict,
  type WritableStateDict,
} from "../torch-weights/state-dict.ts";
import { createParameters, type ParameterSpec, withInitializers } from "./parameters.ts";

export interface CellShape {
  /** The class, for messages: `"LSTMCell"`. */
  readonly name: string;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly outputSize?: number;
}

/** The new state of a step and the values that the step went through, each `[batch, hiddenSize]`. */
export interface Advance<S> {
  readonly state: S;
  readonly gates: Readonly<Record<string, tf.Tensor>>;
}

export interface SequenceArguments {
  /** True length of each row, 1..time. */
  readonly lengths?: Int32Array;
  /** Reads each row from its true end to its start. */
  readonly reverse?: boolean;
}

export interface SequenceResult<S> {
  /** `[batch, time, outputSize]`, zero beyond lengths. */
  readonly outputs: tf.Tensor3D;
  /** The state at each row's true end (at its step 0 when reversed). */
  readonly finalState: S;
}

/** A cell that can run a whole sequence in one op of `@seq/kernels`. */
export interface SequenceCell<S extends CellState<tf.Tensor>> extends Cell<tf.Tensor, S> {
  /** Undefined when this cell's options have no such op: then it is stepped. */
  readonly runFused:
    | ((xs: tf.Tensor3D, state: S, options: SequenceArguments) => SequenceResult<S>)
    | undefined;
}

export abstract class RecurrentCell<S extends CellState<tf.Tensor>> implements Cell<tf.Tensor, S> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly outputSize: number;
  /** Trainable, owned by the cell, under torch's names where torch has them. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** What a step reads: the parameters, or stand-ins for some of them (`withParameters`). */
  protected readonly weights: ReadonlyMap<string, tf.Tensor>;
  protected readonly where: string;

  /**
   * @param specs - in the order of `parameters`.
   * @param initializer - default: uniform within 1 / sqrt(hiddenSize), as torch.nn.
   * @throws {OptionError} `UNKNOWN_OPTION` for an initializer of no parameter.
   */
  constructor(
    shape: CellShape,
    specs: readonly ParameterSpec[],
    rng: Rng,
    initializer?: ParameterInitializers,
  ) {
    const { name } = shape;
    this.where = name;
    this.inputSize = checkInteger(name, "inputSize", shape.inputSize, { min: 1 });
    this.hiddenSize = checkInteger(name, "hiddenSize", shape.hiddenSize, { min: 1 });
    this.outputSize = shape.outputSize ?? shape.hiddenSize;
    const drawn = withInitializers(name, specs, initializer, this.hiddenSize);
    this.parameters = createParameters(name, drawn, rng);
    this.weights = this.parameters;
  }

  /** The names and sizes of the state. */
  abstract readonly stateSizes: Readonly<Record<keyof S & string, number>>;

  /**
   * The equations of one step; runs inside a `tf.tidy`.
   *
   * @param hidden - what the hidden-to-hidden products read: `state.h`, or `state.h` under a dropout mask.
   */
  protected abstract advance(x: tf.Tensor2D, state: S, hidden: tf.Tensor): Advance<S>;

  /**
   * One time step.
   *
   * @param x - `[batch, inputSize]`, float32; not disposed.
   * @param state - each `[batch, size]`; not modified, not disposed.
   * @returns a new state; the caller disposes it.
   * @throws {ShapeError} `SHAPE_MISMATCH`
   */
  step(x: tf.Tensor, state: S): S {
    this.checkStep("step", x, state);
    return tidy(() => this.advance(x as tf.Tensor2D, state, state["h"] as tf.Tensor).state);
  }

  /** One time step that also returns the gates; the caller disposes both. */
  stepWithGates(x: tf.Tensor, state: S): Advance<S> {
    this.checkStep("stepWithGates", x, state);
    return tidy(() => this.advance(x as tf.Tensor2D, state, state["h"] as tf.Tensor));
  }

  /** One time step whose hidden-to-hidden products read `hidden` instead of `state.h`. */
  stepWithHidden(x: tf.Tensor, state: S, hidden: tf.Tensor): S {
    this.checkStep("stepWithHidden", x, state);
    return tidy(() => this.advance(x as tf.Tensor2D, state, hidden).state);
  }

  zeroState(batchSize: number): S {
    checkInteger(`${this.where}.zeroState`, "batchSize", batchSize, { min: 1 });
    const sizes = Object.entries<number>(this.stateSizes);
    return Object.fromEntries(
      sizes.map(([name, size]) => [name, tf.zeros([batchSize, size])]),
    ) as unknown as S;
  }

  /**
   * The same cell reading other tensors for some parameters (weights under dropout, say). It owns
   * nothing: `parameters` are still this cell's, and disposing it is not needed. It is made by copying
   * properties, so a subclass keeps its own in plain ones, not in `#private` ones.
   */
  withParameters(standIns: ReadonlyMap<string, tf.Tensor>): this {
    const weights = new Map([...this.weights, ...standIns]);
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, { weights });
  }

  /** The parameters' values under their names, copied: for `writeSafetensors`. */
  stateDict(prefix = ""): WritableStateDict {
    return parametersToStateDict(this.parameters, prefix);
  }

  /**
   * Sets all parameters by name; nothing changes when it throws. Takes what torch.nn's cells save.
   *
   * @throws {FormatError} `STATE_DICT`
   */
  loadStateDict(stateDict: StateDict, options: LoadStateDictOptions = {}): void {
    loadParameters(`${this.where}.loadStateDict`, this.parameters, stateDict, options);
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  protected weight(name: string): tf.Tensor {
    const weight = this.weights.get(name);
    if (weight === undefined || weight.isDisposed) {
      throw new KernelError(`${this.where}: ${name} was disposed; the cell cannot run any more.`, {
        code: "TENSOR_DISPOSED",
        details: { name },
      });
    }
    return weight;
  }

  protected optionalWeight(name: string): tf.Tensor | null {
    return this.weights.has(name) ? this.weight(name) : null;
  }

  /** The weights as the ops of `@seq/kernels` take them. */
  protected packedWeights(): RecurrentWeights {
    return {
      weightIh: this.weight("weight_ih"),
      weightHh: this.weight("weight_hh"),
      biasIh: this.optionalWeight("bias_ih"),
      biasHh: this.optionalWeight("bias_hh"),
    };
  }

  /** W x + U h + b + b', all gates packed: `[batch, gates * hiddenSize]`. */
  protected packedProducts(x: tf.Tensor, hidden: tf.Tensor): tf.Tensor {
    return tf.add(
      linear(x, this.weight("weight_ih"), this.optionalWeight("bias_ih")),
      linear(hidden, this.weight("weight_hh"), this.optionalWeight("bias_hh")),
    );
  }

  protected checkStep(call: string, x: tf.Tensor, state: S): void {
    const where = `${this.where}.${call}`;
    checkTensor(where, "x", x, ["batch", this.inputSize], "inputSize");
    const batch = x.shape[0] as number;
    for (const [name, size] of Object.entries<number>(this.stateSizes)) {
      checkTensor(where, `state.${name}`, state[name] as tf.Tensor, [batch, size]);
    }
  }
}
