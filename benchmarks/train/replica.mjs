/** A replica of the benchmark's model. */
import { loadKernels } from "@seq/kernels";
import { serveReplica } from "@seq/train";
import { nodeWorkerPort } from "@seq/train/node";
import { makeModel } from "./shared.mjs";

serveReplica(nodeWorkerPort(), async (name) => {
  await loadKernels({ threads: 1 });
  return makeModel(name);
});
