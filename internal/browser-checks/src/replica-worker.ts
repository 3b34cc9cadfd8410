/** A replica in a Web Worker, for the page that trains with two of them. */
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { RnnLanguageModel, type RnnLanguageModelConfig } from "@seq/models";
import { serveReplica, webWorkerPort } from "@seq/train";

serveReplica(webWorkerPort(), async (config) => {
  await loadKernels({ threads: 1, simd: "exact" });
  return new RnnLanguageModel(config as RnnLanguageModelConfig, new Rng(1)) as never;
});
