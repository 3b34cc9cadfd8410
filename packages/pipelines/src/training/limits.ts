import { checkInteger, checkNumber } from "@seq/core";
import type { TrainingLimits } from "./run-training.ts";

/** The limits as a user gives them; all have defaults. */
export type LimitOptions = Partial<TrainingLimits>;

export const limitOptionNames = [
  "steps",
  "minutes",
  "learningRate",
  "clipNorm",
  "seed",
  "evaluateEvery",
];

/**
 * Fills in the limits. With `minutes` and no `steps`, time alone decides.
 *
 * @throws {OptionError} `OPTION_RANGE`
 */
export function trainingLimits(
  where: string,
  options: LimitOptions,
  defaults: { readonly steps: number; readonly learningRate: number },
): TrainingLimits {
  const { minutes } = options;
  const byTime = options.steps === undefined && minutes !== undefined;
  const steps = byTime
    ? Number.POSITIVE_INFINITY
    : checkInteger(where, "steps", options.steps ?? defaults.steps, { min: 1 });
  const usualPause = byTime ? 250 : Math.max(10, Math.round(steps / 20));
  return {
    steps,
    ...(minutes !== undefined && { minutes: checkNumber(where, "minutes", minutes, { min: 0 }) }),
    learningRate: checkNumber(
      where,
      "learningRate",
      options.learningRate ?? defaults.learningRate,
      {
        min: 0,
      },
    ),
    clipNorm: checkNumber(where, "clipNorm", options.clipNorm ?? 1, { min: 0 }),
    seed: checkInteger(where, "seed", options.seed ?? 1, { min: 0 }),
    evaluateEvery: checkInteger(where, "evaluateEvery", options.evaluateEvery ?? usualPause, {
      min: 1,
    }),
  };
}
