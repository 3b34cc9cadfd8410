/** The tokenizer interface: text to ids and back, with the alignment to the text. */

/** Where the special tokens go around the encoded text. */
export interface EncodeOptions {
  /** Add the tokens of the post-processor ([CLS], </s> ...). Default true. */
  readonly addSpecialTokens?: boolean;
}

export interface DecodeOptions {
  /** Leave special tokens out of the text. Default true. */
  readonly skipSpecialTokens?: boolean;
}

/** The result of encoding one text. All arrays have one item per token. */
export interface Encoding {
  readonly ids: Uint32Array;
  readonly tokens: readonly string[];
  /**
   * Begin and end of each token in the source text, UTF-16 code units, end exclusive, interleaved:
   * token i spans `text.slice(offsets[2 * i], offsets[2 * i + 1])`.
   */
  readonly offsets: Uint32Array;
}

export interface Tokenizer {
  /** Number of ids; ids are 0..vocabSize-1, though some may be unused. */
  readonly vocabSize: number;
  encode(text: string, options?: EncodeOptions): Encoding;
  /** Only the ids: the fast path. */
  encodeToIds(text: string, options?: EncodeOptions): Uint32Array;
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /** `undefined` when the token is not in the vocabulary. */
  tokenToId(token: string): number | undefined;
  idToToken(id: number): string | undefined;
}
