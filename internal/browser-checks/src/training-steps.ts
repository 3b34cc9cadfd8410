/** A few training steps that must come out the same wherever they run: in Node and in a page. */
import { Rng } from "@seq/core";
import { type KernelInfo, loadKernels } from "@seq/kernels";
import { EncoderDecoder } from "@seq/models";
import { Adam, fit, type IdPair, pairBatches } from "@seq/train";

export interface StepsResult {
  readonly info: KernelInfo;
  readonly losses: readonly number[];
}

/** Reversal of random sequences: a task that needs encoder, attention and decoder. */
export async function trainingSteps(steps: number): Promise<StepsResult> {
  const info = await loadKernels({ simd: "exact" });
  const rng = new Rng(4);
  const pairs = Array.from({ length: 64 }, (): IdPair => {
    const source = Array.from({ length: 3 + rng.integer(6) }, () => 3 + rng.integer(9));
    return { source, target: [1, ...[...source].reverse(), 2] };
  });
  const model = new EncoderDecoder(
    {
      sourceVocabSize: 12,
      targetVocabSize: 12,
      embeddingSize: 12,
      encoderHiddenSize: 20,
      dropout: 0.1,
    },
    new Rng(1),
  );
  const losses: number[] = [];
  await fit(model, pairBatches(pairs, { batchSize: 16, seed: 2 }), {
    optimizer: new Adam({ learningRate: 0.01 }),
    clipNorm: 1,
    seed: 3,
    maxSteps: steps,
    onProgress: ({ loss }) => losses.push(loss),
  });
  model.dispose();
  return { info, losses };
}
