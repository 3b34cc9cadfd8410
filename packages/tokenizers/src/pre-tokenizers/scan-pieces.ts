import { BoundsBuilder, type Pieces } from "../pieces.ts";
import type { WordScanner } from "../stages.types.ts";
import { utf16Length, writeUtf8 } from "../text/utf8.ts";

/** Splits every piece by a scanner: finds the words in its bytes and counts them back into code units. */
export function scanPieces(pieces: Pieces, scanner: WordScanner): Pieces {
  const out = new BoundsBuilder();
  const text = pieces.source.text;
  for (let i = 0; i < pieces.bounds.length; i += 2) {
    const begin = pieces.bounds[i] as number;
    const end = pieces.bounds[i + 1] as number;
    const bytes = new Uint8Array((end - begin) * 3);
    const length = writeUtf8(text.slice(begin, end), bytes, 0);
    let unit = begin;
    for (let at = 0; at < length; ) {
      const to = scanner.scan(bytes, at, length);
      const from = unit;
      for (; at < to; at++) unit += utf16Length(bytes[at] as number);
      out.add(from, unit);
    }
  }
  return pieces.with(out.finish());
}
