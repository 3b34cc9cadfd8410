/** The learning-rate range test: train a little with a rate that rises exponentially, and see where the loss falls fastest. */
import { checkInteger, checkNumber, checkOptions, SeqError, type SequenceModel } from "@seq/core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { copyTensors, encodeTensors, loadWeights } from "../checkpoint/weights.ts";
import type { TrainingData } from "../data/training-data.types.ts";
import { Adam } from "../optimizers/adam.ts";
import type { Optimizer } from "../optimizers/optimizer.types.ts";
import { fit } from "./fit.ts";

export interface FinderOptions {
  /** First and last rate (default 1e-7 and 10). */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Steps between them (default 100). */
  readonly steps?: number;
  /** Weight of the past in the smoothed loss (default 0.9). */
  readonly smoothing?: number;
  /** Ends when the smoothed loss is this many times its lowest value (default 4). */
  readonly stopFactor?: number;
  /** The optimizer to test, at any rate (default Adam). It is disposed. */
  readonly makeOptimizer?: () => Optimizer;
  readonly clipNorm?: number;
  readonly signal?: AbortSignal;
}

export interface FinderResult {
  /** Rates tried, and the smoothed loss (nats) after each; for a plot. */
  readonly rates: readonly number[];
  readonly losses: readonly number[];
  /** The rate at which the loss fell fastest over the logarithm of the rate; `undefined` when it never fell. */
  readonly suggestion: number | undefined;
}

/**
 * Model and data are afterwards as they were before.
 *
 * @see Smith 2017, section 3.3; Smith 2018.
 */
export async function findLearningRate<Batch>(
  model: SequenceModel<Batch, Tensor>,
  data: TrainingData<Batch>,
  options: FinderOptions = {},
): Promise<FinderResult> {
  const where = "findLearningRate";
  checkOptions(where, options, [
    ...["minimum", "maximum", "steps", "smoothing", "stopFactor", "makeOptimizer", "clipNorm"],
    "signal",
  ]);
  const minimum = checkNumber(where, "minimum", options.minimum ?? 1e-7, { min: 1e-30 });
  const maximum = checkNumber(where, "maximum", options.maximum ?? 10, { min: minimum });
  const steps = checkInteger(where, "steps", options.steps ?? 100, { min: 2 });
  const smoothing = checkNumber(where, "smoothing", options.smoothing ?? 0.9, {
    min: 0,
    max: 0.999,
  });
  const stopFactor = checkNumber(where, "stopFactor", options.stopFactor ?? 4, { min: 1 });

  const weights = encodeTensors(copyTensors(model.parameters));
  const cursor = data.cursor();
  const optimizer = options.makeOptimizer?.() ?? new Adam();
  const [rates, losses]: [number[], number[]] = [[], []];
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  options.signal?.addEventListener("abort", abort);
  let average = 0;
  try {
    await fit(model, data, {
      ...{ optimizer, maxSteps: steps, signal: stop.signal },
      schedule: {
        kind: "range-test",
        rate: ({ step }) => minimum * (maximum / minimum) ** (step / (steps - 1)),
      },
      ...(options.clipNorm === undefined ? {} : { clipNorm: options.clipNorm }),
      onProgress: ({ step, loss, learningRate }) => {
        average = smoothing * average + (1 - smoothing) * loss;
        const smoothed = average / (1 - smoothing ** step);
        rates.push(learningRate);
        losses.push(smoothed);
        if (smoothed > stopFactor * Math.min(...losses)) stop.abort();
      },
    });
  } catch (error) {
    // A rate that is too high ends in NaN: that is what the test is for.
    if (!SeqError.is(error) || error.code !== "NON_FINITE_LOSS") throw error;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    optimizer.dispose();
    loadWeights(model.parameters as ReadonlyMap<string, Variable>, weights);
    await data.seek(cursor);
  }
  return { rates, losses, suggestion: steepest(rates, losses) };
}

/** The rate in the middle of the steepest fall; rates are equally spaced on the logarithmic axis. */
function steepest(rates: readonly number[], losses: readonly number[]): number | undefined {
  let best: number | undefined;
  let slope = 0;
  for (let i = 1; i + 1 < losses.length; i++) {
    const fall = (losses[i + 1]! - losses[i - 1]!) / 2;
    if (fall < slope) {
      slope = fall;
      best = rates[i];
    }
  }
  return best;
}
