/**
 * A small training run for the experiments of this package: a cell or layers over one-hot symbols, a linear readout
 * where there is a target, cross-entropy, Adam, clipping by the global norm. It is an instrument for showing
 * what a cell can learn; for models of one's own use `@seq/train`.
 */
import { newVariable, runSequence } from "@seq/cells";
import {
  type Cell,
  type CellState,
  checkInteger,
  checkNumber,
  checkOptions,
  type Rng,
} from "@seq/core";
import { adamUpdate, globalNorm, linear, sgdUpdate, softmaxCrossEntropy } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { tidy } from "../sequence-input.ts";

/** Sequences of symbols and what is to be said at which step. */
export interface SymbolBatch {
  /** Row-major `[batch, time]`. */
  readonly ids: Int32Array;
  /** Class per step, -1 where nothing is asked. */
  readonly targets: Int32Array;
  readonly batchSize: number;
  readonly time: number;
}

export interface SymbolTask {
  /** Symbols are 0..symbols-1, classes 0..classes-1. */
  readonly symbols: number;
  readonly classes: number;
  draw(rng: Rng, batchSize: number): SymbolBatch;
}

// biome-ignore lint/suspicious/noExplicitAny: a cell of any state.
export type AnyCell = Cell<tf.Tensor, any>;

/** What can be trained: a cell, or layers of them. */
export type Trainable =
  | AnyCell
  | {
      readonly inputSize: number;
      readonly outputSize: number;
      readonly parameters: ReadonlyMap<string, tf.Tensor>;
      forward(xs: tf.Tensor): { readonly outputs: tf.Tensor };
    };

export interface ReadoutTraining {
  /** Draws the batches and the readout. */
  readonly rng: Rng;
  readonly steps: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  /** Global norm that gradients are clipped to; `null` for none. Default 1. */
  readonly clipNorm?: number | null;
  /** Default `"adam"`. */
  readonly optimizer?: "adam" | "sgd";
  readonly signal?: AbortSignal;
  readonly onProgress?: (step: number, loss: number) => void;
}

/** A trained cell (or layers) with its readout. The cell is the one that was given: training changes it. */
export interface TrainedReadout {
  /** Loss in nats and norm of the gradient (before clipping), per step. */
  readonly losses: Float64Array;
  readonly gradientNorms: Float64Array;
  /** Step (from 1) at which the loss or the gradient was not finite, where training stopped; else undefined. */
  readonly divergedAt: number | undefined;
  /** Share of right classes where something is asked. */
  accuracy(batch: SymbolBatch): number;
  /** The most probable class per step, row-major `[batch, time]`. */
  predict(batch: SymbolBatch): Int32Array;
  /** Frees the readout, not the cell. */
  dispose(): void;
}

const known = [
  "rng",
  "steps",
  "batchSize",
  "learningRate",
  "clipNorm",
  "optimizer",
  "signal",
  "onProgress",
];

/** @throws {OptionError} for options out of range. */
export function trainReadout(
  cell: Trainable,
  task: SymbolTask,
  options: ReadoutTraining,
): TrainedReadout {
  const where = "trainReadout";
  checkOptions(where, options, known);
  const steps = checkInteger(where, "steps", options.steps, { min: 0 });
  const batchSize = checkInteger(where, "batchSize", options.batchSize ?? 32, { min: 1 });
  const rate = checkNumber(where, "learningRate", options.learningRate ?? 0.01, { min: 0 });
  const { clipNorm = 1, optimizer = "adam" } = options;
  const readout = createReadout(cell.outputSize, task.classes, options.rng);
  const parameters = [...cell.parameters.values(), ...readout] as tf.Variable[];
  const moments = optimizer === "adam" ? parameters.map(zeroMoments) : [];
  const losses: number[] = [];
  const norms: number[] = [];
  let divergedAt: number | undefined;
  for (let step = 1; step <= steps; step++) {
    options.signal?.throwIfAborted();
    const batch = task.draw(options.rng, batchSize);
    const { loss, gradients } = lossAndGradients(cell, readout, task, batch, parameters);
    const norm = globalNorm(gradients);
    losses.push(loss);
    norms.push(norm);
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      divergedAt = step;
      tf.dispose(gradients);
      break;
    }
    const gradientScale = clipNorm !== null && norm > clipNorm ? clipNorm / (norm + 1e-6) : 1;
    for (const [i, parameter] of parameters.entries()) {
      const update = {
        parameter,
        gradient: gradients[i] as tf.Tensor,
        learningRate: rate,
        gradientScale,
      };
      if (optimizer === "sgd") sgdUpdate(update);
      else adamUpdate({ ...update, ...(moments[i] as Moments), step });
    }
    tf.dispose(gradients);
    options.onProgress?.(step, loss);
  }
  for (const own of moments) tf.dispose(own as unknown as tf.TensorContainer);
  const predict = (batch: SymbolBatch) => predictClasses(cell, readout, task, batch);
  return {
    losses: Float64Array.from(losses),
    gradientNorms: Float64Array.from(norms),
    divergedAt,
    predict,
    accuracy: (batch) => shareOfRight(predict(batch), batch.targets),
    dispose: () => tf.dispose(readout as unknown as tf.TensorContainer),
  };
}

/** One-hot rows `[batch, time, symbols]`; the caller disposes it. */
export function oneHotInput(batch: SymbolBatch, symbols: number): tf.Tensor3D {
  const { ids, batchSize, time } = batch;
  const values = new Float32Array(ids.length * symbols);
  for (let i = 0; i < ids.length; i++) values[i * symbols + ids[i]!] = 1;
  return tf.tensor3d(values, [batchSize, time, symbols]);
}

interface Moments {
  readonly firstMoment: tf.Variable;
  readonly secondMoment: tf.Variable;
}

function zeroMoments(parameter: tf.Variable): Moments {
  const zeros = () => newVariable(new Float32Array(parameter.size), parameter.shape);
  return { firstMoment: zeros(), secondMoment: zeros() };
}

function createReadout(size: number, classes: number, rng: Rng): [tf.Variable, tf.Variable] {
  const bound = 1 / Math.sqrt(size);
  const weights = Float32Array.from(
    { length: classes * size },
    () => (2 * rng.uniform() - 1) * bound,
  );
  return [newVariable(weights, [classes, size]), newVariable(new Float32Array(classes), [classes])];
}

function lossAndGradients(
  cell: Trainable,
  readout: readonly [tf.Variable, tf.Variable],
  task: SymbolTask,
  batch: SymbolBatch,
  parameters: readonly tf.Variable[],
): { loss: number; gradients: tf.Tensor[] } {
  return tidy(() => {
    const xs = oneHotInput(batch, task.symbols);
    const targets = tf.tensor1d(batch.targets, "int32");
    const { value, grads } = tf.variableGrads(
      () =>
        softmaxCrossEntropy(logitsOf(cell, readout, xs), targets, { ignoreIndex: -1 }) as tf.Scalar,
      parameters as tf.Variable[],
    );
    return {
      loss: value.dataSync()[0] as number,
      gradients: parameters.map((parameter) => grads[parameter.name] as tf.Tensor),
    };
  });
}

/** `[batch * time, classes]` */
function logitsOf(
  cell: Trainable,
  [weights, bias]: readonly [tf.Variable, tf.Variable],
  xs: tf.Tensor,
): tf.Tensor {
  const { outputs } =
    "forward" in cell ? cell.forward(xs) : runSequence<CellState<tf.Tensor>>(cell, xs);
  return linear(tf.reshape(outputs, [-1, cell.outputSize]), weights, bias);
}

function predictClasses(
  cell: Trainable,
  readout: readonly [tf.Variable, tf.Variable],
  task: SymbolTask,
  batch: SymbolBatch,
): Int32Array {
  return tidy(() => {
    const logits = logitsOf(cell, readout, oneHotInput(batch, task.symbols));
    return tf.argMax(logits, 1).dataSync().slice() as Int32Array;
  });
}

function shareOfRight(predicted: Int32Array, targets: Int32Array): number {
  let [right, asked] = [0, 0];
  for (let i = 0; i < targets.length; i++) {
    if (targets[i]! < 0) continue;
    asked++;
    if (predicted[i] === targets[i]) right++;
  }
  return right / asked;
}
