import { loadKernels } from "@seq/kernels";
import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { countingRows, TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { profileStep } from "./profile-step.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

const rows = countingRows(32, 7, 1);
const make = () => new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8 });

describe("profileStep", () => {
  test("names the kernels of a step with their calls and times, and leaves nothing behind", async () => {
    const model = make();
    const data = sequenceBatches(rows, { batchSize: 8 });
    const [before, cursor] = [memory().numTensors, data.cursor()];
    const { kernels, kernelMilliseconds, milliseconds, peakBytes } = await profileStep(model, data);
    expect(memory().numTensors).toBe(before);
    expect(data.cursor()).toEqual(cursor);
    expect(kernels.length).toBeGreaterThan(3);
    const times = kernels.map((kernel) => kernel.milliseconds);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(kernels.every(({ calls }) => calls >= 1)).toBe(true);
    expect(kernelMilliseconds).toBeCloseTo(
      times.reduce((sum, time) => sum + time, 0),
      9,
    );
    expect(milliseconds).toBeGreaterThan(0);
    expect(peakBytes).toBeGreaterThan(0);
  });
});
