/**
 * Lower-cased words, numbers and single marks; apostrophes stay inside words.
 *
 * @example splitWords("Don't panic, 42!") // ["don't", "panic", ",", "42", "!"]
 */
export function splitWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|\p{N}+|[^\s]/gu) ?? [];
}
