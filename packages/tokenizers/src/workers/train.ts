import type { Tokenizer } from "../tokenizer.ts";
import { runWithPauses } from "../training/progress.ts";
import { assemble, planTraining, type TrainTokenizerOptions } from "../training/train.ts";
import { countWordsInParallel, type ParallelCorpus, type PoolOptions } from "./pool.ts";

/**
 * `train` with the counting on a pool of threads: the same tokenizer, bit for bit.
 *
 * Normalizer and pre-tokenizer must be ones that a `tokenizer.json` can hold, because they are sent to
 * the workers in that form.
 *
 * @throws as `train` and `countWordsInParallel`.
 * @example await trainInParallel({ files: ["corpus.txt"] }, { preset: "gpt2", vocabSize: 32000, workers: 4 })
 */
export async function trainInParallel(
  corpus: ParallelCorpus,
  options: TrainTokenizerOptions & PoolOptions,
): Promise<Tokenizer> {
  const { workers, workerUrl, ...training } = options;
  const plan = planTraining(training as TrainTokenizerOptions);
  const { normalizer, preTokenizer } = plan;
  const words = await countWordsInParallel(corpus, { normalizer, preTokenizer }, options);
  return assemble(plan, await runWithPauses(plan.trainer.train(words), options));
}
