/**
 * Cuts text in which spaces are "▁" before every "▁" that follows something else. Where no piece of a
 * vocabulary holds such a place, cutting there changes no segmentation, and words can be looked up.
 */
import type { Pieces } from "../pieces.ts";
import type { PreTokenizer, WordScanner } from "../stages.types.ts";
import { scanPieces } from "./scan-pieces.ts";

class MetaspaceScanner implements WordScanner {
  reach = 0;

  scan(bytes: Uint8Array, begin: number, end: number): number {
    let at = begin;
    while (at + 3 <= end && isMark(bytes, at)) at += 3;
    for (; at < end; at++) {
      if (bytes[at] === 0xe2 && at + 3 <= end && at > begin && isMark(bytes, at)) return at;
    }
    return end;
  }
}

function isMark(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xe2 && bytes[at + 1] === 0x96 && bytes[at + 2] === 0x81;
}

export class MetaspaceWords implements PreTokenizer {
  readonly type = "MetaspaceWords";
  readonly scanner: WordScanner = new MetaspaceScanner();

  preTokenize(pieces: Pieces): Pieces {
    return scanPieces(pieces, this.scanner);
  }

  /** True when no piece holds a "▁" after something else, so that cutting there is safe. */
  static isSafeFor(pieces: Iterable<string>): boolean {
    let alone = false;
    for (const piece of pieces) {
      if (piece === "▁") alone = true;
      if (/[^▁]▁/u.test(piece)) return false;
    }
    return alone;
  }
}
