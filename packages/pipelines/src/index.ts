export {
  type AttentionSample,
  renderReport,
  type TranslationSample,
  type TranslatorReport,
} from "./report/report.ts";
export { evaluateTranslator, type TranslatorScores } from "./translator/evaluate-translator.ts";
export { type Files, translatorFromFiles, translatorToFiles } from "./translator/files.ts";
export type { TranslatorMetrics } from "./translator/metrics.ts";
export type { TranslatorOptions, TranslatorSettings } from "./translator/options.ts";
export {
  type TranslatorData,
  type TranslatorEvents,
  type TranslatorProgress,
  type TranslatorTraining,
  trainTranslator,
} from "./translator/train-translator.ts";
export { type TranslateOptions, type Translation, Translator } from "./translator/translator.ts";
