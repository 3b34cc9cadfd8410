export {
  type CorpusFiles,
  countWordsInParallel,
  type ParallelCorpus,
  type PoolOptions,
} from "./workers/pool.ts";
export { trainInParallel } from "./workers/train.ts";
