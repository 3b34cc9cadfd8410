export {
  Bleu,
  type BleuOptions,
  type BleuScore,
  type BleuSmoothing,
  corpusBleu,
  sentenceBleu,
} from "./bleu.ts";
export { Chrf, type ChrfOptions, type ChrfScore, corpusChrf } from "./chrf.ts";
export type { PrecisionRecall, ZeroDivision } from "./classification/averages.ts";
export {
  Calibration,
  type CalibrationBin,
  type CalibrationOptions,
  type CalibrationScore,
  calibrationError,
} from "./classification/calibration.ts";
export {
  Classification,
  type ClassificationOptions,
  type ClassificationScore,
  type ConfusionMatrix,
  classificationScore,
  type LabelPairs,
} from "./classification/classification.ts";
export { classificationReport, type ReportedScore } from "./classification/report.ts";
export { TopK, type TopKScore, topKAccuracy } from "./classification/top-k.ts";
export { corpusStatistics, type References, scoreCorpus, type TextMetric } from "./corpus.ts";
export type { EditCounts } from "./edit-distance.ts";
export {
  characterErrorRate,
  ErrorRate,
  type ErrorRateOptions,
  type ErrorRateScore,
  wordErrorRate,
} from "./error-rate.ts";
export {
  ExactMatch,
  type ExactMatchOptions,
  type ExactMatchScore,
  exactMatch,
} from "./exact-match.ts";
export { type FormatOptions, formatFixed, formatScore, scoreToJson } from "./format.ts";
export {
  Perplexity,
  type PerplexityOptions,
  type PerplexityScore,
  perplexity,
  type ScoredSequence,
} from "./perplexity.ts";
export {
  corpusRouge,
  Rouge,
  type RougeOptions,
  type RougeScore,
  type RougeVariant,
} from "./rouge.ts";
export { RunningScore, type SummedMetric } from "./running-score.ts";
export { NumpyRandom } from "./significance/numpy-random.ts";
export {
  type BootstrapOptions,
  bootstrapConfidence,
  type ComparedSystem,
  type Comparison,
  type ComparisonOptions,
  type Confidence,
  compareSystems,
  type System,
} from "./significance/significance.ts";
export { lenientSpans } from "./spans/lenient.ts";
export {
  SpanF1,
  type SpanF1Options,
  type SpanF1Score,
  type SpanStatistics,
  spanF1,
  type TagCounts,
} from "./spans/span-f1.ts";
export { detectScheme, strictSpans, type TagScheme, tagSchemes } from "./spans/strict.ts";
export type { Span } from "./spans/tags.ts";
export { corpusTer, Ter, type TerOptions, type TerScore } from "./ter.ts";
export { type BleuTokenizer, bleuTokenizers, tokenizeForBleu } from "./tokenizers/mteval.ts";
export { type TercomOptions, tokenizeTercom } from "./tokenizers/tercom.ts";
