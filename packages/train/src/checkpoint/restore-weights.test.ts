import { loadKernels } from "@seq/kernels";
import { beforeAll, expect, test } from "vitest";
import { countingRows, TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { fit } from "../loop/fit.ts";
import type { FitOptions } from "../loop/fit.types.ts";
import { MemoryStorage } from "./memory-storage.ts";
import { restoreWeights } from "./restore-weights.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

const make = () => new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8 });
const values = (model: TinyLanguageModel) =>
  [...model.parameters.values()].map((p) => [...p.dataSync()]);

async function train(options: Partial<FitOptions> = {}) {
  const [model, storage] = [make(), new MemoryStorage()];
  const scores = [3, 1, 2, 4];
  const atBest: number[][][] = [];
  await fit(model, sequenceBatches(countingRows(32, 7, 1), { batchSize: 8 }), {
    ...{ maxSteps: 8, checkpoints: { storage } },
    evaluation: {
      every: 2,
      run: () => {
        atBest.push(values(model));
        return { loss: scores.shift()! };
      },
    },
    ...options,
  });
  return { model, storage, atBest };
}

test("gives the weights of the best evaluation, or of the end", async () => {
  const { model, storage, atBest } = await train();
  const fresh = make();
  expect(await restoreWeights(fresh, storage)).toEqual({
    ...{ name: "step-00000004-best", step: 4, damaged: [] },
  });
  expect(values(fresh)).toEqual(atBest[1]);
  expect(await restoreWeights(fresh, storage, "latest")).toMatchObject({ step: 8 });
  expect(values(fresh)).toEqual(values(model));
});

test("gives the averages where the run kept them", async () => {
  const { model, storage, atBest } = await train({
    averaging: { method: "exponential", decay: 0.8 },
  });
  const fresh = make();
  await restoreWeights(fresh, storage);
  expect(values(fresh)).toEqual(atBest[1]); // evaluated with the averages
  await restoreWeights(fresh, storage, "latest");
  expect(values(fresh)).toEqual(values(model));
});

test("tells when there is no such checkpoint", async () => {
  await expect(restoreWeights(make(), new MemoryStorage())).rejects.toThrow(
    "restoreWeights: there is no best checkpoint; train with checkpoints and evaluation first.",
  );
});
