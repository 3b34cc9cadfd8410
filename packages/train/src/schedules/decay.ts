/**
 * Schedules that fall (or stay): closed forms of the step, equal to torch.optim.lr_scheduler. Steps count
 * from 0; `perEpoch` makes any of them count epochs.
 */
import { checkInteger, checkNumber, checkOptions, OptionError } from "@seq/core";
import type { Schedule } from "./schedule.types.ts";

/**
 * The base rate throughout, or `factor` times it for the first `steps` steps (torch: ConstantLR).
 *
 * @example constant().rate({ step: 7, epoch: 0 }, 0.1) // 0.1
 */
export function constant(options: { factor?: number; steps?: number } = {}): Schedule {
  checkOptions("constant", options, ["factor", "steps"]);
  const factor = checkNumber("constant", "factor", options.factor ?? 1, { min: 0 });
  const steps = checkInteger("constant", "steps", options.steps ?? 0, { min: 0 });
  return {
    kind: "constant",
    rate: ({ step }, baseRate) => (step < steps ? baseRate * factor : baseRate),
  };
}

/**
 * Multiplied by `factor` (default 0.1) every `every` steps: base factor^floor(step / every).
 *
 * @example stepDecay({ every: 3, factor: 0.5 }).rate({ step: 6, epoch: 0 }, 1) // 0.25
 */
export function stepDecay(options: { every: number; factor?: number }): Schedule {
  checkOptions("stepDecay", options, ["every", "factor"]);
  const every = checkInteger("stepDecay", "every", options.every, { min: 1 });
  const factor = checkNumber("stepDecay", "factor", options.factor ?? 0.1, { min: 0 });
  return {
    kind: "step",
    rate: ({ step }, baseRate) => baseRate * factor ** Math.floor(step / every),
  };
}

/** Multiplied by `factor` (default 0.1) at each milestone; milestones rise, a repeated one counts twice. */
export function multiStep(options: { milestones: readonly number[]; factor?: number }): Schedule {
  checkOptions("multiStep", options, ["milestones", "factor"]);
  const milestones = checkMilestones("multiStep", options.milestones);
  const factor = checkNumber("multiStep", "factor", options.factor ?? 0.1, { min: 0 });
  return {
    kind: "multi-step",
    rate: ({ step }, baseRate) => baseRate * factor ** milestones.filter((m) => m <= step).length,
  };
}

/** base factor^step. */
export function exponential(options: { factor: number }): Schedule {
  checkOptions("exponential", options, ["factor"]);
  const factor = checkNumber("exponential", "factor", options.factor, { min: 0 });
  return { kind: "exponential", rate: ({ step }, baseRate) => baseRate * factor ** step };
}

/** From `startFactor` (default 1/3) to `endFactor` (default 1) times the base rate over `steps`, then constant. */
export function linear(options: {
  steps: number;
  startFactor?: number;
  endFactor?: number;
}): Schedule {
  checkOptions("linear", options, ["steps", "startFactor", "endFactor"]);
  const steps = checkInteger("linear", "steps", options.steps, { min: 1 });
  const start = checkNumber("linear", "startFactor", options.startFactor ?? 1 / 3, { min: 0 });
  const end = checkNumber("linear", "endFactor", options.endFactor ?? 1, { min: 0 });
  return {
    kind: "linear",
    rate: ({ step }, baseRate) =>
      baseRate * (start + ((end - start) * Math.min(step, steps)) / steps),
  };
}

/** base (1 - step / steps)^power, 0 afterwards; power 1 (default) falls linearly. */
export function polynomial(options: { steps: number; power?: number }): Schedule {
  checkOptions("polynomial", options, ["steps", "power"]);
  const steps = checkInteger("polynomial", "steps", options.steps, { min: 1 });
  const power = checkNumber("polynomial", "power", options.power ?? 1, { min: 0 });
  return {
    kind: "polynomial",
    rate: ({ step }, baseRate) => baseRate * (1 - Math.min(step, steps) / steps) ** power,
  };
}

/**
 * Rises linearly over `warmUpSteps`, then falls with 1 / sqrt(step); the base rate is the peak.
 *
 * @see Vaswani et al. 2017, eq. 3 (there scaled by the model's size instead).
 */
export function inverseSquareRoot(options: { warmUpSteps: number }): Schedule {
  checkOptions("inverseSquareRoot", options, ["warmUpSteps"]);
  const warmUp = checkInteger("inverseSquareRoot", "warmUpSteps", options.warmUpSteps, { min: 1 });
  return {
    kind: "inverse-square-root",
    rate: ({ step }, baseRate) =>
      baseRate * Math.min((step + 1) / warmUp, Math.sqrt(warmUp / (step + 1))),
  };
}

/**
 * The Penn Treebank recipe: the base rate for the first `epochs` epochs (default 4), then `factor`
 * (default 1/2) times the rate before at each further epoch.
 *
 * @see Zaremba, Sutskever & Vinyals 2014, section 4.1 (small model: rate 1, 4 epochs, factor 1/2).
 * @example ptbHalving().rate({ step: 0, epoch: 5 }, 1) // 0.25, in the sixth epoch
 */
export function ptbHalving(options: { epochs?: number; factor?: number } = {}): Schedule {
  checkOptions("ptbHalving", options, ["epochs", "factor"]);
  const epochs = checkInteger("ptbHalving", "epochs", options.epochs ?? 4, { min: 1 });
  const factor = checkNumber("ptbHalving", "factor", options.factor ?? 0.5, { min: 0 });
  return {
    kind: "ptb-halving",
    rate: ({ epoch }, baseRate) => baseRate * factor ** Math.max(0, epoch + 1 - epochs),
  };
}

/** @throws {OptionError} `OPTION_RANGE` unless whole numbers that never fall. */
export function checkMilestones(where: string, milestones: readonly number[]): readonly number[] {
  const valid =
    Array.isArray(milestones) &&
    milestones.every((m, i) => Number.isSafeInteger(m) && m >= (i === 0 ? 0 : milestones[i - 1]));
  if (!valid) {
    throw new OptionError(
      `${where}: milestones is ${JSON.stringify(milestones)}, expected whole numbers in rising order.`,
      { code: "OPTION_RANGE", details: { option: "milestones", value: milestones } },
    );
  }
  return [...milestones];
}
