import { loadKernels } from "@seq/kernels";
import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { countingRows, TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { SGD } from "../optimizers/sgd.ts";
import { fit } from "./fit.ts";
import { findLearningRate } from "./learning-rate-finder.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

const rows = countingRows(32, 7, 1);
const make = () => new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8 });

describe("findLearningRate", () => {
  test("finds a rate that trains well, and leaves model and data as they were", async () => {
    const model = make();
    const data = sequenceBatches(rows, { batchSize: 8 });
    data.next();
    const [before, cursor] = [[...model.get("weightHh").dataSync()], data.cursor()];
    const tensors = memory().numTensors;
    const makeOptimizer = () => new SGD({ learningRate: 1 });
    const { rates, losses, suggestion } = await findLearningRate(model, data, {
      ...{ makeOptimizer, minimum: 1e-4, maximum: 100, steps: 60 },
    });
    expect(rates.length).toBe(losses.length);
    expect(rates[0]).toBe(1e-4);
    expect(rates.every((rate, i) => i === 0 || rate > rates[i - 1]!)).toBe(true);
    expect(memory().numTensors).toBe(tensors);
    expect([...model.get("weightHh").dataSync()]).toEqual(before);
    expect(data.cursor()).toEqual(cursor);
    expect(suggestion).toBeGreaterThan(0.01);
    expect(suggestion).toBeLessThan(20);
    const { loss } = await fit(model, data, {
      ...{ optimizer: new SGD({ learningRate: suggestion! }), maxSteps: 150, clipNorm: 5 },
    });
    expect(loss).toBeLessThan(1); // chance is 1.95
  });

  test("ends early when the loss explodes", async () => {
    const { rates } = await findLearningRate(
      new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8, activation: "identity" }),
      sequenceBatches(rows),
      { makeOptimizer: () => new SGD({ learningRate: 1 }), minimum: 1, maximum: 1e6, steps: 50 },
    );
    expect(rates.length).toBeLessThan(50);
  });
});
