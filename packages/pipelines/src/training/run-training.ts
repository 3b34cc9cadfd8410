/** The part of training that all pipelines share: limits, schedule, checkpoints, history, progress. */
import { FormatError, type SequenceModel } from "@seq/core";
import {
  Adam,
  type CheckpointStorage,
  type FitOptions,
  fit,
  polynomial,
  type Schedule,
  type StepEvent,
  type StopReason,
  type TrainingData,
  warmUp,
} from "@seq/train";
import type { Tensor } from "@tensorflow/tfjs-core";
import { encodeJson } from "../artifact/artifact-files.ts";

export interface TrainingLimits {
  /** Training steps; the schedule ends there. Infinity when only `minutes` limits. */
  readonly steps: number;
  /** Stops after this many minutes of training even when steps are left. */
  readonly minutes?: number;
  /** The highest learning rate of the schedule (warm-up, then linear decay). */
  readonly learningRate: number;
  readonly clipNorm: number;
  readonly seed: number;
  /** Steps between looks at the development data. */
  readonly evaluateEvery: number;
}

/** What a training under way is told and tells. */
export interface TrainingEvents {
  /** An abort ends the training after the step under way. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: StepEvent) => void;
  /** Where the run saves itself: at each look at the development data, and when it ends. */
  readonly checkpoints?: {
    readonly storage: CheckpointStorage;
    /** Go on from the newest good checkpoint there, if there is one. Default: start anew. */
    readonly resume?: boolean;
    /** Told when it went on from one, and which newer ones were damaged. */
    readonly onResume?: (event: {
      readonly step: number;
      readonly damaged: readonly string[];
    }) => void;
  };
}

/** How a training went, also the part before it was resumed. */
export interface TrainingHistory {
  readonly reason: StopReason;
  readonly steps: number;
  /** Seconds in training steps. */
  readonly seconds: number;
  /** Targets per second of training. */
  readonly tokensPerSecond: number;
  /** Nats per target, one number per step. */
  readonly trainLoss: readonly number[];
  /** What the looks at the development data found, and after which steps. */
  readonly devLoss: readonly number[];
  readonly devSteps: readonly number[];
}

export interface RunOptions {
  readonly limits: TrainingLimits;
  readonly events: TrainingEvents;
  /** Measures the development data; `loss` enters the history. Absent: none is looked at. */
  readonly evaluate?: (step: number) => Promise<{ readonly loss: number }>;
}

export async function runTraining<Batch>(
  model: SequenceModel<Batch, Tensor>,
  data: TrainingData<Batch>,
  { limits, events, evaluate }: RunOptions,
): Promise<TrainingHistory> {
  const record = new Recorder();
  const optimizer = new Adam({ learningRate: limits.learningRate });
  const { signal, onProgress, checkpoints } = events;
  const options: FitOptions = {
    optimizer,
    schedule: scheduleOf(limits),
    clipNorm: limits.clipNorm,
    seed: limits.seed,
    ...(Number.isFinite(limits.steps) && { maxSteps: limits.steps }),
    ...(limits.minutes !== undefined && { maxMinutes: limits.minutes }),
    ...(signal && { signal }),
    ...(checkpoints && { checkpoints: checkpointOptions(checkpoints, limits, record) }),
    onProgress: (event) => {
      record.step(event);
      onProgress?.(event);
    },
    ...(evaluate && {
      evaluation: {
        every: limits.evaluateEvery,
        run: async ({ step }) => {
          const { loss } = await evaluate(step);
          record.evaluation(step, loss);
          return { loss };
        },
      },
    }),
  };
  try {
    const { reason, steps } = await fit(model, data, options);
    return { reason, steps, ...record.history };
  } finally {
    optimizer.dispose();
  }
}

const historyFile = "history.json";

function checkpointOptions(
  { storage, resume = false, onResume }: NonNullable<TrainingEvents["checkpoints"]>,
  limits: TrainingLimits,
  record: Recorder,
): NonNullable<FitOptions["checkpoints"]> {
  return {
    storage,
    everySteps: limits.evaluateEvery,
    ...(resume && { resume: "latest" }),
    // Read at each save: the history as it is then.
    get files() {
      return new Map([[historyFile, encodeJson(record.state)]]);
    },
    onResume: ({ name, step, files, damaged }) => {
      record.restore(name, files.get(historyFile));
      onResume?.({ step, damaged: damaged.map((checkpoint) => checkpoint.name) });
    },
  };
}

interface RecordState {
  readonly trainLoss: readonly number[];
  readonly devLoss: readonly number[];
  readonly devSteps: readonly number[];
  readonly targets: number;
  readonly seconds: number;
}

/** Collects the history; knows how to go on from a saved one. */
class Recorder {
  readonly #trainLoss: number[] = [];
  readonly #devLoss: number[] = [];
  readonly #devSteps: number[] = [];
  #targets = 0;
  #seconds = 0;
  #before = 0;

  step({ loss, tokens, seconds }: StepEvent): void {
    this.#trainLoss.push(loss);
    this.#targets += tokens;
    this.#seconds = this.#before + seconds;
  }

  evaluation(step: number, loss: number): void {
    this.#devLoss.push(loss);
    this.#devSteps.push(step);
  }

  get state(): RecordState {
    return {
      trainLoss: this.#trainLoss,
      devLoss: this.#devLoss,
      devSteps: this.#devSteps,
      targets: this.#targets,
      seconds: this.#seconds,
    };
  }

  get history(): Omit<TrainingHistory, "reason" | "steps"> {
    const { targets, ...rest } = this.state;
    return { ...rest, tokensPerSecond: this.#seconds > 0 ? targets / this.#seconds : 0 };
  }

  restore(where: string, file: Uint8Array | undefined): void {
    if (file === undefined) {
      throw new FormatError(`${where}: has no ${historyFile}; it is not of such a run.`, {
        code: "CHECKPOINT_DAMAGED",
      });
    }
    const state = JSON.parse(new TextDecoder().decode(file)) as RecordState;
    this.#trainLoss.push(...state.trainLoss);
    this.#devLoss.push(...state.devLoss);
    this.#devSteps.push(...state.devSteps);
    this.#targets = state.targets;
    this.#before = state.seconds;
    this.#seconds = state.seconds;
  }
}

/** A short warm-up, then a linear fall to 0: over the steps, or over the time when that is the limit. */
function scheduleOf({ steps, minutes = 1 }: TrainingLimits): Schedule {
  if (Number.isFinite(steps)) {
    const rise = Math.min(100, Math.ceil(steps / 10));
    return warmUp({ steps: rise, thereafter: polynomial({ steps: Math.max(1, steps - rise) }) });
  }
  const milliseconds = minutes * 60_000;
  const start = performance.now();
  const left = () => 1 - (performance.now() - start) / milliseconds;
  const fall: Schedule = {
    kind: "linear-in-time",
    rate: (_, baseRate) => baseRate * Math.max(0.01, left()),
  };
  return warmUp({ steps: 100, thereafter: fall });
}
