import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { countingRows, TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { Checkpoints } from "../checkpoint/checkpoints.ts";
import { MemoryStorage } from "../checkpoint/memory-storage.ts";
import type { CheckpointFiles, CheckpointStorage } from "../checkpoint/storage.types.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { contiguousBatches } from "../data/contiguous-batches.ts";
import type { TrainingData } from "../data/training-data.types.ts";
import { Adam, NAdam } from "../optimizers/adam.ts";
import { SGD } from "../optimizers/sgd.ts";
import { plateau } from "../schedules/plateau.ts";
import { evaluateLoss } from "./evaluate-loss.ts";
import { fit } from "./fit.ts";
import type { CheckpointOptions, FitOptions } from "./fit.types.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

const rows = countingRows(48, 7, 1);
const text = rows.flatMap((row) => [...row]);

/** Exact losses by step, and the final parameters. */
interface Curve {
  readonly losses: Map<number, number>;
  readonly parameters: number[][];
}

type MakeData = () => TrainingData<never>;

async function run(
  makeData: MakeData,
  makeOptions: () => Partial<FitOptions>,
  maxSteps: number,
  checkpoints?: CheckpointOptions,
): Promise<Curve> {
  const model = new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8, dropout: 0.2 });
  const losses = new Map<number, number>();
  const optimizer = new Adam({ learningRate: 0.01 });
  const held = sequenceBatches(countingRows(8, 7, 5), { shuffle: false });
  await fit(model as never, makeData(), {
    ...{ optimizer, maxSteps, clipNorm: 1, seed: 7 },
    evaluation: { every: 5, run: () => evaluateLoss(model, held) as never },
    ...makeOptions(),
    ...(checkpoints === undefined ? {} : { checkpoints }),
    onProgress: ({ step, loss }) => losses.set(step, loss),
  });
  const parameters = [...model.parameters.values()].map((p) => [...p.dataSync()]);
  optimizer.dispose();
  model.dispose();
  return { losses, parameters };
}

describe("resuming", () => {
  const bucketed = (() => sequenceBatches(rows, { batchSize: 8, seed: 3 })) as unknown as MakeData;
  const chunks = (() =>
    contiguousBatches(text, { batchSize: 3, chunkLength: 6 })) as unknown as MakeData;
  const setups: readonly [string, MakeData, () => Partial<FitOptions>][] = [
    ["Adam on bucketed batches", bucketed, () => ({})],
    ["carried state in chunks", chunks, () => ({})],
    [
      "NAdam with accumulation, a plateau and an exponential average",
      bucketed,
      () => ({
        ...{
          optimizer: new NAdam(),
          accumulate: 2,
          schedule: plateau({ patience: 0, factor: 0.7 }),
        },
        averaging: { method: "exponential", decay: 0.9 },
      }),
    ],
    [
      "momentum with an average that a score triggers",
      chunks,
      () => ({
        optimizer: new SGD({ learningRate: 3, momentum: 0.9 }),
        averaging: { method: "mean", nonMonotone: 0 },
      }),
    ],
  ];
  test.each(setups)(
    "%s: stopped at any step and resumed equals uninterrupted",
    async (_name, data, options) => {
      const whole = await run(data, options, 24);
      for (const stop of [1, 7, 13, 20]) {
        const storage = new MemoryStorage();
        await run(data, options, stop, { storage });
        const resumed = await run(data, options, 24, { storage, resume: "latest" });
        expect([...resumed.losses]).toEqual([...whole.losses].slice(stop));
        expect(resumed.parameters).toEqual(whole.parameters);
      }
    },
  );

  test("tells where it goes on, with the files that were saved along; begins anew without checkpoints", async () => {
    const storage = new MemoryStorage();
    const files = new Map([["tokenizer.json", new TextEncoder().encode('{"__proto__":1}')]]);
    const resumes: unknown[] = [];
    const onResume = (event: unknown) => resumes.push(event);
    await run(bucketed, () => ({}), 5, { storage, files, resume: "latest", onResume });
    expect(resumes).toEqual([]);
    await run(bucketed, () => ({}), 8, { storage, resume: "latest", onResume });
    expect(resumes).toEqual([{ name: "step-00000005-best", step: 5, files, damaged: [] }]);
  });

  test("saves every n steps and at the end, keeps the newest two, the best and the milestones", async () => {
    const storage = new MemoryStorage();
    const scores = [3, 1, 2, 4, 5];
    const saves: string[] = [];
    await run(
      bucketed,
      () => ({ evaluation: { every: 4, run: () => ({ loss: scores.shift()! }) } }),
      23,
      {
        ...{ storage, everySteps: 5, keepEvery: 10 },
        onSave: ({ name }) => saves.push(name),
      },
    );
    expect(saves).toEqual([
      ...["step-00000004-best", "step-00000005", "step-00000008-best", "step-00000010"],
      ...["step-00000015", "step-00000020", "step-00000023"],
    ]);
    expect(await storage.list()).toEqual([
      ...["step-00000008-best", "step-00000010", "step-00000020", "step-00000023"],
    ]);
    const resumed = await run(bucketed, () => ({}), 9, { storage, resume: "best" });
    expect([...resumed.losses.keys()]).toEqual([9]);
  });

  test("saves by the clock", async () => {
    let now = 0;
    const saves: number[] = [];
    await run(bucketed, () => ({ clock: () => now, onGradients: () => (now += 20_000) }), 10, {
      ...{ storage: new MemoryStorage(), everyMinutes: 1, best: false },
      onSave: ({ step }) => saves.push(step),
    });
    expect(saves).toEqual([3, 6, 9, 10]);
  });

  test("refuses a checkpoint of another model, schedule, optimizer or data", async () => {
    const storage = new MemoryStorage();
    await run(bucketed, () => ({}), 2, { storage });
    const again = (options: Partial<FitOptions>, data = bucketed) =>
      run(data, () => options, 4, { storage, resume: "latest" });
    await expect(again({ schedule: plateau() })).rejects.toThrow(
      'step-00000002: the schedule was "constant", here it is "plateau"; resume with the same options.',
    );
    await expect(again({ optimizer: new NAdam() })).rejects.toMatchObject({
      code: "OPTIMIZER_STATE",
    });
    await expect(again({}, chunks)).rejects.toMatchObject({ code: "DATA_CURSOR" });
    const other = new TinyLanguageModel({ vocabSize: 7, hiddenSize: 9 });
    await expect(
      fit(other as never, bucketed(), {
        ...{ maxSteps: 3, checkpoints: { storage, resume: "latest" } },
      }),
    ).rejects.toMatchObject({
      code: "CHECKPOINT_MODEL",
      message:
        'step-00000002: was saved from another model: {"config":{"dropout":0.2,"hiddenSize":8,"vocabSize":7},"kind":"tiny-language-model"}, this one is {"config":{"hiddenSize":9,"vocabSize":7},"kind":"tiny-language-model"}; build the model with the same configuration.',
    });
  });

  test("saving and resuming leave no tensors behind", async () => {
    const storage = new MemoryStorage();
    const before = memory().numTensors;
    await run(chunks, () => ({ averaging: { method: "mean" } }), 6, { storage, everySteps: 2 });
    await run(chunks, () => ({ averaging: { method: "mean" } }), 9, { storage, resume: "latest" });
    expect(memory().numTensors).toBe(before);
  });

  describe("faults", () => {
    async function saved(): Promise<Map<string, Map<string, Uint8Array>>> {
      const storage = new MemoryStorage();
      await run(bucketed, () => ({}), 6, { storage, everySteps: 3, best: false });
      const all = new Map<string, Map<string, Uint8Array>>();
      for (const name of ["step-00000003", "step-00000006"]) {
        all.set(name, new Map(await storage.read(name)));
      }
      return all;
    }

    test("a flipped bit or a cut in any file of the newest checkpoint: the one before is found, and the bad one named", async () => {
      const good = await saved();
      const rng = new Rng(11);
      const newest = [...good.get("step-00000006")!];
      for (let i = 0; i < 60; i++) {
        const [file, bytes] = newest[i % newest.length]!;
        const damaged =
          rng.integer(2) === 0 ? flipBit(bytes, rng) : bytes.slice(0, rng.integer(bytes.length));
        const storage = new MemoryStorage();
        await storage.write("step-00000003", good.get("step-00000003")!);
        await storage.write("step-00000006", new Map([...newest, [file, damaged]]));
        const loaded = await new Checkpoints(storage, { writer: "test" }).load("latest");
        if (file === "manifest.json" && loaded?.name === "step-00000006") {
          // A bit in a place that says nothing, such as the writer's name.
          expect(loaded.snapshot.step).toBe(6);
          continue;
        }
        expect(loaded?.name).toBe("step-00000003");
        expect(loaded?.snapshot.step).toBe(3);
        expect(loaded?.damaged.map(({ name }) => name)).toEqual(["step-00000006"]);
        expect(loaded?.damaged[0]?.error.message).toContain("step-00000006");
      }
    });

    test("a missing file is found too, and when nothing is left the error names every one", async () => {
      const good = await saved();
      const storage = new MemoryStorage();
      for (const [name, files] of good) {
        const copy = new Map(files);
        copy.delete("weights.safetensors");
        await storage.write(name, copy);
      }
      await expect(
        new Checkpoints(storage, { writer: "test" }).load("latest"),
      ).rejects.toMatchObject({
        code: "CHECKPOINT_DAMAGED",
        message:
          "checkpoints: none of 2 can be read: step-00000006: weights.safetensors is missing. step-00000003: weights.safetensors is missing.",
      });
    });

    test("a full disk stops the run, or is told and the run goes on; the checkpoint before stays", async () => {
      class FullStorage extends MemoryStorage implements CheckpointStorage {
        writes = 0;
        override async write(name: string, files: CheckpointFiles): Promise<void> {
          if (++this.writes > 1) throw new Error("ENOSPC: no space left on device");
          await super.write(name, files);
        }
      }
      const storage = new FullStorage();
      await expect(run(bucketed, () => ({}), 9, { storage, everySteps: 3 })).rejects.toThrow(
        "ENOSPC",
      );
      expect(await storage.list()).toEqual(["step-00000003"]);
      const again = new FullStorage();
      const failures: string[] = [];
      const { losses } = await run(bucketed, () => ({}), 9, {
        ...{ storage: again, everySteps: 3, best: false },
        onFailure: ({ message }) => failures.push(message),
      });
      expect(losses.size).toBe(9);
      expect(failures).toEqual(new Array(2).fill("ENOSPC: no space left on device"));
    });
  });
});

function flipBit(bytes: Uint8Array, rng: Rng): Uint8Array {
  const copy = bytes.slice();
  const at = rng.integer(copy.length);
  copy[at] = copy[at]! ^ (1 << rng.integer(8));
  return copy;
}
