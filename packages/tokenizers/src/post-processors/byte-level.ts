/** Byte-level offsets: the space a token begins or ends with ("Ġthe") is left out of its range. */
import type { MutableEncoding } from "../encoding.ts";

const space = /[Ġ\p{White_Space}]/u;

/**
 * Trims the offsets of tokens in place, the rule of Hugging Face's ByteLevel: a single leading space of
 * the first token stays when it is the one that `addPrefixSpace` added.
 */
export function trimOffsets(
  encoding: MutableEncoding,
  { addPrefixSpace }: { readonly addPrefixSpace: boolean },
): void {
  encoding.tokens.forEach((token, i) => {
    let leading = 0;
    while (leading < token.length && space.test(token.charAt(leading))) leading++;
    let trailing = 0;
    while (trailing < token.length && space.test(token.charAt(token.length - 1 - trailing))) {
      trailing++;
    }
    let begin = encoding.offsets[2 * i] as number;
    let end = encoding.offsets[2 * i + 1] as number;
    if (leading > 0) {
      const added = (i === 0 || begin === 0) && addPrefixSpace && leading === 1;
      if (!added) begin = Math.min(begin + leading, end);
    }
    if (trailing > 0 && end >= trailing) end = Math.max(end - trailing, begin);
    encoding.offsets[2 * i] = begin;
    encoding.offsets[2 * i + 1] = end;
  });
}
