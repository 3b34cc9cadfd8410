/** What the checkpoint page runs: a training that saves to the storage named in the address, and resumes. */
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { EncoderDecoder } from "@seq/models";
import {
  Adam,
  type CheckpointStorage,
  DirectoryStorage,
  fit,
  type IdPair,
  IndexedDbStorage,
  pairBatches,
} from "@seq/train";

export interface CheckpointResult {
  readonly losses: readonly (readonly [step: number, loss: number])[];
  readonly resumedAt: number;
  readonly names: readonly string[];
}

declare global {
  interface Window {
    checkpoints?: CheckpointResult | { readonly error: string };
    /** Steps done, for a test that closes the page in the middle. */
    stepsDone?: number;
  }
}

async function openStorage(kind: string | null): Promise<CheckpointStorage> {
  if (kind === "indexed-db") return new IndexedDbStorage("run");
  const root = await navigator.storage.getDirectory();
  return new DirectoryStorage(await root.getDirectoryHandle("run", { create: true }));
}

async function run(): Promise<CheckpointResult> {
  await loadKernels({ simd: "exact" });
  const query = new URLSearchParams(location.search);
  const storage = await openStorage(query.get("storage"));
  const rng = new Rng(4);
  const pairs = Array.from({ length: 32 }, (): IdPair => {
    const source = Array.from({ length: 3 + rng.integer(4) }, () => 3 + rng.integer(9));
    return { source, target: [1, ...source, 2] };
  });
  const sizes = {
    sourceVocabSize: 12,
    targetVocabSize: 12,
    embeddingSize: 8,
    encoderHiddenSize: 8,
  };
  const model = new EncoderDecoder({ ...sizes, dropout: 0.1 }, new Rng(1));
  const losses: [number, number][] = [];
  let resumedAt = 0;
  await fit(model, pairBatches(pairs, { batchSize: 8, seed: 2 }), {
    ...{ optimizer: new Adam({ learningRate: 0.01 }), clipNorm: 1, seed: 3 },
    maxSteps: Number(query.get("steps")),
    checkpoints: {
      ...{ storage, everySteps: 2, best: false, resume: "latest" },
      onResume: ({ step }) => {
        resumedAt = step;
      },
    },
    evaluation: {
      every: 1,
      run: async () => {
        // A page that is to be closed in the middle must not run away.
        if (query.has("slow")) await new Promise((resolve) => setTimeout(resolve, 40));
        return { loss: 0 };
      },
    },
    onProgress: ({ step, loss }) => {
      losses.push([step, loss]);
      window.stepsDone = step;
    },
  });
  return { losses, resumedAt, names: [...(await storage.list())].sort() };
}

try {
  window.checkpoints = await run();
} catch (error) {
  window.checkpoints = {
    error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error),
  };
}
