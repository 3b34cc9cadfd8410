/** Looks before a long training: one batch forward and backward, the list of parameters, and training on one batch only. */
import { Rng, type SequenceModel } from "@seq/core";
import { globalNorm } from "@seq/kernels";
import { dispose, memory, type Tensor } from "@tensorflow/tfjs-core";
import type { TrainingData, TrainingItem } from "../data/training-data.types.ts";
import { computeGradients, tensorsIn } from "./compute-gradients.ts";
import { trainableParameters } from "./training-step.ts";

export interface GradientStatistics {
  readonly name: string;
  readonly shape: readonly number[];
  /** Euclidean norm. */
  readonly norm: number;
  /** Largest absolute value. */
  readonly largest: number;
  /** Share of values that are exactly 0, 0..1. */
  readonly zeros: number;
}

export interface DryRunReport {
  /** Mean loss of the first batch, in nats; an untrained model's is near the logarithm of the vocabulary's size. */
  readonly loss: number;
  readonly targets: number;
  readonly gradientNorm: number;
  readonly gradients: readonly GradientStatistics[];
  /** Parameters that the loss does not depend on: they would not be trained. */
  readonly withoutGradient: readonly string[];
  /** Tensors that one pass leaves behind: a leak when above 0. */
  readonly tensorsLeft: number;
}

/** One forward and backward pass on the next batch; model and data are as before. */
export async function dryRun<Batch>(
  model: SequenceModel<Batch, Tensor>,
  data: TrainingData<Batch>,
): Promise<DryRunReport> {
  const trainable = trainableParameters(model.parameters);
  const cursor = data.cursor();
  const item = await data.next();
  await data.seek(cursor);
  const before = memory().numTensors;
  const context = { training: true, rng: new Rng(0) };
  const { loss, targets, gradients, state } = computeGradients(
    model,
    trainable,
    item.batch,
    context,
  );
  const report = {
    ...{ loss, targets },
    gradientNorm: globalNorm([...gradients.values()]),
    gradients: gradientStatistics(gradients),
    withoutGradient: [...trainable.keys()].filter((name) => !gradients.has(name)),
  };
  dispose([...gradients.values(), ...tensorsIn(state)]);
  return { ...report, tensorsLeft: memory().numTensors - before };
}

/** Also for `fit`'s `onGradients`: which gradients vanish or explode, by parameter. */
export function gradientStatistics(gradients: ReadonlyMap<string, Tensor>): GradientStatistics[] {
  return [...gradients].map(([name, gradient]) => {
    let [squares, largest, zeros] = [0, 0, 0];
    for (const value of gradient.dataSync()) {
      squares += value * value;
      if (Math.abs(value) > largest || Number.isNaN(value)) largest = Math.abs(value);
      if (value === 0) zeros++;
    }
    return {
      ...{ name, shape: gradient.shape, norm: Math.sqrt(squares), largest },
      zeros: gradient.size === 0 ? 0 : zeros / gradient.size,
    };
  });
}

/** The trainable θ of a model: names, shapes, sizes, and the total. */
export function listParameters(model: { readonly parameters: ReadonlyMap<string, Tensor> }): {
  readonly parameters: readonly { name: string; shape: readonly number[]; size: number }[];
  readonly total: number;
} {
  const parameters = [...model.parameters].map(([name, { shape, size }]) => ({
    name,
    shape,
    size,
  }));
  return { parameters, total: parameters.reduce((sum, { size }) => sum + size, 0) };
}

/**
 * The data's next batch for ever: a model that cannot bring its loss near 0 on one batch has a fault.
 *
 * @example await fit(model, await repeatBatch(data), { maxSteps: 200 }) // loss near 0
 */
export async function repeatBatch<Batch>(data: TrainingData<Batch>): Promise<TrainingData<Batch>> {
  const start = data.cursor();
  const { batch } = await data.next();
  let epoch = 0;
  return {
    batchesPerEpoch: 1,
    next: (): TrainingItem<Batch> => ({ batch, epoch: epoch++, endsEpoch: true, continues: false }),
    cursor: () => ({ ...start, kind: "repeated", epoch }),
    seek: (cursor) => {
      epoch = cursor.epoch;
    },
  };
}
