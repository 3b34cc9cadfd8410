/** Normalizers that drop or replace single characters. */
import type { AlignedText } from "../aligned-text.ts";
import type { Normalizer } from "../stages.types.ts";
import { rewriteCharacters } from "./by-character.ts";

/** Drops combining marks; decompose (NFD) before it. */
export class StripAccents implements Normalizer {
  readonly type = "StripAccents";

  normalize(text: string): string {
    return text.replace(/\p{M}/gu, "");
  }

  align(text: AlignedText): AlignedText {
    return rewriteCharacters(text, (codePoint) =>
      codePoint >= 0x300 && /\p{M}/u.test(String.fromCodePoint(codePoint)) ? "" : undefined,
    );
  }
}

/** The characters that SentencePiece's nmt rules drop or turn into spaces. */
export class Nmt implements Normalizer {
  readonly type = "Nmt";

  normalize(text: string): string {
    return text.replace(/[^ -~\xa0-\u167f]/gu, (c) => nmt(c.codePointAt(0) as number) ?? c);
  }

  align(text: AlignedText): AlignedText {
    return rewriteCharacters(text, nmt);
  }
}

function nmt(c: number): string | undefined {
  if ((c >= 1 && c <= 8) || c === 0x0b || (c >= 0x0e && c <= 0x1f)) return "";
  if (c === 0x7f || c === 0x8f || c === 0x9f) return "";
  if (c === 9 || c === 10 || c === 12 || c === 13 || c === 0x1680) return " ";
  if ((c >= 0x200b && c <= 0x200f) || c === 0x2028 || c === 0x2029) return " ";
  return c === 0x2581 || c === 0xfeff || c === 0xfffd ? " " : undefined;
}
