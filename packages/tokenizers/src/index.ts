export { type AddedToken, AddedTokens, type SpecialTokensInText } from "./added-tokens.ts";
export { AlignedText, Rewriter } from "./aligned-text.ts";
export { DecodeStream } from "./decode-stream.ts";
export {
  BPEDecoder,
  ByteFallbackDecoder,
  ByteLevelDecoder,
  CTC,
  DecoderSequence,
  Fuse,
  MetaspaceDecoder,
  StripDecoder,
  WordPieceDecoder,
} from "./decoders/decoders.ts";
export type { Encoding } from "./encoding.ts";
export {
  type FromFilesOptions,
  type LoadPreset,
  type TokenizerFiles,
  tokenizerFromFiles,
} from "./formats/from-files.ts";
export { type FileKind, recogniseFile } from "./formats/recognise.ts";
export {
  type NormalizerSpec,
  type PieceType,
  readModelProto,
  type SentencePieceKind,
  type SentencePieceModel,
  type SentencePiecePiece,
  writeModelProto,
} from "./formats/sentencepiece/model-proto.ts";
export {
  readSentencePiece,
  type SentencePieceOptions,
  sentencePieceTokenizer,
} from "./formats/sentencepiece/read.ts";
export { writeSentencePiece } from "./formats/sentencepiece/write.ts";
export { type TiktokenPresetName, tiktokenPreset } from "./formats/tiktoken/presets.ts";
export { readRanks } from "./formats/tiktoken/ranks.ts";
export { readTiktoken, type TiktokenOptions } from "./formats/tiktoken/read.ts";
export { writeTiktoken } from "./formats/tiktoken/write.ts";
export { readTokenizerJson } from "./formats/tokenizer-json/read.ts";
export {
  readDecoder,
  readNormalizer,
  readPreTokenizer,
} from "./formats/tokenizer-json/read-stages.ts";
export { writeTokenizerJson } from "./formats/tokenizer-json/write.ts";
export {
  readVocabMerges,
  readVocabText,
  type VocabMergesOptions,
  type VocabTextOptions,
} from "./formats/vocab-merges/read.ts";
export { writeVocabMerges, writeVocabText } from "./formats/vocab-merges/write.ts";
export {
  type FetchLike,
  type FileCache,
  type FromPretrainedOptions,
  fromPretrained,
} from "./from-pretrained.ts";
export {
  countTokens,
  type FitReport,
  type LatticeTrace,
  type MergeStep,
  type MergeTrace,
  measureFit,
  type Oddity,
  type OddityOptions,
  oddTokens,
  traceLattice,
  traceMerges,
  unusedTokens,
} from "./inspect.ts";
export { BPE, type BPEOptions } from "./models/bpe/model.ts";
export { Lattice, type LatticeNode, type Segmentation } from "./models/unigram/lattice.ts";
export { Unigram, type UnigramOptions } from "./models/unigram/model.ts";
export {
  CharacterLevel,
  type CharacterLevelOptions,
  WordLevel,
  type WordLevelOptions,
} from "./models/word/word-level.ts";
export { WordPiece, type WordPieceOptions } from "./models/wordpiece/model.ts";
export { Prepend, Strip } from "./normalizers/affix.ts";
export { BertNormalizer, type BertNormalizerOptions } from "./normalizers/bert.ts";
export { ByteLevelNormalizer } from "./normalizers/byte-level.ts";
export { Lowercase } from "./normalizers/case.ts";
export { Nmt, StripAccents } from "./normalizers/characters.ts";
export { Precompiled } from "./normalizers/precompiled.ts";
export { Replace, type ReplaceOptions } from "./normalizers/replace.ts";
export { NormalizerSequence } from "./normalizers/sequence.ts";
export { type NormalForm, UnicodeNormalizer } from "./normalizers/unicode.ts";
export { BoundsBuilder, Pieces } from "./pieces.ts";
export {
  bertTemplate,
  plainTemplate,
  robertaTemplate,
  TemplateProcessing,
} from "./post-processors/template.ts";
export { ByteLevel, type ByteLevelOptions } from "./pre-tokenizers/byte-level.ts";
export {
  BertPreTokenizer,
  CharDelimiterSplit,
  Digits,
  FixedLength,
  Punctuation,
  Whitespace,
  WhitespaceSplit,
} from "./pre-tokenizers/characters.ts";
export { cl100kPattern, gpt2Pattern, o200kPattern } from "./pre-tokenizers/gpt-patterns.ts";
export { type GptPattern, GptScanner } from "./pre-tokenizers/gpt-scanner.ts";
export { GptSplit } from "./pre-tokenizers/gpt-split.ts";
export {
  Metaspace,
  type MetaspaceOptions,
  type PrependScheme,
} from "./pre-tokenizers/metaspace.ts";
export { PreTokenizerSequence } from "./pre-tokenizers/sequence.ts";
export { Split, type SplitOptions as SplitPreTokenizerOptions } from "./pre-tokenizers/split.ts";
export type { SplitBehavior } from "./pre-tokenizers/split-behavior.ts";
export { UnicodeScripts } from "./pre-tokenizers/unicode-scripts.ts";
export type { SplitOptions } from "./split-by-tokens.ts";
export type {
  Decoder,
  Model,
  Normalizer,
  PostProcessor,
  PreTokenizer,
  RandomOptions,
  TemplateItem,
  WordScanner,
} from "./stages.types.ts";
export { CharsMap } from "./text/charsmap.ts";
export { TokenBuffer } from "./token-buffer.ts";
export { type EncodeOptions, Tokenizer, type TokenizerParts } from "./tokenizer.ts";
export type { AsyncCorpus, Corpus, CorpusItem } from "./training/count-words.ts";
export { type MultiWordReport, multiWordTokens } from "./training/multi-word.ts";
export { type TrainingPreset, trainingPreset, trainingPresetNames } from "./training/presets.ts";
export type { TrainingControl, TrainingProgress, TrainingRun } from "./training/progress.ts";
export {
  type ManualOptions,
  type TrainOptions,
  type TrainTokenizerOptions,
  train,
  trainTokenizer,
} from "./training/train.ts";
export {
  BPETrainer,
  type BPETrainerOptions,
  CharacterTrainer,
  type Trainer,
  UnigramTrainer,
  type UnigramTrainerOptions,
  WordPieceTrainer,
  type WordPieceTrainerOptions,
  WordTrainer,
  type WordTrainerOptions,
} from "./training/trainers.ts";
export { truncate } from "./training/truncate.ts";
export { parseWordCounts, writeWordCounts } from "./training/tsv.ts";
export { countsOf, type WordCounts } from "./training/word-counts.ts";
export { visitWords, type WordVisitor } from "./visit-words.ts";
export { Vocabulary, type VocabularyOptions } from "./vocabulary.ts";
export type { Padding, Truncation } from "./windows.ts";
