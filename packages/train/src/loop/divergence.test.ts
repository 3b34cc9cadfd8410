import { loadKernels } from "@seq/kernels";
import { beforeAll, describe, expect, test } from "vitest";
import { countingRows, TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { SGD } from "../optimizers/sgd.ts";
import { Divergence } from "./divergence.ts";
import { fit } from "./fit.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

const rows = countingRows(32, 7, 1);
const make = () => new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8 });

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
