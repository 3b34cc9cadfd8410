import { loadKernels } from "@seq/kernels";
import { tensor, variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { countingRows, TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { Adam } from "../optimizers/adam.ts";
import { dryRun, gradientStatistics, listParameters, repeatBatch } from "./dry-run.ts";
import { fit } from "./fit.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

const rows = countingRows(32, 7, 1);
const make = () => new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8 });

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
