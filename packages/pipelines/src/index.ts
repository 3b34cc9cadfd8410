export type { Files, ReadFile } from "./artifact/artifact-files.ts";
export { classifierFromFiles, classifierToFiles } from "./classifier/files.ts";
export { type Classification, TextClassifier } from "./classifier/text-classifier.ts";
export {
  type ClassifierData,
  type ClassifierEvents,
  type ClassifierTraining,
  type ClassifierTrainingOptions,
  type LabelledText,
  trainClassifier,
} from "./classifier/train-classifier.ts";
export { textLanguageModelFromFiles, textLanguageModelToFiles } from "./language-model/files.ts";
export {
  type TextGenerationOptions,
  TextLanguageModel,
  type TextScores,
} from "./language-model/text-language-model.ts";
export {
  type Architecture,
  type LanguageModelData,
  type LanguageModelEvents,
  type LanguageModelOptions,
  type LanguageModelTraining,
  trainLanguageModel,
} from "./language-model/train-language-model.ts";
export {
  type AttentionSample,
  renderReport,
  type TranslationSample,
  type TranslatorReport,
} from "./report/report.ts";
export { taggerFromFiles, taggerToFiles } from "./tagger/files.ts";
export { SequenceTagger, type Tagging } from "./tagger/sequence-tagger.ts";
export type { TaggedSentence, TaggerVocabulary } from "./tagger/tagging.ts";
export {
  type TaggerData,
  type TaggerEvents,
  type TaggerTraining,
  type TaggerTrainingOptions,
  trainTagger,
} from "./tagger/train-tagger.ts";
export type { LimitOptions } from "./training/limits.ts";
export type { TrainingEvents, TrainingHistory, TrainingLimits } from "./training/run-training.ts";
export { evaluateTranslator, type TranslatorScores } from "./translator/evaluate-translator.ts";
export { translatorFromFiles, translatorToFiles } from "./translator/files.ts";
export type { TranslatorMetrics } from "./translator/metrics.ts";
export type { TranslatorOptions, TranslatorSettings } from "./translator/options.ts";
export {
  type TranslatorData,
  type TranslatorEvents,
  type TranslatorTraining,
  trainTranslator,
} from "./translator/train-translator.ts";
export { type TranslateOptions, type Translation, Translator } from "./translator/translator.ts";
