/** Cutting documents into stretches that fit a model's context. */
import { checkInteger, checkOptions } from "@seq/core";
import type { Tokenizer } from "./tokenizer.ts";

export interface SplitOptions {
  /** Tokens in a stretch, special ones not counted. */
  readonly maxTokens: number;
  /** Tokens that neighbouring stretches share. Default 0. */
  readonly overlap?: number;
}

/**
 * Stretches of the text, each of at most `maxTokens` tokens of the whole text's encoding; without overlap
 * they concatenate to the text. A character is never cut: where tokens share one, the cut moves before it.
 */
export function splitByTokens(tokenizer: Tokenizer, text: string, options: SplitOptions): string[] {
  checkOptions("splitByTokens", options, ["maxTokens", "overlap"]);
  const maxTokens = checkInteger("splitByTokens", "maxTokens", options.maxTokens, { min: 1 });
  const overlap = checkInteger("splitByTokens", "overlap", options.overlap ?? 0, {
    min: 0,
    max: maxTokens - 1,
  });
  if (text === "") return [];
  const { offsets, ids } = tokenizer.encode(text, {
    addSpecialTokens: false,
    truncation: null,
    padding: null,
  });
  const count = ids.length;
  const beginOf = (token: number): number =>
    token === 0 ? 0 : token >= count ? text.length : (offsets[2 * token] as number);
  const parts: string[] = [];
  for (let first = 0; first < Math.max(1, count); ) {
    let end = Math.min(first + maxTokens, count);
    // A token that begins inside the one before it (half a character) cannot begin a stretch.
    while (end < count && end > first + 1 && beginOf(end) < (offsets[2 * end - 1] as number)) end--;
    parts.push(text.slice(beginOf(first), beginOf(end)));
    if (end >= count) break;
    let next = Math.max(first + 1, end - overlap);
    while (next > first + 1 && beginOf(next) < (offsets[2 * next - 1] as number)) next--;
    first = next;
  }
  return parts;
}
