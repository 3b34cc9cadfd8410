/**
 * A training run in a process of its own, for tests that kill it: trains, saves often, appends every step's exact loss to
 * a log. Arguments: folder of checkpoints, log file, number of steps, and "slow" for files that take their time to be written.
 */
import { appendFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { loadKernels } from "@seq/kernels";
import { contiguousBatches } from "../src/data/contiguous-batches.ts";
import { fit } from "../src/loop/fit.ts";
import { FolderStorage, type WriteFile } from "../src/node/folder-storage.ts";
import { Adam } from "../src/optimizers/adam.ts";
import { countingRows, TinyLanguageModel } from "./tiny-language-model.ts";

const [folder, log, steps, pace] = process.argv.slice(2) as [string, string, string, string?];

/** Half of the file, a while, the other half: so that a kill can meet a save in the middle. */
const writeSlowly: WriteFile = async (path, bytes) => {
  const file = await open(path, "wx");
  const half = Math.floor(bytes.length / 2);
  await file.writeFile(bytes.subarray(0, half));
  await file.sync();
  await new Promise((resolve) => setTimeout(resolve, 40));
  await file.writeFile(bytes.subarray(half));
  await file.close();
};

const storage = new FolderStorage(folder, pace === "slow" ? { writeFile: writeSlowly } : {});
await loadKernels({ backend: "cpu" });
const text = countingRows(60, 7, 1).flatMap((row) => [...row]);
const model = new TinyLanguageModel({ vocabSize: 7, hiddenSize: 24, dropout: 0.2 });
await fit(model, contiguousBatches(text, { batchSize: 4, chunkLength: 6 }), {
  ...{ optimizer: new Adam({ learningRate: 0.01 }), clipNorm: 1, maxSteps: Number(steps) },
  checkpoints: {
    ...{ storage, everySteps: 2, resume: "latest" },
    onResume: ({ step, damaged }) => appendFileSync(log, `resume ${step} ${damaged.length}\n`),
  },
  onProgress: ({ step, loss }) => appendFileSync(log, `${step} ${loss}\n`),
});
appendFileSync(log, "done\n");
