import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { memory, tensor, variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { countingRows, TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { resizeRows } from "../checkpoint/resize-rows.ts";
import { decodeTensors, encodeTensors } from "../checkpoint/weights.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { Adam } from "../optimizers/adam.ts";
import { SGD } from "../optimizers/sgd.ts";
import { Divergence } from "./divergence.ts";
import { dryRun, gradientStatistics, listParameters, repeatBatch } from "./dry-run.ts";
import { fit } from "./fit.ts";
import { findLearningRate } from "./learning-rate-finder.ts";
import { profileStep } from "./profile-step.ts";

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

describe("looks before a training", () => {
  test("a dry run reports loss, gradients and what has none, and changes nothing", async () => {
    const model = make();
    const unused = variable(tensor([1, 2]));
    const parameters = new Map([...model.parameters, ["unused", unused]]);
    const wrapped = {
      kind: "x",
      config: {},
      parameters,
      loss: model.loss.bind(model),
      dispose: () => {},
    };
    const data = sequenceBatches(rows, { batchSize: 8 });
    const cursor = data.cursor();
    const report = await dryRun(wrapped, data);
    expect(report.loss).toBeGreaterThan(1.7);
    expect(report.loss).toBeLessThan(2.3);
    expect(report.withoutGradient).toEqual(["unused"]);
    expect(report.gradients.map(({ name }) => name)).toEqual([...model.parameters.keys()]);
    const norm = Math.hypot(...report.gradients.map((g) => g.norm));
    expect(report.gradientNorm).toBeCloseTo(norm, 6);
    expect(report.tensorsLeft).toBe(0);
    expect(data.cursor()).toEqual(cursor);
  });

  test("gradient statistics tell norm, largest value and the share of zeros", () => {
    const [statistics] = gradientStatistics(
      new Map([
        [
          "w",
          tensor([
            [3, 0],
            [-4, 0],
          ]),
        ],
      ]),
    );
    expect(statistics).toEqual({ name: "w", shape: [2, 2], norm: 5, largest: 4, zeros: 0.5 });
  });

  test("lists the parameters θ of a model", () => {
    const { parameters, total } = listParameters(make());
    expect(parameters[0]).toEqual({ name: "embedding", shape: [7, 8], size: 56 });
    expect(total).toBe(56 + 64 + 64 + 8 + 56 + 7);
  });

  test("a sound model learns one batch by heart", async () => {
    const model = make();
    const data = await repeatBatch(sequenceBatches(rows, { batchSize: 4 }));
    const { loss, epochs } = await fit(model, data, {
      ...{ optimizer: new Adam({ learningRate: 0.03 }), maxSteps: 150 },
    });
    expect(loss).toBeLessThan(0.02);
    expect(epochs).toBe(150);
  });
});

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
    expect(kernelMilliseconds).toBeLessThanOrEqual(milliseconds);
    expect(peakBytes).toBeGreaterThan(0);
  });
});

describe("divergence", () => {
  test("is noticed when the smoothed loss rises far above its lowest value, and not before", () => {
    const watch = new Divergence({ factor: 2, smoothing: 0.5 });
    [4, 2, 1, 1, 1.5, 1.2].forEach((loss, i) => {
      watch.take(i + 1, loss, 0.1);
    });
    expect(() => watch.take(7, 5, 0.1)).toThrow(
      /^fit: at step 7 the smoothed loss is 3\.\d+, above 2 times its lowest value 1\.\d+ \(learning rate 0\.1\): the training diverges\./,
    );
  });

  test("stops fit", async () => {
    const run = fit(make(), sequenceBatches(rows, { batchSize: 8 }), {
      optimizer: new SGD({ learningRate: 60 }),
      ...{ maxSteps: 400, divergence: { factor: 1.5, smoothing: 0.5 } },
    });
    await expect(run).rejects.toMatchObject({ code: "DIVERGED" });
  });
});

describe("resizeRows", () => {
  const table = new Map([
    ["embedding", { shape: [3, 2], values: Float32Array.from([1, 10, 1, 20, 1, 30]) }],
    ["bias", { shape: [3], values: Float32Array.from([5, 6, 7]) }],
    ["other", { shape: [1], values: Float32Array.from([9]) }],
  ]);

  test("keeps old rows, adds average ones that differ, and drops rows from the end", () => {
    const grown = decodeTensors("x", resizeRows(encodeTensors(table), { embedding: 5, bias: 2 }, new Rng(1))); // biome-ignore format: one line
    expect(grown.get("embedding")?.shape).toEqual([5, 2]);
    const values = [...grown.get("embedding")!.values];
    expect(values.slice(0, 6)).toEqual([1, 10, 1, 20, 1, 30]);
    expect([values[6], values[8]]).toEqual([1, 1]); // a column without spread
    expect(values[7]).not.toBe(values[9]);
    expect(Math.abs(values[7]! - 20)).toBeLessThan(40);
    expect(grown.get("bias")).toEqual({ shape: [2], values: Float32Array.from([5, 6]) });
    expect(grown.get("other")).toEqual(table.get("other"));
  });

  test("names a tensor that is not there", () => {
    expect(() => resizeRows(encodeTensors(table), { embeddings: 5 }, new Rng(1))).toThrow(
      'resizeRows: no tensor "embeddings" with rows; the file has embedding, bias, other.',
    );
  });
});
