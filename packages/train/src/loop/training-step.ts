/**
 * One optimizer step: gradients of one or more batches, clipping, update. Everything is done in place or
 * disposed, so that the number of tensors is the same after each step.
 */
import {
  OptionError,
  type PairBatch,
  type Rng,
  SeqError,
  type SequenceBatch,
  type SequenceModel,
} from "@seq/core";
import { globalNorm } from "@seq/kernels";
import { add, clipByValue, dispose, mul, type Tensor, tidy, Variable } from "@tensorflow/tfjs-core";
import type { TrainingData, TrainingItem } from "../data/training-data.types.ts";
import type { Optimizer } from "../optimizers/optimizer.types.ts";
import type { Schedule, ScheduleMoment } from "../schedules/schedule.types.ts";
import type { ReplicaPool } from "../workers/replica-pool.ts";
import { clipCoefficient } from "./clip.ts";
import { type BatchGradients, computeGradients, tensorsIn } from "./compute-gradients.ts";

export interface StepSettings<Batch> {
  readonly model: SequenceModel<Batch, Tensor>;
  readonly data: TrainingData<Batch>;
  readonly trainable: ReadonlyMap<string, Variable>;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly accumulate: number;
  readonly normalisation: Normalisation;
  readonly clipNorm: number | undefined;
  readonly clipValue: number | undefined;
  readonly replicas: ReplicaPool | undefined;
  readonly onGradients:
    | ((gradients: ReadonlyMap<string, Tensor>, step: number) => void)
    | undefined;
}

/** What changes from step to step, beside parameters, optimizer, schedule and data. */
export interface StepState {
  moment: ScheduleMoment;
  rng: Rng;
  /** State carried from chunk to chunk. */
  carried: unknown;
}

/** What the gradient is the gradient of: see `FitOptions.normalisation`. */
export type Normalisation = "token" | "sentence" | "sum";

export interface StepOutcome {
  readonly loss: number;
  readonly targets: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  /** Epoch of the step's last batch, from 0. */
  readonly epoch: number;
  /** Epochs finished with this step. */
  readonly epochsFinished: number;
  /** True when an epoch ended with one of the step's batches. */
  readonly endsEpoch: boolean;
}

/**
 * The variables of a model that are to be trained, by name.
 *
 * @throws {OptionError} `NOTHING_TO_TRAIN`, or `NOT_A_VARIABLE` for a model built for inference.
 */
export function trainableParameters(
  parameters: ReadonlyMap<string, Tensor>,
  frozen: (name: string) => boolean = () => false,
): Map<string, Variable> {
  const trainable = new Map<string, Variable>();
  for (const [name, parameter] of parameters) {
    if (frozen(name)) continue;
    if (!(parameter instanceof Variable)) {
      throw new OptionError(
        `fit: parameter "${name}" is a plain tensor, expected a variable; build the model for training, or freeze it.`,
        { code: "NOT_A_VARIABLE", details: { name } },
      );
    }
    trainable.set(name, parameter);
  }
  if (trainable.size === 0) {
    throw new OptionError("fit: all parameters are frozen; leave at least one to train.", {
      code: "NOTHING_TO_TRAIN",
    });
  }
  return trainable;
}

/**
 * Takes the next batches and moves the parameters by one step.
 *
 * @throws {OptionError} `NO_TARGETS` when the batches have nothing to predict.
 * @throws {SeqError} `NON_FINITE_LOSS` before anything is changed when the loss or the norm is NaN or infinite.
 */
export async function trainingStep<Batch>(
  settings: StepSettings<Batch>,
  state: StepState,
): Promise<StepOutcome> {
  const { optimizer, schedule, trainable, clipNorm, onGradients } = settings;
  const { gradients, items, rows, loss, targets } = await collectGradients(settings, state);
  try {
    const { moment } = state;
    if (targets === 0) throw noTargets(moment.step + 1);
    const learningRate = schedule.rate(moment, optimizer.learningRate);
    const factor = { token: 1, sentence: targets / rows, sum: targets }[settings.normalisation];
    clipValues(gradients, settings.clipValue, factor);
    onGradients?.(gradients, moment.step + 1);
    const gradientNorm = factor * globalNorm([...gradients.values()]);
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw nonFinite(moment.step + 1, loss, learningRate, gradientNorm);
    }
    optimizer.step(trainable, gradients, {
      rate: (baseRate) => schedule.rate(moment, baseRate),
      momentum: schedule.momentum?.(moment),
      gradientScale:
        factor * (clipNorm === undefined ? 1 : clipCoefficient(gradientNorm, clipNorm)),
    });
    const last = items.at(-1) as TrainingItem<unknown>;
    return {
      ...{ loss, targets, learningRate, gradientNorm, epoch: last.epoch },
      epochsFinished: last.epoch + (last.endsEpoch ? 1 : 0),
      endsEpoch: items.some((item) => item.endsEpoch),
    };
  } finally {
    dispose([...gradients.values()]);
  }
}

interface Collected {
  readonly loss: number;
  readonly targets: number;
  readonly gradients: Map<string, Tensor>;
  readonly items: readonly TrainingItem<unknown>[];
  /** Rows of all batches; NaN when the batches do not tell. */
  readonly rows: number;
}

/** Gradients of the mean loss over the targets of `accumulate` batches. */
async function collectGradients<Batch>(
  settings: StepSettings<Batch>,
  state: StepState,
): Promise<Collected> {
  const { data, accumulate } = settings;
  const coming = data.next();
  const items = [coming instanceof Promise ? await coming : coming];
  const first = await batchGradients(settings, state, items[0]!);
  let rows = rowsOf(items[0]!.batch);
  if (accumulate === 1) return { ...first, items, rows };
  // Σ nᵢ gᵢ / Σ nᵢ: the gradient of the mean over all targets, however the batches split them.
  let lossSum = first.loss * first.targets;
  let targets = first.targets;
  const sums = replaceAll(first.gradients, (gradient) => mul(gradient, first.targets));
  for (let i = 1; i < accumulate; i++) {
    const item = await data.next();
    items.push(item);
    rows += rowsOf(item.batch);
    const part = await batchGradients(settings, state, item);
    lossSum += part.loss * part.targets;
    targets += part.targets;
    for (const [name, gradient] of part.gradients) {
      const sum = sums.get(name);
      const weighted = tidy(() => {
        const share = mul(gradient, part.targets);
        return sum === undefined ? share : add(sum, share);
      });
      dispose(sum === undefined ? [gradient] : [gradient, sum]);
      sums.set(name, weighted);
    }
  }
  const gradients = replaceAll(sums, (sum) => mul(sum, 1 / targets));
  return { loss: lossSum / targets, targets, gradients, items, rows };
}

/** Sentences in a batch; NaN for batches of another kind. */
function rowsOf(batch: unknown): number {
  const { batchSize, target } = (batch ?? {}) as Partial<SequenceBatch & PairBatch>;
  return batchSize ?? target?.batchSize ?? Number.NaN;
}

/** By this thread's model or by the replicas; the state is carried on. */
async function batchGradients<Batch>(
  { model, trainable, replicas }: StepSettings<Batch>,
  state: StepState,
  item: TrainingItem<Batch>,
): Promise<BatchGradients> {
  const previous = item.continues ? state.carried : undefined;
  const rng = state.rng.split();
  const context = { training: true, rng };
  const result =
    replicas === undefined
      ? computeGradients(
          model,
          trainable,
          item.batch,
          previous === undefined ? context : { ...context, state: previous },
        )
      : await replicas.gradients(model.parameters, item.batch, rng, previous);
  // A model may hand a tensor of the old state on as the new one: those stay.
  const kept = new Set(tensorsIn(result.state));
  dispose(tensorsIn(state.carried).filter((tensor) => !kept.has(tensor)));
  state.carried = result.state;
  return result;
}

/** Cuts each value of the gradients times `factor` to [-limit, limit]; the factor itself is applied later. */
function clipValues(
  gradients: Map<string, Tensor>,
  limit: number | undefined,
  factor: number,
): void {
  if (limit === undefined) return;
  replaceAll(gradients, (gradient) => clipByValue(gradient, -limit / factor, limit / factor));
}

function replaceAll(
  gradients: Map<string, Tensor>,
  change: (gradient: Tensor) => Tensor,
): Map<string, Tensor> {
  for (const [name, gradient] of gradients) {
    gradients.set(
      name,
      tidy(() => change(gradient)),
    );
    gradient.dispose();
  }
  return gradients;
}

function noTargets(step: number): OptionError {
  return new OptionError(
    `fit: the data of step ${step} has no targets: rows too short to predict anything; leave them out.`,
    { code: "NO_TARGETS", details: { step } },
  );
}

function nonFinite(step: number, loss: number, learningRate: number, norm: number): SeqError {
  return new SeqError(
    `fit: at step ${step} the loss is ${loss} and the gradient norm ${norm} (learning rate ${learningRate}); nothing was changed in this step. Lower the learning rate, or set clipNorm.`,
    {
      code: "NON_FINITE_LOSS",
      details: { step, loss, learningRate, gradientNorm: norm },
    },
  );
}
