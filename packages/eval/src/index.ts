export {
  Bleu,
  type BleuOptions,
  type BleuScore,
  type BleuSmoothing,
  corpusBleu,
  sentenceBleu,
} from "./bleu.ts";
export { Chrf, type ChrfOptions, type ChrfScore, corpusChrf } from "./chrf.ts";
export { corpusStatistics, type References, scoreCorpus, type TextMetric } from "./corpus.ts";
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
export { RunningScore, type SummedMetric } from "./running-score.ts";
export { type BleuTokenizer, bleuTokenizers, tokenizeForBleu } from "./tokenizers/mteval.ts";
