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
import { padSequences } from "../data/pad-sequences.ts";
import type { TrainingData } from "../data/training-data.types.ts";
import { fit } from "../loop/fit.ts";
import type { FitOptions, StepEvent } from "../loop/fit.types.ts";
import { nodeWorker } from "../node/node-worker.ts";
import { Adam } from "../optimizers/adam.ts";
import { RemoteRun } from "./remote-run.ts";
import { type ReplicaOptions, ReplicaPool } from "./replica-pool.ts";
import { splitBatch } from "./split-batch.ts";

let folder = "";
let replicaModule = "";
let runModule = "";
beforeAll(async () => {
  await loadKernels({ simd: "exact" });
  folder = mkdtempSync(join(tmpdir(), "seq-workers-"));
  replicaModule = join(folder, "replica.mjs");
  runModule = join(folder, "run.mjs");
  writeFileSync(
    replicaModule,
    await bundle(new URL("../../test/replica-worker.ts", import.meta.url)),
  );
  writeFileSync(runModule, await bundle(new URL("../../test/run-worker.ts", import.meta.url)));
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

describe("splitBatch", () => {
  test("deals out neighbouring rows, all of them, cut to their own longest row in pairs", () => {
    const source = padSequences([[1], [2, 2], [3, 3, 3], [4], [5]]);
    const target = padSequences([[6, 6], [7], [8], [9, 9, 9, 9], [1]]);
    const parts = splitBatch({ source, target }, 2);
    expect(parts.map((p) => [...p.source.ids])).toEqual([
      [1, 0, 2, 2],
      [3, 3, 3, 4, 0, 0, 5, 0, 0],
    ]);
    expect(parts.map((p) => p.target.time)).toEqual([2, 4]);
    expect(splitBatch(source, 9)).toHaveLength(5);
    expect(splitBatch(source, 2)[0]?.time).toBe(3); // chunks keep their time
    expect(() => splitBatch({ x: 1 }, 2)).toThrow(
      "splitBatch: expected a SequenceBatch or a PairBatch; for other batches give replicas a split function.",
    );
  });
});

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

describe("a training in a worker", () => {
  const start = (config: unknown, onProgress?: (event: StepEvent) => void) =>
    new RemoteRun<{ steps: number; reason: string }, StepEvent>(
      nodeWorker(runModule),
      config,
      onProgress === undefined ? {} : { onProgress },
    );

  test("tells its progress and its result", async () => {
    const steps: number[] = [];
    const run = start({ maxSteps: 20 }, ({ step }) => steps.push(step));
    expect(await run.result).toEqual({ steps: 20, reason: "maxSteps" });
    expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test("pauses, goes on, and aborts", async () => {
    let last = 0;
    const run = start({ maxSteps: 1_000_000 }, ({ step }) => {
      last = step;
    });
    const until = async (condition: () => boolean) => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await until(() => last >= 3);
    run.pause();
    // Paused once no step comes for a while.
    let [held, seen] = [0, -1];
    await until(() => {
      held = last === seen ? held + 1 : 0;
      seen = last;
      return held > 30;
    });
    run.resume();
    await until(() => last > seen + 2);
    run.pause();
    run.abort();
    const { reason, steps } = await run.result;
    expect(reason).toBe("aborted");
    expect(steps).toBe(last);
  });

  test("its errors keep their code", async () => {
    await expect(start({ fail: true }).result).rejects.toMatchObject({
      code: "UNKNOWN_OPTION",
      message: expect.stringContaining('fit: unknown option "steps"'),
    });
  });
});
