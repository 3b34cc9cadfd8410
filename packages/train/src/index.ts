export {
  type BatchOptions,
  type BucketedBatches,
  type IdPair,
  type Ids,
  pairBatches,
  sequenceBatches,
} from "./data/bucketed-batches.ts";
export { type ContiguousOptions, contiguousBatches } from "./data/contiguous-batches.ts";
export { decodeUtf8 } from "./data/decode-utf8.ts";
export { type LmPair, type LmPairsOptions, makeLmPairs } from "./data/lm-pairs.ts";
export { padSequences } from "./data/pad-sequences.ts";
export {
  type PairColumns,
  pairLines,
  parseLines,
  parsePairs,
  type TextPair,
} from "./data/parse-lines.ts";
export type { DataCursor, TrainingData, TrainingItem } from "./data/training-data.types.ts";
export { chained, perEpoch, sequential, warmUp } from "./schedules/compose.ts";
export { cosine, cosineWarmRestarts } from "./schedules/cosine.ts";
export { type CyclicOptions, cyclic, type OneCycleOptions, oneCycle } from "./schedules/cyclic.ts";
export {
  constant,
  exponential,
  inverseSquareRoot,
  linear,
  multiStep,
  polynomial,
  ptbHalving,
  stepDecay,
} from "./schedules/decay.ts";
export { type PlateauOptions, plateau } from "./schedules/plateau.ts";
export type { Schedule, ScheduleMoment } from "./schedules/schedule.types.ts";
export { scheduleFromTorch } from "./schedules/torch-options.ts";
