/**
 * The training loop. It knows models only by `SequenceModel`; what it does in a step is in `training-step.ts`, what a
 * checkpoint holds in `run-snapshot.ts`.
 *
 * With equal seeds, data and options two runs give equal losses, bit for bit, on one machine and backend; so does a
 * run that was stopped or killed and resumed.
 */
import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  Rng,
  type SequenceModel,
} from "@seq/core";
import { dispose, type Tensor } from "@tensorflow/tfjs-core";
import type { TrainingData } from "../data/training-data.types.ts";
import { Adam } from "../optimizers/adam.ts";
import { constant } from "../schedules/decay.ts";
import { tensorsIn } from "./compute-gradients.ts";
import { Divergence } from "./divergence.ts";
import type { EvaluationEvent, FitOptions, FitResult, StepEvent } from "./fit.types.ts";
import { checkLimits, type Limits, secondsLeft, stopReason } from "./limits.ts";
import { Pace } from "./pace.ts";
import { RunCheckpoints } from "./run-checkpoints.ts";
import type { Run } from "./run-snapshot.ts";
import {
  type StepOutcome,
  type StepSettings,
  trainableParameters,
  trainingStep,
} from "./training-step.ts";
import { Watch } from "./watch.ts";
import { WeightAverage } from "./weight-average.ts";
import { yieldToEvents } from "./yield-to-events.ts";

const optionNames: readonly (keyof FitOptions)[] = [
  ...(["optimizer", "schedule", "maxSteps", "maxEpochs", "maxMinutes", "signal"] as const),
  ...(["clipNorm", "clipValue", "accumulate", "normalisation", "frozen", "seed"] as const),
  ...(["evaluation", "averaging", "divergence", "checkpoints", "replicas"] as const),
  ...(["onProgress", "onEvaluation", "onGradients", "clock", "gate"] as const),
];

/** Milliseconds of steps after which waiting events get their turn. */
const patienceMs = 16;

/**
 * Trains a model on batches until a limit is reached.
 *
 * An abort ends the training after the step under way; the model keeps what it has learned. With `averaging` the model
 * has the averaged parameters at the end.
 *
 * @param data - from `pairBatches`, `sequenceBatches`, `contiguousBatches` ...; moves on by what is used.
 * @throws {OptionError} for unknown or contradicting options.
 * @throws {SeqError} `NON_FINITE_LOSS`, naming step, learning rate and gradient norm; the parameters are as before it.
 * @throws {SeqError} `DIVERGED` with the `divergence` option.
 * @throws {SeqError} `CHECKPOINT_WRITE`, and what `checkpoints.resume` throws.
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
  const settings = stepSettings(model, data, options);
  const clock = options.clock ?? (() => performance.now());
  const run: Run<Batch> = {
    settings,
    state: {
      moment: { step: 0, epoch: 0 },
      rng: new Rng(options.seed ?? 0),
      carried: undefined,
    },
    watch: options.evaluation === undefined ? undefined : new Watch(options.evaluation),
    average:
      options.averaging === undefined
        ? undefined
        : new WeightAverage(settings.trainable, options.averaging),
    divergence: options.divergence === undefined ? undefined : new Divergence(options.divergence),
    loss: Number.NaN,
  };
  try {
    await options.replicas?.open(model.parameters, settings.trainable);
    const checkpoints =
      options.checkpoints === undefined
        ? undefined
        : await RunCheckpoints.open(run, options.checkpoints, clock);
    const result = await loop(run, options, limits, new Pace(clock), clock, checkpoints);
    run.average?.swap();
    return result;
  } finally {
    dispose(tensorsIn(run.state.carried));
    run.average?.dispose();
    options.replicas?.close();
    if (options.optimizer === undefined) settings.optimizer.dispose();
  }
}

async function loop<Batch>(
  run: Run<Batch>,
  options: FitOptions,
  limits: Limits,
  pace: Pace,
  clock: () => number,
  checkpoints: RunCheckpoints<Batch> | undefined,
): Promise<FitResult> {
  const { settings, state, watch, average } = run;
  let evaluation: EvaluationEvent | undefined;
  let reason = stopReason(limits, state.moment, pace, options.signal);
  let yielded = clock();
  while (reason === undefined) {
    const outcome = await trainingStep(settings, state);
    run.loss = outcome.loss;
    state.moment = {
      step: state.moment.step + 1,
      epoch: outcome.epochsFinished,
    };
    run.divergence?.take(state.moment.step, outcome.loss, outcome.learningRate);
    average?.update(state.moment.step);
    pace.count(outcome.targets);
    options.onProgress?.(stepEvent(outcome, run, pace, limits));
    const evaluated = watch !== undefined && isEvaluationDue(options, run, outcome);
    if (evaluated) evaluation = await pace.pause(() => evaluate(options, run, watch, outcome));
    if (clock() - yielded > patienceMs) {
      await yieldToEvents();
      yielded = clock();
    }
    const pause = options.gate?.();
    if (pause !== undefined) await pace.pause(() => pause);
    reason = stopReason(limits, state.moment, pace, options.signal);
    if (watch?.exhausted === true) reason ??= "early-stopping";
    const at = { best: evaluated && evaluation?.best === true, ends: reason !== undefined };
    if (checkpoints?.isDue(at) === true) await pace.pause(() => checkpoints.save(at.best));
  }
  const { step: steps, epoch: epochs } = state.moment;
  return { reason, steps, epochs, loss: run.loss, evaluation, seconds: pace.seconds };
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
    normalisation: checkOneOf("fit", "normalisation", options.normalisation ?? "token", [
      ...["token", "sentence", "sum"],
    ] as const),
    onGradients: options.onGradients,
    replicas: options.replicas,
  };
}

function stepEvent<Batch>(
  { loss, targets, learningRate, gradientNorm, epoch }: StepOutcome,
  { settings, state }: Run<Batch>,
  pace: Pace,
  limits: Limits,
): StepEvent {
  const { step } = state.moment;
  return {
    ...{ step, epoch: epoch + 1, loss, learningRate, gradientNorm },
    tokens: targets,
    tokensPerSecond: pace.tokensPerSecond,
    seconds: pace.seconds,
    eta: secondsLeft(step, pace, limits, settings.data.batchesPerEpoch),
  };
}

function isEvaluationDue<Batch>(
  { evaluation }: FitOptions,
  { state }: Run<Batch>,
  { endsEpoch }: StepOutcome,
): boolean {
  if (evaluation?.every === "epoch") return endsEpoch;
  return state.moment.step % (evaluation?.every as number) === 0;
}

/** Runs the hook, on the averaged parameters when there are any, and tells everyone who watches. */
async function evaluate<Batch>(
  { evaluation, onEvaluation }: FitOptions,
  { settings, state, average }: Run<Batch>,
  watch: Watch,
  { epoch }: StepOutcome,
): Promise<EvaluationEvent> {
  const { step } = state.moment;
  const at = { step, epoch: epoch + 1 };
  average?.swap();
  let scores: Readonly<Record<string, number>>;
  try {
    scores = await evaluation!.run(at);
  } finally {
    average?.swap();
  }
  const { score, best } = watch.take(scores, step);
  settings.schedule.observe?.(score);
  average?.observe(score, evaluation?.better ?? "lower", step);
  const event = { ...at, scores, best };
  await onEvaluation?.(event);
  return event;
}
