/** When training ends, and how long that will take. */
import { checkInteger, checkNumber, OptionError } from "@seq/core";
import type { ScheduleMoment } from "../schedules/schedule.types.ts";
import type { FitOptions, StopReason } from "./fit.types.ts";
import type { Pace } from "./pace.ts";

export interface Limits {
  readonly maxSteps: number;
  readonly maxEpochs: number;
  readonly maxSeconds: number;
}

/** @throws {OptionError} `NO_LIMIT` */
export function checkLimits({ maxSteps, maxEpochs, maxMinutes, signal }: FitOptions): Limits {
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

export function stopReason(
  limits: Limits,
  moment: ScheduleMoment,
  pace: Pace,
  signal: AbortSignal | undefined,
): StopReason | undefined {
  if (signal?.aborted === true) return "aborted";
  if (moment.step >= limits.maxSteps) return "maxSteps";
  if (moment.epoch >= limits.maxEpochs) return "maxEpochs";
  return pace.seconds >= limits.maxSeconds ? "maxMinutes" : undefined;
}

/** Seconds to the nearest of the limits; `undefined` when none tells. */
export function secondsLeft(
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
