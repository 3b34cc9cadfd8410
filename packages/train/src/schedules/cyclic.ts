/** Schedules that rise and fall, with the momentum moving against the rate (Smith 2017, 2018); equal to torch's. */
import { checkInteger, checkNumber, checkOneOf, checkOptions, OptionError } from "@seq/core";
import type { Schedule, ScheduleMoment } from "./schedule.types.ts";

export interface CyclicOptions {
  /** Lower and upper rate; absolute, the base rate is not used. */
  readonly minimum: number;
  readonly maximum: number;
  /** Steps from the lower to the upper rate (default 2000), and back (default the same). */
  readonly stepsUp?: number;
  readonly stepsDown?: number;
  /** `"triangular"` (default), `"triangular2"`: half the height each cycle, `"exponential"`: times factor^step. */
  readonly shape?: "triangular" | "triangular2" | "exponential";
  readonly factor?: number;
  /** Lowest and highest momentum (default 0.8 and 0.9), or `null` to leave the momentum alone. */
  readonly momentum?: readonly [minimum: number, maximum: number] | null;
}

/**
 * A triangle wave between two rates.
 *
 * @see Smith 2017, "Cyclical learning rates for training neural networks".
 */
export function cyclic(options: CyclicOptions): Schedule {
  const where = "cyclic";
  checkOptions(where, options, [
    ...["minimum", "maximum", "stepsUp", "stepsDown", "shape", "factor", "momentum"],
  ]);
  const minimum = checkNumber(where, "minimum", options.minimum, { min: 0 });
  const maximum = checkNumber(where, "maximum", options.maximum, { min: minimum });
  const up = checkInteger(where, "stepsUp", options.stepsUp ?? 2000, { min: 1 });
  const down = checkInteger(where, "stepsDown", options.stepsDown ?? up, { min: 1 });
  const shapes = ["triangular", "triangular2", "exponential"] as const;
  const shape = checkOneOf(where, "shape", options.shape ?? "triangular", shapes);
  const factor = checkNumber(where, "factor", options.factor ?? 1, { min: 0 });
  const momentum = options.momentum === undefined ? ([0.8, 0.9] as const) : options.momentum;
  const period = up + down;
  /** 0 at the lower rate, 1 at the upper one of an undamped cycle. */
  const height = ({ step }: ScheduleMoment): number => {
    const cycle = Math.floor(step / period);
    const position = step - cycle * period;
    const wave = position <= up ? position / up : (period - position) / down;
    if (shape === "triangular2") return wave / 2 ** cycle;
    return shape === "exponential" ? wave * factor ** step : wave;
  };
  const schedule: Schedule = {
    kind: "cyclic",
    rate: (moment) => minimum + (maximum - minimum) * height(moment),
  };
  if (momentum === null) return schedule;
  const [low, high] = momentum;
  return { ...schedule, momentum: (moment) => high - (high - low) * height(moment) };
}

export interface OneCycleOptions {
  readonly steps: number;
  /** The highest rate; default the base rate. */
  readonly peak?: number;
  /** Share of the steps that rise (default 0.3). */
  readonly riseFraction?: number;
  /** The first rate is peak / startDivisor (default 25). */
  readonly startDivisor?: number;
  /** The last rate is the first rate / endDivisor (default 10,000). */
  readonly endDivisor?: number;
  readonly shape?: "cosine" | "linear";
  /** Rise, fall back as long, then fall to the end (Smith's own form); default two phases. */
  readonly threePhase?: boolean;
  /** Lowest and highest momentum (default 0.85 and 0.95), or `null` to leave the momentum alone. */
  readonly momentum?: readonly [minimum: number, maximum: number] | null;
}

interface Phase {
  readonly end: number;
  readonly rates: readonly [from: number, to: number];
  readonly momenta: readonly [from: number, to: number];
}

/**
 * One rise to the peak and one long fall, once, over `steps` steps.
 *
 * Like torch's OneCycleLR it gives one rate more than it has steps, and then refuses.
 *
 * @throws {OptionError} `SCHEDULE_ENDED` beyond that.
 * @see Smith & Topin 2018, "Super-convergence".
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const where = "oneCycle";
  checkOptions(where, options, [
    ...["steps", "peak", "riseFraction", "startDivisor", "endDivisor"],
    ...["shape", "threePhase", "momentum"],
  ]);
  const steps = checkInteger(where, "steps", options.steps, { min: 2 });
  const rise = checkNumber(where, "riseFraction", options.riseFraction ?? 0.3, { min: 0, max: 1 });
  const startDivisor = checkNumber(where, "startDivisor", options.startDivisor ?? 25, { min: 1 });
  const endDivisor = checkNumber(where, "endDivisor", options.endDivisor ?? 1e4, { min: 1 });
  const shape = checkOneOf(where, "shape", options.shape ?? "cosine", ["cosine", "linear"]);
  const momentum = options.momentum === undefined ? ([0.85, 0.95] as const) : options.momentum;
  const [low, high] = momentum ?? [0, 0];

  const phases = (peak: number): readonly Phase[] => {
    const first = peak / startDivisor;
    const last = first / endDivisor;
    const up: Phase = { end: rise * steps - 1, rates: [first, peak], momenta: [high, low] };
    if (options.threePhase !== true) {
      return [up, { end: steps - 1, rates: [peak, last], momenta: [low, high] }];
    }
    return [
      up,
      { end: 2 * rise * steps - 2, rates: [peak, first], momenta: [low, high] },
      { end: steps - 1, rates: [first, last], momenta: [high, high] },
    ];
  };
  const between = ([from, to]: readonly [number, number], fraction: number): number =>
    shape === "linear"
      ? from + (to - from) * fraction
      : to + ((from - to) / 2) * (Math.cos(Math.PI * fraction) + 1);
  const locate = (step: number, peak: number): { phase: Phase; fraction: number } => {
    if (step > steps) {
      throw new OptionError(
        `oneCycle: step ${step} lies beyond its ${steps} steps; give it the steps of the whole training.`,
        { code: "SCHEDULE_ENDED", details: { step, steps } },
      );
    }
    const all = phases(peak);
    const index = all.findIndex((phase, i) => step <= phase.end || i === all.length - 1);
    const phase = all[index] as Phase;
    const start = index === 0 ? 0 : (all[index - 1] as Phase).end;
    return { phase, fraction: phase.end === start ? 1 : (step - start) / (phase.end - start) };
  };
  const schedule: Schedule = {
    kind: "one-cycle",
    rate: ({ step }, baseRate) => {
      const { phase, fraction } = locate(step, options.peak ?? baseRate);
      return between(phase.rates, fraction);
    },
  };
  if (momentum === null) return schedule;
  return {
    ...schedule,
    momentum: ({ step }) => {
      const { phase, fraction } = locate(step, 1);
      return between(phase.momenta, fraction);
    },
  };
}
