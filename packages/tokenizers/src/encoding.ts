/** What encoding gives: core's `Encoding` and, per token, where it came from and what it is for. */
import type { Encoding as CoreEncoding } from "@seq/core";

export interface Encoding extends CoreEncoding {
  /** Which segment a token belongs to, for models with two inputs (BERT): 0 or 1. */
  readonly typeIds: Uint8Array;
  /** Number of the word in its text, counted by the pre-tokenizer; -1 for special and padding tokens. */
  readonly wordIds: Int32Array;
  /** 0 or 1: which of a pair of texts; -1 for special and padding tokens. */
  readonly sequenceIds: Int8Array;
  /** 1 for tokens that the post-processor or padding added. */
  readonly specialTokensMask: Uint8Array;
  /** 1 = attend, 0 = padding. */
  readonly attentionMask: Uint8Array;
  /** Begin and end of each token in the UTF-8 form of the source, interleaved; on request. */
  readonly byteOffsets?: Uint32Array;
  /** What truncation cut off, as further windows. */
  readonly overflowing: readonly Encoding[];
}

/** An encoding that can still be changed; only this package holds one. */
export interface MutableEncoding {
  ids: number[];
  tokens: string[];
  offsets: number[];
  typeIds: number[];
  wordIds: number[];
  sequenceIds: number[];
  specialTokensMask: number[];
  attentionMask: number[];
  overflowing: MutableEncoding[];
}

export function emptyEncoding(): MutableEncoding {
  return {
    ids: [],
    tokens: [],
    offsets: [],
    typeIds: [],
    wordIds: [],
    sequenceIds: [],
    specialTokensMask: [],
    attentionMask: [],
    overflowing: [],
  };
}

/** Tokens [begin, end) as a new encoding without overflow. */
export function sliceEncoding(e: MutableEncoding, begin: number, end: number): MutableEncoding {
  return {
    ids: e.ids.slice(begin, end),
    tokens: e.tokens.slice(begin, end),
    offsets: e.offsets.slice(2 * begin, 2 * end),
    typeIds: e.typeIds.slice(begin, end),
    wordIds: e.wordIds.slice(begin, end),
    sequenceIds: e.sequenceIds.slice(begin, end),
    specialTokensMask: e.specialTokensMask.slice(begin, end),
    attentionMask: e.attentionMask.slice(begin, end),
    overflowing: [],
  };
}

const listNames = [
  "ids", "tokens", "offsets", "typeIds", "wordIds", "sequenceIds", "specialTokensMask", "attentionMask",
] as const; // biome-ignore format: a list

/** One after the other as a new encoding without overflow. */
export function joinEncodings(parts: readonly MutableEncoding[]): MutableEncoding {
  const joined = emptyEncoding();
  for (const part of parts) {
    for (const name of listNames) {
      const to = joined[name] as unknown[];
      for (const item of part[name]) to.push(item);
    }
  }
  return joined;
}

/** The final form: typed arrays. @param byteOffsetsOf - maps UTF-16 offsets of the source to bytes. */
export function finishEncoding(
  e: MutableEncoding,
  byteOffsetsOf?: (encoding: MutableEncoding) => Uint32Array,
): Encoding {
  const finished: Encoding = {
    ids: Uint32Array.from(e.ids),
    tokens: e.tokens,
    offsets: Uint32Array.from(e.offsets),
    typeIds: Uint8Array.from(e.typeIds),
    wordIds: Int32Array.from(e.wordIds),
    sequenceIds: Int8Array.from(e.sequenceIds),
    specialTokensMask: Uint8Array.from(e.specialTokensMask),
    attentionMask: Uint8Array.from(e.attentionMask),
    overflowing: e.overflowing.map((o) => finishEncoding(o, byteOffsetsOf)),
  };
  return byteOffsetsOf === undefined ? finished : { ...finished, byteOffsets: byteOffsetsOf(e) };
}
