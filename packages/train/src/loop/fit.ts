/**
 * The training loop. It knows models only by `SequenceModel`; what it does in a step is in `training-step.ts`.
 *
 * With equal seeds, data and options two runs give equal losses, bit for bit, on one machine and backend.
 */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  OptionError,
  Rng,
  type SequenceModel,
} from "@seq/core";
import { dispose, type Tensor } from "@tensorflow/tfjs-core";
import type { TrainingData } from "../data/training-data.types.ts";
import { Adam } from "../optimizers/adam.ts";
import { constant } from "../schedules/decay.ts";
import { tensorsIn } from "./compute-gradients.ts";
import type { EvaluationEvent, FitOptions, FitResult, StepEvent, StopReason } from "./fit.types.ts";
import { Pace } from "./pace.ts";
import {
  type StepOutcome,
  type StepSettings,
  type StepState,
  trainableParameters,
  trainingStep,
} from "./training-step.ts";
import { Watch } from "./watch.ts";
import { yieldToEvents } from "./yield-to-events.ts";

const optionNames = [
  ...["optimizer", "schedule", "maxSteps", "maxEpochs", "maxMinutes", "signal"],
  ...["clipNorm", "clipValue", "accumulate", "frozen", "seed", "evaluation"],
  ...["onProgress", "onEvaluation", "onGradients", "clock"],
];

/** Milliseconds of steps after which waiting events get their turn. */
const patienceMs = 16;

/**
 * Trains a model on batches until a limit is reached.
 *
 * An abort ends the training after the step under way; the model keeps what it has learned.
 *
 * @param data - from `pairBatches`, `sequenceBatches`, `contiguousBatches` ...; moves on by what is used.
 * @throws {OptionError} for unknown or contradicting options.
 * @throws {SeqError} `NON_FINITE_LOSS`, naming step, learning rate and gradient norm; the parameters are as before it.
 * @example
 * const { loss } = await fit(model, pairBatches(pairs, { maxTokens: 2000 }), {
 *   optimizer: new Adam({ learningRate: 1e-3 }), clipNorm: 1, maxSteps: 1000,
 * });
 */
export async function fit<Batch>(
  model: SequenceModel<Batch, Tensor>,
  data: TrainingData<Batch>,
  options: FitOptions,
): Promise<FitResult> {
  checkOptions("fit", options, optionNames);
  const limits = checkLimits(options);
  const ownOptimizer = options.optimizer === undefined;
  const settings = stepSettings(model, data, options);
  const clock = options.clock ?? (() => performance.now());
  const pace = new Pace(clock);
  const watch = options.evaluation === undefined ? undefined : new Watch(options.evaluation);
  const state: StepState = {
    moment: { step: 0, epoch: 0 },
    rng: new Rng(options.seed ?? 0),
    carried: undefined,
  };
  let loss = Number.NaN;
  let evaluation: EvaluationEvent | undefined;
  let reason = stopReason(limits, state, pace, options.signal);
  let yielded = clock();
  try {
    while (reason === undefined) {
      const outcome = await trainingStep(settings, state);
      loss = outcome.loss;
      state.moment = {
        step: state.moment.step + 1,
        epoch: outcome.item.epoch + (outcome.item.endsEpoch ? 1 : 0),
      };
      pace.count(outcome.targets);
      options.onProgress?.(stepEvent(outcome, state, pace, limits, data.batchesPerEpoch));
      if (watch !== undefined && isDue(options, state, outcome)) {
        evaluation = await pace.pause(() => evaluate(options, watch, settings, state, outcome));
      }
      reason = stopReason(limits, state, pace, options.signal);
      if (watch?.exhausted === true) reason ??= "early-stopping";
      if (clock() - yielded > patienceMs) {
        await yieldToEvents();
        yielded = clock();
        if (options.signal?.aborted === true) reason ??= "aborted";
      }
    }
  } finally {
    dispose(tensorsIn(state.carried));
    if (ownOptimizer) settings.optimizer.dispose();
  }
  const { step: steps, epoch: epochs } = state.moment;
  return { reason, steps, epochs, loss, evaluation, seconds: pace.seconds };
}

interface Limits {
  readonly maxSteps: number;
  readonly maxEpochs: number;
  readonly maxSeconds: number;
}

function checkLimits({ maxSteps, maxEpochs, maxMinutes, signal }: FitOptions): Limits {
  if ([maxSteps, maxEpochs, maxMinutes, signal].every((limit) => limit === undefined)) {
    throw new OptionError(
      "fit: no limit; give maxSteps, maxEpochs, maxMinutes or a signal that ends it.",
      { code: "NO_LIMIT" },
    );
  }
  const none = Number.POSITIVE_INFINITY;
  const count = (name: string, value: number | undefined): number =>
    value === undefined ? none : checkInteger("fit", name, value, { min: 0 });
  return {
    maxSteps: count("maxSteps", maxSteps),
    maxEpochs: count("maxEpochs", maxEpochs),
    maxSeconds:
      maxMinutes === undefined
        ? none
        : 60 * checkNumber("fit", "maxMinutes", maxMinutes, { min: 0 }),
  };
}

function stepSettings<Batch>(
  model: SequenceModel<Batch, Tensor>,
  data: TrainingData<Batch>,
  options: FitOptions,
): StepSettings<Batch> {
  const { clipNorm, clipValue, accumulate = 1, evaluation } = options;
  if (clipNorm !== undefined) checkNumber("fit", "clipNorm", clipNorm, { min: 0 });
  if (clipValue !== undefined) checkNumber("fit", "clipValue", clipValue, { min: 0 });
  if (evaluation !== undefined) {
    const names = ["every", "run", "watch", "better", "patience", "minimumGain"];
    checkOptions("fit: evaluation", evaluation, names);
    if (evaluation.every !== "epoch") {
      checkInteger("fit", "evaluation.every", evaluation.every, { min: 1 });
    }
  }
  return {
    ...{ model, data, clipNorm, clipValue },
    trainable: trainableParameters(model.parameters, options.frozen),
    optimizer: options.optimizer ?? new Adam(),
    schedule: options.schedule ?? constant(),
    accumulate: checkInteger("fit", "accumulate", accumulate, { min: 1 }),
    onGradients: options.onGradients,
  };
}

function stopReason(
  limits: Limits,
  { moment }: StepState,
  pace: Pace,
  signal: AbortSignal | undefined,
): StopReason | undefined {
  if (signal?.aborted === true) return "aborted";
  if (moment.step >= limits.maxSteps) return "maxSteps";
  if (moment.epoch >= limits.maxEpochs) return "maxEpochs";
  return pace.seconds >= limits.maxSeconds ? "maxMinutes" : undefined;
}

function stepEvent(
  { loss, targets, learningRate, gradientNorm, item }: StepOutcome,
  { moment }: StepState,
  pace: Pace,
  limits: Limits,
  batchesPerEpoch: number | undefined,
): StepEvent {
  return {
    ...{ step: moment.step, epoch: item.epoch + 1, loss, learningRate, gradientNorm },
    tokens: targets,
    tokensPerSecond: pace.tokensPerSecond,
    seconds: pace.seconds,
    eta: secondsLeft(moment.step, pace, limits, batchesPerEpoch),
  };
}

/** The nearest of the limits, in seconds. */
function secondsLeft(
  step: number,
  pace: Pace,
  { maxSteps, maxEpochs, maxSeconds }: Limits,
  batchesPerEpoch: number | undefined,
): number | undefined {
  const perStep = pace.secondsPerStep ?? Number.POSITIVE_INFINITY;
  const allSteps = Math.min(maxSteps, maxEpochs * (batchesPerEpoch ?? Number.POSITIVE_INFINITY));
  const left = Math.min((allSteps - step) * perStep, maxSeconds - pace.seconds);
  return Number.isFinite(left) ? Math.max(0, left) : undefined;
}

function isDue({ evaluation }: FitOptions, { moment }: StepState, { item }: StepOutcome): boolean {
  if (evaluation?.every === "epoch") return item.endsEpoch;
  return moment.step % (evaluation?.every as number) === 0;
}

async function evaluate<Batch>(
  options: FitOptions,
  watch: Watch,
  { schedule }: StepSettings<Batch>,
  { moment }: StepState,
  { item }: StepOutcome,
): Promise<EvaluationEvent> {
  const at = { step: moment.step, epoch: item.epoch + 1 };
  const scores = await options.evaluation!.run(at);
  const { score, best } = watch.take(scores, moment.step);
  schedule.observe?.(score);
  const event = { ...at, scores, best };
  await options.onEvaluation?.(event);
  return event;
}
