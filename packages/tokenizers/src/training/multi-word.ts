import { decodeUtf8 } from "../text/utf8.ts";
import type { Tokenizer } from "../tokenizer.ts";

/** The tokens of a vocabulary that span several words, as Jurassic-1's do. */
export interface MultiWordReport {
  /** By id; spaces as they are in text. */
  readonly tokens: readonly string[];
  /** Of all tokens but the special ones, 0 to 1. */
  readonly share: number;
}

/**
 * Finds the tokens that hold two or more words or parts of words with white space between them.
 *
 * @example multiWordTokens(tokenizer).tokens // [" of the", "Lord of the Rings"]
 */
export function multiWordTokens(tokenizer: Tokenizer): MultiWordReport {
  const tokens: string[] = [];
  let all = 0;
  for (const [id] of tokenizer.parts.model.vocab.entries()) {
    if (tokenizer.isSpecial(id)) continue;
    all++;
    const text = decodeUtf8(tokenizer.tokenBytes(id)).replaceAll("▁", " ");
    if (/\S\s+\S/.test(text)) tokens.push(text);
  }
  return { tokens, share: all === 0 ? 0 : tokens.length / all };
}
