/** Tokens that stand for one byte: `<0x00>` to `<0xFF>` (SentencePiece's byte fallback). */
import type { Vocabulary } from "../vocabulary.ts";

/** @example byteToken(0xe2) // "<0xE2>" */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/** The byte a token stands for, or -1. */
export function byteOfToken(token: string): number {
  if (token.length !== 6 || !/^<0x[0-9A-Fa-f]{2}>$/.test(token)) return -1;
  return Number.parseInt(token.slice(3, 5), 16);
}

/** Byte -> id of its token, or -1 where the vocabulary has none. */
export function byteTokenIds(vocab: Vocabulary): Int32Array {
  const ids = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) ids[byte] = vocab.idOf(byteToken(byte)) ?? -1;
  return ids;
}
