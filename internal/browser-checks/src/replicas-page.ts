/** Trains a language model alone and with two replicas in Web Workers. */
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { RnnLanguageModel } from "@seq/models";
import { Adam, fit, ReplicaPool, sequenceBatches, webWorker } from "@seq/train";

export interface ReplicasResult {
  readonly alone: readonly number[];
  readonly together: readonly number[];
  readonly isolated: boolean;
}

declare global {
  interface Window {
    replicas?: ReplicasResult | { readonly error: string };
  }
}

const config = { cell: "lstm", vocabSize: 9, embeddingSize: 8, hiddenSize: 12 } as const;

async function train(replicas?: ReplicaPool): Promise<number[]> {
  const rng = new Rng(5);
  const rows = Array.from({ length: 40 }, () => {
    const first = rng.integer(9);
    return Int32Array.from({ length: 4 + rng.integer(6) }, (_, i) => (first + i) % 9);
  });
  const model = new RnnLanguageModel(config, new Rng(1));
  const optimizer = new Adam({ learningRate: 0.02 });
  const losses: number[] = [];
  await fit(model, sequenceBatches(rows, { batchSize: 8, seed: 2 }), {
    ...{ optimizer, clipNorm: 1, maxSteps: 20 },
    ...(replicas === undefined ? {} : { replicas }),
    onProgress: ({ loss }) => losses.push(loss),
  });
  optimizer.dispose();
  model.dispose();
  return losses;
}

try {
  await loadKernels({ threads: 1, simd: "exact" }); // the replicas share the work
  const start = () => webWorker(new Worker("/replica-worker.js", { type: "module" }));
  const alone = await train();
  const together = await train(new ReplicaPool(start, { count: 2, config }));
  window.replicas = { alone, together, isolated: crossOriginIsolated };
} catch (error) {
  window.replicas = {
    error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error),
  };
}
