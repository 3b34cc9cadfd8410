/** The part of training that all pipelines share: limits, schedule, history, progress. */
import type { SequenceModel } from "@seq/core";
import {
  Adam,
  type FitOptions,
  fit,
  polynomial,
  type Schedule,
  type StopReason,
  type TrainingData,
  warmUp,
} from "@seq/train";
import type { Tensor } from "@tensorflow/tfjs-core";

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

/** What is told after each step. */
export interface TrainingProgress {
  readonly step: number;
  /** Steps of the whole training; unknown when only `minutes` limits it. */
  readonly steps: number | undefined;
  readonly loss: number;
  /** Targets per second over the last steps. */
  readonly tokensPerSecond: number;
  /** Seconds left, when known. */
  readonly eta: number | undefined;
}

/** How a training went. */
export interface TrainingHistory {
  readonly reason: StopReason;
  readonly steps: number;
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
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: TrainingProgress) => void;
  /** Measures the development data; `loss` enters the history. Absent: none is looked at. */
  readonly evaluate?: (step: number) => Promise<{ readonly loss: number }>;
}

export async function runTraining<Batch>(
  model: SequenceModel<Batch, Tensor>,
  data: TrainingData<Batch>,
  { limits, signal, onProgress, evaluate }: RunOptions,
): Promise<TrainingHistory> {
  const trainLoss: number[] = [];
  const devLoss: number[] = [];
  const devSteps: number[] = [];
  let targets = 0;
  const optimizer = new Adam({ learningRate: limits.learningRate });
  const options: FitOptions = {
    optimizer,
    schedule: scheduleOf(limits),
    clipNorm: limits.clipNorm,
    seed: limits.seed,
    ...(Number.isFinite(limits.steps) && { maxSteps: limits.steps }),
    ...(limits.minutes !== undefined && { maxMinutes: limits.minutes }),
    ...(signal && { signal }),
    onProgress: ({ step, loss, tokens, tokensPerSecond, eta }) => {
      trainLoss.push(loss);
      targets += tokens;
      onProgress?.({ step, steps: finite(limits.steps), loss, tokensPerSecond, eta });
    },
    ...(evaluate && {
      evaluation: {
        every: limits.evaluateEvery,
        run: async ({ step }) => {
          const { loss } = await evaluate(step);
          devLoss.push(loss);
          devSteps.push(step);
          return { loss };
        },
      },
    }),
  };
  try {
    const { reason, steps, seconds } = await fit(model, data, options);
    const tokensPerSecond = targets / seconds;
    return { reason, steps, seconds, tokensPerSecond, trainLoss, devLoss, devSteps };
  } finally {
    optimizer.dispose();
  }
}

function finite(steps: number): number | undefined {
  return Number.isFinite(steps) ? steps : undefined;
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
