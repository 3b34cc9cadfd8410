export {
  type ArtifactFile,
  type ArtifactHeader,
  type ArtifactIdentity,
  createArtifactHeader,
  parseArtifactHeader,
  verifyArtifactFile,
} from "./artifact.ts";
export type { Cell, CellState, LayerState } from "./cell.types.ts";
export { crc32 } from "./crc32.ts";
export {
  FormatError,
  KernelError,
  OptionError,
  SeqError,
  type SeqErrorOptions,
  ShapeError,
  VocabularyError,
} from "./errors.ts";
export type { Metric, Score } from "./metric.types.ts";
export { checkInteger, checkNumber, checkOneOf, checkOptions } from "./options.ts";
export { Rng, type RngState } from "./rng.ts";
export {
  entryToFloat32,
  float16ToNumber,
  readSafetensors,
  type Safetensors,
  type SafetensorsEntry,
  type SafetensorsInput,
  type SafetensorsType,
  writeSafetensors,
} from "./safetensors.ts";
export type {
  Loss,
  LossContext,
  PairBatch,
  SequenceBatch,
  SequenceModel,
} from "./sequence-model.types.ts";
export type { TensorLike } from "./tensor.types.ts";
export type { DecodeOptions, EncodeOptions, Encoding, Tokenizer } from "./tokenizer.types.ts";
