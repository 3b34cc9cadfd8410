/** Helpers for normalizers that look at one character, or one short run, at a time. */
import { type AlignedText, Rewriter } from "../aligned-text.ts";

/**
 * Rewrites a text character by character: `rewrite` gives what a code point becomes, or `undefined` when
 * it stays.
 */
export function rewriteCharacters(
  from: AlignedText,
  rewrite: (codePoint: number) => string | undefined,
): AlignedText {
  const { text } = from;
  let writer: Rewriter | undefined;
  let copied = 0;
  for (let at = 0; at < text.length; ) {
    const codePoint = text.codePointAt(at) as number;
    const width = codePoint > 0xffff ? 2 : 1;
    const becomes = rewrite(codePoint);
    if (becomes !== undefined) {
      writer ??= new Rewriter(from);
      writer.copy(copied, at);
      writer.write(becomes, at, at + width);
      copied = at + width;
    }
    at += width;
  }
  if (writer === undefined) return from;
  writer.copy(copied, text.length);
  return writer.finish();
}

/** True when all code units are below 128. */
export function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range is meant.
  return !/[^\x00-\x7f]/.test(text);
}
