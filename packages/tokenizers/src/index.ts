export { type AddedToken, AddedTokens, type SpecialTokensInText } from "./added-tokens.ts";
export { AlignedText, Rewriter } from "./aligned-text.ts";
export { DecodeStream } from "./decode-stream.ts";
export type { Encoding } from "./encoding.ts";
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
export { BoundsBuilder, Pieces } from "./pieces.ts";
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
export { TokenBuffer } from "./token-buffer.ts";
export { type EncodeOptions, Tokenizer, type TokenizerParts } from "./tokenizer.ts";
export { visitWords, type WordVisitor } from "./visit-words.ts";
export { Vocabulary, type VocabularyOptions } from "./vocabulary.ts";
export type { Padding, Truncation } from "./windows.ts";
