/**
 * The stages of a tokenizer: normalizer -> pre-tokenizer -> model -> post-processor, and a decoder back.
 * Each is small, keeps no state between calls, and can be replaced by any object of the same shape.
 */
import type { Rng } from "@seq/core";
import type { AlignedText } from "./aligned-text.ts";
import type { Pieces } from "./pieces.ts";
import type { TokenBuffer } from "./token-buffer.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Rewrites text: case, accents, spaces, Unicode normal forms. */
export interface Normalizer {
  /** The rewritten text. @example new Lowercase().normalize("Ab") // "ab" */
  normalize(text: string): string;
  /** The same, keeping track of where each character came from. */
  align(text: AlignedText): AlignedText;
  /** True when it writes the text in GPT-2's byte alphabet. */
  readonly byteLevel?: boolean | undefined;
}

/** Finds the words of UTF-8 text one after the other: the fast path of a pre-tokenizer. */
export interface WordScanner {
  /**
   * End of the word that begins at `begin` (always above it). Every byte belongs to a word.
   *
   * @param end - end of the text; the scanner never reads beyond.
   */
  scan(bytes: Uint8Array, begin: number, end: number): number;
  /**
   * How far the last `scan` had to look to decide, give or take 16 bytes: a text read in chunks may go on
   * differently beyond.
   */
  readonly reach: number;
}

/** Splits text into words, which the model never joins. */
export interface PreTokenizer {
  preTokenize(pieces: Pieces): Pieces;
  /**
   * The words of this pre-tokenizer by a hand-written scanner, when it has one and when words are plain
   * stretches of the text (nothing dropped, nothing rewritten).
   */
  readonly scanner?: WordScanner | undefined;
  /** True when it writes the pieces in GPT-2's byte alphabet: the model's vocabulary is byte-level then. */
  readonly byteLevel?: boolean | undefined;
  /** True when pieces stay as they came (but for the byte alphabet). */
  readonly keepsPieces?: boolean | undefined;
}

/** Turns a word into ids: the algorithm proper. */
export interface Model {
  readonly vocab: Vocabulary;
  /** What the model writes for what it does not know. */
  readonly unknownId?: number | undefined;
  /** An unknown token is shown as the text it stands for, not as the unknown token (Unigram). */
  readonly showsUnknown?: boolean | undefined;
  /**
   * Appends the tokens of one word.
   *
   * @param bytes - holds the word at [begin, end), valid UTF-8 (for a byte-level vocabulary: the raw
   * bytes of the text); not modified.
   * @param out - spans count bytes from `begin`.
   */
  tokenize(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void;
  /** The best segmentations of a word, best first, for models that have many. */
  nBest?(bytes: Uint8Array, begin: number, end: number, count: number): ScoredIds[];
  /** The same with chance: BPE dropout, sampling of a Unigram segmentation. */
  tokenizeRandomly?(
    bytes: Uint8Array,
    begin: number,
    end: number,
    out: TokenBuffer,
    options: RandomOptions,
  ): void;
}

/** One segmentation and its score (log-probability, nats). */
export interface ScoredIds {
  readonly ids: readonly number[];
  readonly score: number;
}

export interface RandomOptions {
  readonly rng: Rng;
  /** BPE: chance to skip a merge, 0 to 1 (Provilkov et al. 2020). Default 0.1. */
  readonly dropout?: number | undefined;
  /** Unigram: sharpness of the distribution, above 0 (Kudo 2018). Default 0.1. */
  readonly alpha?: number | undefined;
  /** Unigram: sample among the best so many only; 0 means all segmentations. Default 0. */
  readonly nBest?: number | undefined;
}

/** Where special tokens go: items in order, either a token or one of the (at most two) sequences. */
export type TemplateItem =
  | { readonly kind: "token"; readonly token: string; readonly id: number; readonly typeId: number }
  | { readonly kind: "sequence"; readonly sequence: 0 | 1; readonly typeId: number };

/** Puts special tokens around what was encoded. */
export interface PostProcessor {
  readonly single: readonly TemplateItem[];
  readonly pair: readonly TemplateItem[];
  /** Byte-level: offsets leave out the spaces a token begins or ends with. */
  readonly trimOffsets?: { readonly addPrefixSpace: boolean } | undefined;
}

/** Turns tokens back into text. */
export interface Decoder {
  /** True when the text is simply the bytes of a byte-level vocabulary one after the other. */
  readonly byteLevel?: boolean | undefined;
  /** Rewrites the tokens; the text is their concatenation. */
  decodeChain(tokens: readonly string[]): string[];
}
