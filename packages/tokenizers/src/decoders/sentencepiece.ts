/** SentencePiece's decoder: "▁" to spaces, control pieces to nothing, byte pieces to characters. */
import { byteOfToken } from "../models/byte-tokens.ts";
import type { Decoder, Normalizer } from "../stages.types.ts";
import { decodeUtf8, utf8Length } from "../text/utf8.ts";

export interface SentencePieceDecoderOptions {
  readonly control: ReadonlySet<string>;
  readonly unknownToken: string;
  /** True for the pieces of the model; others are shown as they are. */
  readonly isPiece: (token: string) => boolean;
  readonly unknownSurface: string;
  /** The model has byte pieces. */
  readonly bytes: boolean;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly denormalizer?: Normalizer | undefined;
}

export class SentencePieceDecoder implements Decoder {
  readonly type = "SentencePiece";
  readonly options: SentencePieceDecoderOptions;

  constructor(options: SentencePieceDecoderOptions) {
    this.options = options;
  }

  decodeChain(tokens: readonly string[]): string[] {
    const { control, unknownToken, unknownSurface, denormalizer } = this.options;
    let text = "";
    let bytes: number[] = [];
    let atBegin = true;
    let prefixSeen = false;
    for (const token of tokens) {
      const byte = this.options.bytes ? byteOfToken(token) : -1;
      if (byte >= 0) {
        bytes.push(byte);
        continue;
      }
      text += decodeBytes(bytes);
      bytes = [];
      if (prefixSeen || text !== "") atBegin = false;
      prefixSeen = false;
      if (control.has(token)) continue;
      if (token === unknownToken) {
        text += unknownSurface;
        continue;
      }
      if (!this.options.isPiece(token)) {
        text += token;
        continue;
      }
      const strips = this.options.addDummyPrefix || this.options.removeExtraWhitespaces;
      let piece = token;
      if (atBegin && strips && piece.startsWith("▁")) {
        piece = piece.slice(1);
        // With extra spaces removed all that lead are dropped, else only the one that was put there.
        prefixSeen = !this.options.removeExtraWhitespaces;
      }
      text += piece.replaceAll("▁", " ");
    }
    text += decodeBytes(bytes);
    return [denormalizer === undefined ? text : denormalizer.normalize(text)];
  }
}

/** Every byte that begins no character becomes U+FFFD, one each (SentencePiece's rule). */
function decodeBytes(list: readonly number[]): string {
  if (list.length === 0) return "";
  const bytes = Uint8Array.from(list);
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const width = utf8Length(bytes[at] as number);
    const character = decodeUtf8(bytes.subarray(at, at + width));
    const valid =
      at + width <= bytes.length &&
      [...character].length === 1 &&
      (character !== "\ufffd" || isReplacement(bytes, at));
    text += valid ? character : "\ufffd";
    at += valid ? width : 1;
  }
  return text;
}

function isReplacement(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd;
}
