// Language models

// Taggers and classifiers
export { Classifier, type ClassifierOptions, type LabelledBatch } from "./classifier/classifier.ts";
export {
  AttentionPool,
  lastPool,
  maxPool,
  meanPool,
  type PoolingName,
} from "./classifier/pooling.ts";
export {
  type EncodedSequence,
  type FrameBatch,
  SequenceEncoder,
  type SequenceEncoderOptions,
} from "./classifier/sequence-encoder.ts";
export { type BeamGenerateOptions, beamGenerate } from "./generate/beam-generate.ts";
export {
  type GeneratedToken,
  type GenerateOptions,
  generate,
  generateTokens,
} from "./generate/generate.ts";
export type {
  ConstraintOptions,
  Generated,
  GenerationContext,
  GenerationRequest,
  LogitsProcessor,
  SamplingOptions,
  StopOptions,
  StopReason,
} from "./generate/generate.types.ts";
export { GenerationPool, type TokenListener } from "./generate/generation-pool.ts";
export { allowOnly, noRepeatNgram, repetitionPenalty } from "./generate/processors.ts";
export { TextStream } from "./generate/text-stream.ts";
export {
  type LanguageModelFilesOptions,
  type LoadedLanguageModel,
  languageModelFromFiles,
  languageModelToFiles,
  type SavedLanguageModel,
} from "./language-model/files.ts";
export type {
  LanguageModel,
  LanguageModelStream,
  ScoreOptions,
  SequenceScore,
} from "./language-model/language-model.types.ts";
export { MixtureModel, type MixtureTuning, tuneMixture } from "./language-model/mixture.ts";
export { decodeWeights, encodeWeights, type Precision } from "./language-model/precision.ts";
export {
  type CrossEntropy,
  crossEntropy,
  type NextToken,
  nextLogProbs,
  type RankedCandidate,
  rankCandidates,
  sequenceLogProb,
  topK,
} from "./language-model/queries.ts";
export { parseArpa } from "./ngram/arpa-read.ts";
export { arpaChunks, formatArpa } from "./ngram/arpa-write.ts";
export {
  corpusFromSequences,
  corpusFromText,
  type NgramCorpus,
  type SequenceCorpusOptions,
  type TextCorpusOptions,
} from "./ngram/corpus.ts";
export { countNgrams, type NgramCounts, type NgramLevel } from "./ngram/counts.ts";
export { type Discount, kneserNeyDiscounts } from "./ngram/discounts.ts";
export {
  estimateJelinekMercer,
  estimateKneserNey,
  estimateMaximumLikelihood,
  estimatePlainKneserNey,
  estimateWittenBell,
  type JelinekMercerOptions,
  type KneserNeyOptions,
} from "./ngram/estimate.ts";
export {
  type AddKOptions,
  estimateAddK,
  estimateStupidBackoff,
  type StupidBackoffOptions,
} from "./ngram/fixed-form.ts";
export type { PruneOptions } from "./ngram/interpolated.ts";
export { NgramModel, type NgramTokenScore } from "./ngram/ngram-model.ts";
export { estimateSnm, type SnmOptions } from "./ngram/snm/estimate-snm.ts";
export { type FeatureType, featureTypes, type SkipOptions } from "./ngram/snm/features.ts";
export { SnmModel } from "./ngram/snm/snm-model.ts";
export { type JelinekMercerTuning, tuneJelinekMercer } from "./ngram/tune-jelinek-mercer.ts";
export { splitWords, WordVocabulary } from "./ngram/word-vocabulary.ts";
export { AdaptiveSoftmax, type AdaptiveSoftmaxOptions } from "./output-layers/adaptive-softmax.ts";
export {
  ClassSoftmax,
  type ClassSoftmaxOptions,
  classBoundaries,
} from "./output-layers/class-softmax.ts";
export { FullSoftmax, type FullSoftmaxOptions } from "./output-layers/full-softmax.ts";
export { NoiseDistribution } from "./output-layers/noise.ts";
export type { OutputContext, OutputLayer } from "./output-layers/output-layer.types.ts";
export { RankedOutput, ranksOf } from "./output-layers/ranked-output.ts";
export {
  type SampledLoss,
  SampledOutput,
  type SampledOutputOptions,
} from "./output-layers/sampled-output.ts";
export { CacheModel, type CacheOptions } from "./rnn-lm/cache-model.ts";
export type {
  DropoutConfig,
  FullConfig,
  OutputConfig,
  RnnLanguageModelConfig,
} from "./rnn-lm/config.ts";
export { type DynamicEvaluationOptions, dynamicEvaluation } from "./rnn-lm/dynamic-evaluation.ts";
export { parameterCount, parameterShapes } from "./rnn-lm/parameter-shapes.ts";
export { type PresetName, rnnPreset } from "./rnn-lm/presets.ts";
export { type RnnForward, RnnLanguageModel, type RnnState } from "./rnn-lm/rnn-language-model.ts";
// Encoder-decoders
export { type BeamSearchOptions, beamSearch } from "./seq2seq/beam-search.ts";
export type { EncoderDecoderConfig, EncoderDecoderOptions } from "./seq2seq/config.ts";
export {
  EncoderDecoder,
  type TeacherForcedPass,
  type TranslationState,
} from "./seq2seq/encoder-decoder.ts";
export type {
  DecodingLimits,
  Hypothesis,
  StepDecoder,
  StepResult,
} from "./seq2seq/step-decoder.types.ts";
export type { CharacterOptions, TaggerConfig, TaggerOptions } from "./tagger/config.ts";
export { LinearChainCrf } from "./tagger/crf.ts";
export { type TaggedBatch, Tagger, type TagPrediction } from "./tagger/tagger.ts";
export type { WordBatch } from "./tagger/word-features.ts";
// Weights
export { loadSafetensorsWeights, weightsToSafetensors } from "./weights.ts";
export {
  WindowLanguageModel,
  type WindowLanguageModelConfig,
  type WindowState,
} from "./window-lm/window-language-model.ts";
