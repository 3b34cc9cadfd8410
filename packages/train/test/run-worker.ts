/** A whole training in a worker thread, steered by messages. */
import { loadKernels } from "@seq/kernels";
import { sequenceBatches } from "../src/data/bucketed-batches.ts";
import { fit } from "../src/loop/fit.ts";
import { nodeWorkerPort } from "../src/node/node-worker.ts";
import { serveRun } from "../src/workers/remote-run.ts";
import { countingRows, TinyLanguageModel } from "./tiny-language-model.ts";

serveRun(nodeWorkerPort(), async (config, { signal, gate, report }) => {
  const { maxSteps, fail = false } = config as { maxSteps: number; fail?: boolean };
  await loadKernels({ threads: 1 });
  const model = new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8 });
  const data = sequenceBatches(countingRows(32, 7, 1), { batchSize: 8 });
  if (fail) return fit(model, data, { steps: 1 } as never);
  const { steps, reason } = await fit(model, data, { maxSteps, signal, gate, onProgress: report });
  return { steps, reason };
});
