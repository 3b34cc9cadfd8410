export {
  Checkpoints,
  type LoadedCheckpoint,
  type RetentionOptions,
} from "./checkpoint/checkpoints.ts";
export { DirectoryStorage } from "./checkpoint/directory-storage.ts";
export { IndexedDbStorage } from "./checkpoint/indexed-db-storage.ts";
export { MemoryStorage } from "./checkpoint/memory-storage.ts";
export { packFiles, unpackFiles } from "./checkpoint/pack-files.ts";
export { resizeRows } from "./checkpoint/resize-rows.ts";
export { restoreWeights } from "./checkpoint/restore-weights.ts";
export type { TrainingSnapshot } from "./checkpoint/snapshot.ts";
export type { CheckpointFiles, CheckpointStorage } from "./checkpoint/storage.types.ts";
export {
  type LoadWeightsOptions,
  type LoadWeightsReport,
  loadWeights,
  saveWeights,
  type TensorValues,
} from "./checkpoint/weights.ts";
export {
  type BatchOptions,
  type BucketedBatches,
  type IdPair,
  type Ids,
  pairBatches,
  rowBatches,
  sequenceBatches,
} from "./data/bucketed-batches.ts";
export { type ContiguousOptions, contiguousBatches } from "./data/contiguous-batches.ts";
export { decodeUtf8 } from "./data/decode-utf8.ts";
export { type LmPair, type LmPairsOptions, makeLmPairs } from "./data/lm-pairs.ts";
export { padSequences } from "./data/pad-sequences.ts";
export { type ConlluSentence, type ConlluToken, parseConllu } from "./data/parse-conllu.ts";
export { type CsvOptions, type CsvTable, csvColumn, parseCsv } from "./data/parse-csv.ts";
export { type Iob2Options, parseIob2, type TaggedSentence } from "./data/parse-iob2.ts";
export { parseJsonLines } from "./data/parse-json-lines.ts";
export {
  type PairColumns,
  pairLines,
  parseLines,
  parsePairs,
  type TextPair,
} from "./data/parse-lines.ts";
export {
  collectIds,
  type OpenStream,
  type StreamedBatches,
  type StreamOptions,
  streamPairBatches,
  streamSequenceBatches,
} from "./data/streamed-batches.ts";
export type { DataCursor, TrainingData, TrainingItem } from "./data/training-data.types.ts";
export { evaluationToJson, stepColumns, stepToCsv, stepToJson } from "./logs/metric-lines.ts";
export { restartRecord, scalarRecord, versionRecord } from "./logs/tensorboard.ts";
export {
  type ClipNormOptions,
  clipCoefficient,
  clipGradientNorm,
  clipGradientValue,
  gradientNorm,
} from "./loop/clip.ts";
export { type BatchGradients, computeGradients } from "./loop/compute-gradients.ts";
export type { DivergenceOptions } from "./loop/divergence.ts";
export {
  type DryRunReport,
  dryRun,
  type GradientStatistics,
  gradientStatistics,
  listParameters,
  repeatBatch,
} from "./loop/dry-run.ts";
export { evaluateLoss } from "./loop/evaluate-loss.ts";
export { fit } from "./loop/fit.ts";
export type {
  CheckpointOptions,
  EvaluationEvent,
  EvaluationOptions,
  FitOptions,
  FitResult,
  StepEvent,
  StopReason,
} from "./loop/fit.types.ts";
export {
  type FinderOptions,
  type FinderResult,
  findLearningRate,
} from "./loop/learning-rate-finder.ts";
export { type KernelProfile, profileStep, type StepProfile } from "./loop/profile-step.ts";
export { type AveragingOptions, WeightAverage } from "./loop/weight-average.ts";
export {
  Adam,
  Adamax,
  type AdamFamilyOptions,
  type AdamOptions,
  AdamW,
  NAdam,
  type NAdamOptions,
  RAdam,
} from "./optimizers/adam.ts";
export {
  Adadelta,
  type AdadeltaOptions,
  Adagrad,
  type AdagradOptions,
  RMSprop,
  type RMSpropOptions,
  Rprop,
  type RpropOptions,
} from "./optimizers/adaptive.ts";
export type {
  Optimizer,
  OptimizerSlot,
  OptimizerState,
  OptimizerStep,
} from "./optimizers/optimizer.types.ts";
export { ASGD, type ASGDOptions, SGD, type SGDOptions } from "./optimizers/sgd.ts";
export type { CommonOptions, GroupedOptions, ParameterGroup } from "./optimizers/slot-optimizer.ts";
export { optimizerFromTorch } from "./optimizers/torch-options.ts";
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
export { RemoteRun, type RunControls, serveRun } from "./workers/remote-run.ts";
export { type ReplicaOptions, ReplicaPool } from "./workers/replica-pool.ts";
export { type CreateModel, serveReplica } from "./workers/serve-replica.ts";
export { splitBatch } from "./workers/split-batch.ts";
export { webWorker, webWorkerPort } from "./workers/web-worker.ts";
export { type MapOptions, mapInWorkers, serveMap } from "./workers/worker-map.ts";
export type { WorkerHandle, WorkerPort } from "./workers/worker-port.types.ts";
