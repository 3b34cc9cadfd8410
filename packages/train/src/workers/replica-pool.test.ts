import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKernels } from "@seq/kernels";
import { memory } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../test/bundle.ts";
import type { ReplicaTestConfig } from "../../test/replica-worker.ts";
import { countingRows, TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { MemoryStorage } from "../checkpoint/memory-storage.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { contiguousBatches } from "../data/contiguous-batches.ts";
import type { TrainingData } from "../data/training-data.types.ts";
import { fit } from "../loop/fit.ts";
import type { FitOptions } from "../loop/fit.types.ts";
import { nodeWorker } from "../node/node-worker.ts";
import { Adam } from "../optimizers/adam.ts";
import { type ReplicaOptions, ReplicaPool } from "./replica-pool.ts";

let folder = "";
let replicaModule = "";
beforeAll(async () => {
  await loadKernels({ simd: "exact" });
  folder = mkdtempSync(join(tmpdir(), "seq-workers-"));
  replicaModule = join(folder, "replica.mjs");
  writeFileSync(
    replicaModule,
    await bundle(new URL("../../test/replica-worker.ts", import.meta.url)),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const sizes = { vocabSize: 7, hiddenSize: 8 };
const rows = countingRows(48, 7, 1);
const bucketed = () => sequenceBatches(rows, { batchSize: 9, seed: 3 });
const chunks = () =>
  contiguousBatches(
    rows.flatMap((row) => [...row]),
    { batchSize: 4, chunkLength: 5 },
  );

function pool(
  options: Partial<ReplicaOptions> & { config?: Partial<ReplicaTestConfig> } = {},
): ReplicaPool {
  const config = { model: sizes, ...options.config };
  return new ReplicaPool(() => nodeWorker(replicaModule), { count: 2, ...options, config });
}

async function train(
  data: TrainingData<never>,
  options: Partial<FitOptions> = {},
): Promise<{ losses: number[]; parameters: number[] }> {
  const model = new TinyLanguageModel(sizes);
  const losses: number[] = [];
  const optimizer = new Adam({ learningRate: 0.02 });
  await fit(model as never, data, {
    ...{ optimizer, maxSteps: 12, clipNorm: 1 },
    ...options,
    onProgress: ({ loss }) => losses.push(loss),
  });
  const parameters = [...model.parameters.values()].flatMap((p) => [...p.dataSync()]);
  optimizer.dispose();
  model.dispose();
  return { losses, parameters };
}

describe("replicas", () => {
  test.each([
    ["bucketed batches", bucketed, true],
    ["bucketed batches, without shared memory", bucketed, false],
    ["chunks with carried state", chunks, true],
  ] as const)(
    "two replicas on %s give the losses of one model, and the same ones in every run",
    async (_name, data, shared) => {
      const before = memory().numTensors;
      const one = await train(data() as never);
      const two = await train(data() as never, { replicas: pool({ shared }) });
      two.losses.forEach((loss, i) => {
        expect(Math.abs(loss - one.losses[i]!)).toBeLessThan(1e-5);
      });
      two.parameters.forEach((value, i) => {
        expect(Math.abs(value - one.parameters[i]!)).toBeLessThan(1e-4);
      });
      if (shared) {
        expect(await train(data() as never, { replicas: pool({ shared }) })).toEqual(two);
      }
      expect(memory().numTensors).toBe(before);
    },
  );

  test("a run with replicas resumes bit for bit, with dropout and carried state", async () => {
    const config = { model: { ...sizes, dropout: 0.3 } };
    const whole = await train(chunks() as never, { replicas: pool({ config }) });
    const storage = new MemoryStorage();
    await train(chunks() as never, {
      replicas: pool({ config }),
      maxSteps: 5,
      checkpoints: { storage },
    });
    const resumed = await train(chunks() as never, {
      replicas: pool({ config }),
      checkpoints: { storage, resume: "latest" },
    });
    expect(resumed.losses).toEqual(whole.losses.slice(5));
    expect(resumed.parameters).toEqual(whole.parameters);
  });

  test("frozen parameters have the loop's values in the replicas too", async () => {
    const config = { model: { ...sizes, seed: 77 } }; // the replicas begin with other weights
    const frozen = (name: string) => name === "embedding";
    const one = await train(bucketed() as never, { frozen, maxSteps: 4 });
    const two = await train(bucketed() as never, {
      frozen,
      maxSteps: 4,
      replicas: pool({ config }),
    });
    two.losses.forEach((loss, i) => {
      expect(Math.abs(loss - one.losses[i]!)).toBeLessThan(1e-5);
    });
  });

  test("a worker that dies in the middle of a step is named and replaced, and nothing is lost", async () => {
    const whole = await train(bucketed() as never, { replicas: pool() });
    const deaths = new Int32Array(new SharedArrayBuffer(4)).fill(2);
    const lost: unknown[] = [];
    const again = await train(bucketed() as never, {
      replicas: pool({ config: { dieAtId: 3, deaths }, onLost: (event) => lost.push(event) }),
    });
    expect(again).toEqual(whole);
    expect(lost).toHaveLength(2);
    expect(lost[0]).toMatchObject({ reason: "exit code 7" });
  });

  test("when too many workers die the run ends, naming the last one", async () => {
    const deaths = new Int32Array(new SharedArrayBuffer(4)).fill(99);
    const run = train(bucketed() as never, {
      replicas: pool({ maxLost: 2, config: { dieAtId: 3, deaths } }),
    });
    await expect(run).rejects.toMatchObject({
      code: "REPLICA_LOST",
      message: expect.stringMatching(
        /^replicas: worker [01] died \(exit code 7\), after 2 others; the parameters are those of the last good step\.$/,
      ),
    });
  });

  test("a replica built from another configuration is refused", async () => {
    const config = { model: { ...sizes, hiddenSize: 9 } };
    await expect(train(bucketed() as never, { replicas: pool({ config }) })).rejects.toMatchObject({
      code: "REPLICA_FAILED",
      message: expect.stringMatching(
        /^replicas: worker [01]: the replica's model has parameter "embedding" of shape \[7,9\], the loop's has \[7,8\]; build both from one configuration\.$/,
      ),
    });
  });
});
