/**
 * Runs a text through normalizer and pre-tokenizer and hands every word on as UTF-8 bytes: the loop that
 * encoding and the counting of words for training share.
 *
 * With a scanner the text is converted in chunks and words are found in the bytes; a chunk ends where a
 * word surely ends, so the result does not depend on the chunk size. Otherwise the pieces of the
 * pre-tokenizer are converted one by one. Bytes handed on are valid until the visitor returns.
 */
import { AlignedText } from "./aligned-text.ts";
import { Pieces } from "./pieces.ts";
import type { Normalizer, PreTokenizer, WordScanner } from "./stages.types.ts";
import { unitToByte } from "./text/byte-alphabet.ts";
import { encodeUtf8, writeUtf8 } from "./text/utf8.ts";

export interface WordVisitor {
  /** @param bytes - holds the word at [begin, end); do not keep it, do not write to it. */
  word(bytes: Uint8Array, begin: number, end: number): void;
}

export interface VisitStages {
  readonly normalizer?: Normalizer | undefined;
  readonly preTokenizer?: PreTokenizer | undefined;
}

const chunkUnits = 1 << 15;
/** A scanner decides on a word's end by at most so many bytes beyond it. */
const lookAhead = 16;

export function visitWords(text: string, stages: VisitStages, visitor: WordVisitor): void {
  const normalized = stages.normalizer === undefined ? text : stages.normalizer.normalize(text);
  const byteLevel = stages.normalizer?.byteLevel === true;
  visitNormalizedWords(normalized, stages.preTokenizer, { byteLevel, continues: false }, visitor);
}

export interface NormalizedText {
  /** The normalizer wrote it in the byte alphabet. */
  readonly byteLevel: boolean;
  /** See `Pieces.continues`. */
  readonly continues: boolean;
}

/** The same for a text that is normalized already. */
export function visitNormalizedWords(
  text: string,
  preTokenizer: PreTokenizer | undefined,
  { byteLevel, continues }: NormalizedText,
  visitor: WordVisitor,
): void {
  if (text.length === 0) return;
  if (preTokenizer === undefined && !byteLevel) {
    const bytes = encodeUtf8(text);
    visitor.word(bytes, 0, bytes.length);
  } else if (preTokenizer?.scanner !== undefined && !byteLevel) {
    scanText(text, preTokenizer.scanner, visitor);
  } else {
    const whole = Pieces.whole(AlignedText.untracked(text), byteLevel, continues);
    visitPieces(preTokenizer?.preTokenize(whole) ?? whole, visitor);
  }
}

function scanText(text: string, scanner: WordScanner, visitor: WordVisitor): void {
  let bytes = takeBuffer(Math.min(text.length, chunkUnits) * 3 + lookAhead);
  let filled = 0; // bytes that wait in the buffer
  let from = 0; // code units already in the buffer
  while (from < text.length || filled > 0) {
    // A word longer than a chunk is scanned again with more text: as much again as waits, so that all
    // the rescanning together stays linear.
    const to = chunkEnd(text, from + Math.max(chunkUnits, filled));
    if (filled + (to - from) * 3 + lookAhead > bytes.length) bytes = grow(bytes, filled, to - from);
    const whole = from === 0 && to === text.length;
    const end = writeUtf8(whole ? text : text.slice(from, to), bytes, filled);
    from = to;
    const last = from === text.length;
    // What begins before `safe` may be decided by bytes of the next chunk: it waits for them.
    const safe = last ? end : end - lookAhead;
    let begin = 0;
    while (begin < end) {
      const wordEnd = scanner.scan(bytes, begin, end);
      if (wordEnd > safe || (!last && scanner.reach > safe)) break;
      visitor.word(bytes, begin, wordEnd);
      begin = wordEnd;
    }
    bytes.copyWithin(0, begin, end);
    filled = end - begin;
    if (last) break;
  }
  giveBuffer(bytes);
}

/** A place to end a chunk, never between the two halves of a surrogate pair. */
function chunkEnd(text: string, to: number): number {
  if (to >= text.length) return text.length;
  return (text.charCodeAt(to - 1) & 0xfc00) === 0xd800 ? to - 1 : to;
}

/** A larger buffer with what waits in it. */
function grow(bytes: Uint8Array, filled: number, units: number): Uint8Array {
  const larger = new Uint8Array((filled + units * 3) * 2 + lookAhead);
  larger.set(bytes.subarray(0, filled));
  return larger;
}

/** Hands on every piece. */
export function visitPieces(pieces: Pieces, visitor: WordVisitor): void {
  const { bounds, byteLevel } = pieces;
  const text = pieces.source.text;
  let bytes = takeBuffer(256);
  for (let i = 0; i < bounds.length; i += 2) {
    const begin = bounds[i] as number;
    const end = bounds[i + 1] as number;
    if ((end - begin) * 3 > bytes.length) bytes = new Uint8Array((end - begin) * 6);
    visitor.word(bytes, 0, writePiece(text, begin, end, byteLevel, bytes));
  }
  giveBuffer(bytes);
}

/** The bytes of a piece: UTF-8, or what the byte alphabet stands for. Returns the length. */
export function writePiece(
  text: string,
  begin: number,
  end: number,
  byteLevel: boolean,
  target: Uint8Array,
): number {
  if (byteLevel) {
    for (let i = begin; i < end; i++) target[i - begin] = unitToByte(text.charCodeAt(i));
    return end - begin;
  }
  if (end - begin <= 48) {
    // Plain ASCII, the common case, without a string of its own.
    let at = 0;
    for (let i = begin; i < end; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) break;
      target[at++] = unit;
    }
    if (at === end - begin) return at;
  }
  return writeUtf8(text.slice(begin, end), target, 0);
}

let spare: Uint8Array | undefined;

/** A buffer kept between calls saves an allocation for every short text; nothing is read from it. */
function takeBuffer(length: number): Uint8Array {
  const buffer = spare;
  spare = undefined;
  return buffer !== undefined && buffer.length >= length ? buffer : new Uint8Array(length);
}

function giveBuffer(buffer: Uint8Array): void {
  if (buffer.length <= 1 << 18) spare = buffer;
}
