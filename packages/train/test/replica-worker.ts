/** A replica of the tiny model in a worker thread; can be told to die at a step. */

import type { SequenceBatch } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { nodeWorkerPort } from "../src/node/node-worker.ts";
import { serveReplica } from "../src/workers/serve-replica.ts";
import { TinyLanguageModel, type TinyOptions } from "./tiny-language-model.ts";

export interface ReplicaTestConfig {
  readonly model: TinyOptions;
  /** A batch whose first id is this ends the thread. */
  readonly dieAtId?: number;
  /** Counts lives over all threads: `[0]` is how many may still die. */
  readonly deaths?: Int32Array;
}

serveReplica(nodeWorkerPort(), async (given) => {
  const config = given as ReplicaTestConfig;
  await loadKernels({ threads: 1, simd: "exact" });
  const model = new TinyLanguageModel(config.model);
  const loss = model.loss.bind(model);
  model.loss = (batch: SequenceBatch, context) => {
    if (batch.ids[0] === config.dieAtId && config.deaths !== undefined) {
      if (Atomics.sub(config.deaths, 0, 1) > 0) process.exit(7);
    }
    return loss(batch, context);
  };
  return model as never;
});
