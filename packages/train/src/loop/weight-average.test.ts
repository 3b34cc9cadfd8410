import { loadKernels } from "@seq/kernels";
import { memory, tensor, tidy, type Variable, variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type AveragingOptions, WeightAverage } from "./weight-average.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

function setup(options: AveragingOptions): {
  average: WeightAverage;
  w: Variable;
  set: (value: number) => void;
} {
  const w = tidy(() => variable(tensor([0])));
  return {
    average: new WeightAverage(new Map([["w", w]]), options),
    w,
    set: (value) => tidy(() => w.assign(tensor([value]))),
  };
}

function read(w: Variable): number {
  return w.dataSync()[0] as number;
}

describe("WeightAverage", () => {
  test("the exponential average begins at the first parameters and follows them", () => {
    const { average, w, set } = setup({ method: "exponential", decay: 0.75 });
    [4, 8, 0].forEach((value, i) => {
      set(value);
      average.update(i + 1);
    });
    average.swap();
    // 4; 0.75 * 4 + 0.25 * 8 = 5; 0.75 * 5 = 3.75.
    expect(read(w)).toBe(3.75);
    average.swap();
    expect(read(w)).toBe(0);
  });

  test("the mean counts every n-th step from a step on", () => {
    const { average, w, set } = setup({ method: "mean", from: 2, every: 2 });
    [10, 1, 20, 3, 30, 8].forEach((value, i) => {
      set(value);
      average.update(i + 1);
    });
    average.swap();
    expect(read(w)).toBe(4); // steps 2, 4, 6: (1 + 3 + 8) / 3
  });

  test("the non-monotone trigger waits for a score worse than the best of those before the last n", () => {
    const { average, w, set } = setup({ method: "mean", nonMonotone: 2 });
    const scores = [5, 4, 3, 3.5, 3.6, 3.7, 3.8];
    const active: boolean[] = [];
    scores.forEach((score, i) => {
      set(i);
      average.update(i + 1);
      average.observe(score, "lower", i + 1);
      active.push(average.active);
    });
    // At the sixth score (3.7) the best of the first three (3) is better: averaging begins with the next step.
    expect(active).toEqual([false, false, false, false, false, false, true]);
    average.swap();
    expect(read(w)).toBe(6);
  });

  test("higher scores can be the better ones", () => {
    const { average } = setup({ method: "mean", nonMonotone: 0 });
    [1, 2, 1.5].forEach((score, i) => {
      average.observe(score, "higher", i + 1);
    });
    average.update(4);
    expect(average.active).toBe(true);
  });

  test("leaves no tensors behind", () => {
    const before = memory().numTensors;
    const { average, w } = setup({ method: "exponential" });
    for (let step = 1; step <= 20; step++) {
      average.update(step);
      average.swap();
      average.swap();
    }
    average.dispose();
    w.dispose();
    expect(memory().numTensors).toBe(before);
  });

  test("names what is wrong with its options", () => {
    expect(() => setup({ method: "swa" } as never)).toThrow(
      'averaging: method is "swa", expected "exponential" or "mean".',
    );
    expect(() => setup({ method: "exponential", decay: 2 })).toThrow(
      "averaging: decay is 2, expected a finite number from 0 to 1.",
    );
    expect(() => setup({ method: "mean", from: 3, nonMonotone: 5 })).toThrow(
      "averaging: from and nonMonotone exclude each other; give one.",
    );
    expect(() =>
      setup({ method: "mean" }).average.restore({ state: null, tensors: new Map() }),
    ).toThrow(
      "averaging: the checkpoint has no averages; it was saved by a run without averaging.",
    );
  });
});
