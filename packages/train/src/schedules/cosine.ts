/** Cosine schedules (Loshchilov & Hutter 2017, SGDR), equal to torch's. */
import { checkInteger, checkNumber, checkOptions } from "@seq/core";
import type { Schedule } from "./schedule.types.ts";

/**
 * From the base rate to `minimum` (default 0) along half a cosine over `steps`; past the end it rises again,
 * with period 2 `steps`, as torch's CosineAnnealingLR does.
 *
 *   rate = minimum + (base - minimum) (1 + cos(π step / steps)) / 2
 */
export function cosine(options: { steps: number; minimum?: number }): Schedule {
  checkOptions("cosine", options, ["steps", "minimum"]);
  const steps = checkInteger("cosine", "steps", options.steps, { min: 1 });
  const minimum = checkNumber("cosine", "minimum", options.minimum ?? 0, { min: 0 });
  return {
    kind: "cosine",
    rate: ({ step }, baseRate) => halfCosine(step / steps, baseRate, minimum),
  };
}

/** Like `cosine`, but back to the base rate after each period; periods grow by `periodFactor` (default 1). */
export function cosineWarmRestarts(options: {
  firstPeriod: number;
  periodFactor?: number;
  minimum?: number;
}): Schedule {
  const where = "cosineWarmRestarts";
  checkOptions(where, options, ["firstPeriod", "periodFactor", "minimum"]);
  const first = checkInteger(where, "firstPeriod", options.firstPeriod, { min: 1 });
  const factor = checkInteger(where, "periodFactor", options.periodFactor ?? 1, { min: 1 });
  const minimum = checkNumber(where, "minimum", options.minimum ?? 0, { min: 0 });
  return {
    kind: "cosine-warm-restarts",
    rate: ({ step }, baseRate) => {
      let position = factor === 1 ? step % first : step;
      let period = first;
      while (position >= period) {
        position -= period;
        period *= factor;
      }
      return halfCosine(position / period, baseRate, minimum);
    },
  };
}

function halfCosine(fraction: number, high: number, low: number): number {
  return low + ((high - low) * (1 + Math.cos(Math.PI * fraction))) / 2;
}
