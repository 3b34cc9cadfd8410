/** Schedules made of schedules: one after another, one on top of another, by epochs, after a warm-up. */
import { checkInteger, checkNumber, checkOptions, FormatError, OptionError } from "@seq/core";
import { checkMilestones, constant, linear } from "./decay.ts";
import type { Schedule, ScheduleMoment } from "./schedule.types.ts";

/** The same schedule with epochs where it has steps: `perEpoch(stepDecay({ every: 1 }))`. */
export function perEpoch(schedule: Schedule): Schedule {
  const moment = ({ epoch }: ScheduleMoment): ScheduleMoment => ({ step: epoch, epoch });
  return wrap("per-epoch", [schedule], {
    rate: (now, baseRate) => schedule.rate(moment(now), baseRate),
    momentum: (now) => schedule.momentum?.(moment(now)),
  });
}

/**
 * One schedule until its milestone, then the next, each counting from 0 (torch: SequentialLR).
 *
 * @param options.milestones - steps at which the next one takes over; one fewer than schedules.
 */
export function sequential(
  schedules: readonly Schedule[],
  options: { milestones: readonly number[] },
): Schedule {
  checkOptions("sequential", options, ["milestones"]);
  const milestones = checkMilestones("sequential", options.milestones);
  if (schedules.length !== milestones.length + 1) {
    throw new OptionError(
      `sequential: ${schedules.length} schedules and ${milestones.length} milestones, expected one milestone between each two schedules.`,
      { code: "OPTION_RANGE", details: { option: "milestones", value: milestones } },
    );
  }
  const locate = ({ step, epoch }: ScheduleMoment): [Schedule, ScheduleMoment] => {
    const index = milestones.filter((m) => m <= step).length;
    const start = index === 0 ? 0 : (milestones[index - 1] as number);
    return [schedules[index] as Schedule, { step: step - start, epoch }];
  };
  return wrap("sequential", schedules, {
    rate: (now, baseRate) => {
      const [schedule, moment] = locate(now);
      return schedule.rate(moment, baseRate);
    },
    momentum: (now) => {
      const [schedule, moment] = locate(now);
      return schedule.momentum?.(moment);
    },
  });
}

/** Each schedule acts on the rate of the one before (torch: ChainedScheduler). */
export function chained(schedules: readonly Schedule[]): Schedule {
  return wrap("chained", schedules, {
    rate: (now, baseRate) =>
      schedules.reduce((rate, schedule) => schedule.rate(now, rate), baseRate),
    momentum: (now) => {
      for (const schedule of [...schedules].reverse()) {
        if (schedule.momentum !== undefined) return schedule.momentum(now);
      }
      return undefined;
    },
  });
}

/**
 * Rises linearly from `startFactor` (default 1/steps) times the base rate over `steps` steps, then follows `thereafter`
 * (default constant), which counts from 0 after the warm-up.
 *
 * @example warmUp({ steps: 400, thereafter: cosine({ steps: 9600 }) })
 */
export function warmUp(options: {
  steps: number;
  startFactor?: number;
  thereafter?: Schedule;
}): Schedule {
  checkOptions("warmUp", options, ["steps", "startFactor", "thereafter"]);
  const steps = checkInteger("warmUp", "steps", options.steps, { min: 1 });
  const startFactor = checkNumber("warmUp", "startFactor", options.startFactor ?? 1 / steps, {
    min: 0,
    max: 1,
  });
  const rise = linear({ steps, startFactor });
  return sequential([rise, options.thereafter ?? constant()], { milestones: [steps] });
}

interface Shape {
  rate(moment: ScheduleMoment, baseRate: number): number;
  momentum(moment: ScheduleMoment): number | undefined;
}

/** Passes scores and state on to the parts; the state is one item per part, `null` where a part has none. */
function wrap(kind: string, parts: readonly Schedule[], { rate, momentum }: Shape): Schedule {
  const schedule: Schedule = {
    kind,
    rate,
    observe: (score) => {
      for (const part of parts) part.observe?.(score);
    },
    state: () => parts.map((part) => part.state?.() ?? null),
    restore: (saved) => {
      if (!Array.isArray(saved) || saved.length !== parts.length) {
        throw new FormatError(
          `${kind}: expected a saved state of ${parts.length} schedules, got ${JSON.stringify(saved)}.`,
          { code: "SCHEDULE_STATE", details: { state: saved } },
        );
      }
      parts.forEach((part, i) => {
        if (saved[i] !== null) part.restore?.(saved[i]);
      });
    },
  };
  if (!parts.some((part) => part.momentum !== undefined)) return schedule;
  return { ...schedule, momentum };
}
