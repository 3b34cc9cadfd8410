import { readFileSync } from "node:fs";
import { sharedPath } from "@seq-internal/test-utils";
import { describe, expect, test } from "vitest";
import { chained, perEpoch, sequential, warmUp } from "./compose.ts";
import { cosine, cosineWarmRestarts } from "./cosine.ts";
import { cyclic, oneCycle } from "./cyclic.ts";
import {
  constant,
  exponential,
  inverseSquareRoot,
  linear,
  multiStep,
  polynomial,
  ptbHalving,
  stepDecay,
} from "./decay.ts";
import { plateau } from "./plateau.ts";
import type { Schedule } from "./schedule.types.ts";
import { scheduleFromTorch } from "./torch-options.ts";

function rates(schedule: Schedule, count: number, baseRate = 1): number[] {
  return Array.from({ length: count }, (_, step) => schedule.rate({ step, epoch: 0 }, baseRate));
}

describe("torch's schedulers", () => {
  const { cases } = JSON.parse(
    readFileSync(sharedPath("goldens/torch/lr_schedulers.json"), "utf8"),
  ) as { cases: readonly TorchCase[] };
  interface TorchCase {
    readonly scheduler: string;
    readonly base_lr: number;
    readonly options: Record<string, unknown>;
    readonly metrics?: readonly number[];
    readonly expect: {
      readonly lr: readonly number[];
      readonly momentum_or_beta1?: readonly (number | null)[];
      readonly error?: { readonly at_step: number };
    };
  }
  test("has cases", () => expect(cases.length).toBe(21));
  test.each(cases.map((c, i) => [i, c.scheduler, c] as const))("case %i: %s", (_i, _name, c) => {
    const schedule = scheduleFromTorch(c.scheduler, c.options);
    c.expect.lr.forEach((lr, step) => {
      const moment = { step, epoch: 0 };
      expect(schedule.rate(moment, c.base_lr)).toBeCloseTo(lr, 12);
      const momentum = schedule.momentum?.(moment);
      if (momentum !== undefined) {
        expect(momentum).toBeCloseTo(c.expect.momentum_or_beta1?.[step] as number, 8);
      }
      if (c.metrics?.[step] !== undefined) schedule.observe?.(c.metrics[step]);
    });
    if (c.expect.error !== undefined) {
      expect(() => schedule.rate({ step: c.expect.lr.length, epoch: 0 }, c.base_lr)).toThrow(
        "oneCycle: step 11 lies beyond its 10 steps; give it the steps of the whole training.",
      );
    }
  });
});

describe("schedules", () => {
  test("the Penn Treebank recipe keeps the rate for four epochs and then halves it", () => {
    const schedule = ptbHalving();
    const byEpoch = [0, 1, 2, 3, 4, 5, 6].map((epoch) => schedule.rate({ step: 9, epoch }, 1));
    expect(byEpoch).toEqual([1, 1, 1, 1, 0.5, 0.25, 0.125]);
  });

  test("a warm-up rises linearly to the base rate and then follows the other schedule from its start", () => {
    const schedule = warmUp({ steps: 4, thereafter: stepDecay({ every: 2, factor: 0.5 }) });
    expect(rates(schedule, 9)).toEqual([0.25, 0.4375, 0.625, 0.8125, 1, 1, 0.5, 0.5, 0.25]);
  });

  test("the inverse square root has its peak at the end of the warm-up", () => {
    const values = rates(inverseSquareRoot({ warmUpSteps: 4 }), 16);
    expect(values.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(values[15]).toBe(0.5);
  });

  test("perEpoch counts epochs instead of steps", () => {
    const schedule = perEpoch(exponential({ factor: 0.5 }));
    expect(schedule.rate({ step: 1000, epoch: 3 }, 8)).toBe(1);
  });

  test("a restored plateau goes on as the one that was saved, also inside another schedule", () => {
    const make = () => chained([plateau({ factor: 0.5, patience: 1 }), constant()]);
    const [first, second] = [make(), make()];
    for (const score of [3, 2, 2, 2, 2]) first.observe?.(score);
    second.restore?.(JSON.parse(JSON.stringify(first.state?.())));
    for (const score of [2, 2, 1, 1, 1]) {
      first.observe?.(score);
      second.observe?.(score);
      expect(second.rate({ step: 0, epoch: 0 }, 1)).toBe(first.rate({ step: 0, epoch: 0 }, 1));
    }
    expect(first.rate({ step: 0, epoch: 0 }, 1)).toBe(0.125);
  });

  test("a validation score that is not a number counts as bad", () => {
    const schedule = plateau({ factor: 0.5, patience: 0 });
    for (const score of [1, Number.NaN]) schedule.observe?.(score);
    expect(schedule.rate({ step: 0, epoch: 0 }, 1)).toBe(0.5);
  });

  test("every schedule is linear in the base rate where it has no absolute rates", () => {
    const all = [
      constant(),
      stepDecay({ every: 2 }),
      multiStep({ milestones: [1, 3] }),
      exponential({ factor: 0.9 }),
      linear({ steps: 4 }),
      polynomial({ steps: 6, power: 2 }),
      cosine({ steps: 7 }),
      cosineWarmRestarts({ firstPeriod: 2, periodFactor: 2 }),
      oneCycle({ steps: 10 }),
      plateau(),
    ];
    for (const schedule of all) {
      const [one, three] = [rates(schedule, 8, 1), rates(schedule, 8, 3)];
      one.forEach((rate, i) => {
        expect(three[i], schedule.kind).toBeCloseTo(3 * rate, 12);
      });
    }
  });

  test("names what is wrong with an option", () => {
    expect(() => stepDecay({ every: 0 })).toThrow(
      "stepDecay: every is 0, expected a whole number of at least 1.",
    );
    expect(() => multiStep({ milestones: [3, 2] })).toThrow(
      "multiStep: milestones is [3,2], expected whole numbers in rising order.",
    );
    expect(() => cosine({ steps: 3, min: 1 } as never)).toThrow(
      'cosine: unknown option "min"; expected one of steps, minimum.',
    );
    expect(() => cyclic({ minimum: 1, maximum: 0.5 })).toThrow(
      "cyclic: maximum is 0.5, expected a finite number of at least 1.",
    );
    expect(() => sequential([constant()], { milestones: [1] })).toThrow(
      "sequential: 1 schedules and 1 milestones, expected one milestone between each two schedules.",
    );
    expect(() => plateau().restore?.({ best: 1 })).toThrow(
      'plateau: expected a saved state { best, badScores, cooldown, reductions }, got {"best":1}.',
    );
  });
});
