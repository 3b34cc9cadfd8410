/**
 * SentencePiece's normalizer: rules of a charsmap (longest first), runs of spaces to one, a space put
 * before the text, spaces shown as "▁". User-defined pieces pass untouched. Linear, over UTF-8 bytes.
 */
import { AlignedText } from "../aligned-text.ts";
import type { Normalizer } from "../stages.types.ts";
import type { ByteTrie } from "../text/byte-trie.ts";
import type { CharsMap } from "../text/charsmap.ts";
import { decodeUtf8, encodeUtf8, utf8Length, utf16Length } from "../text/utf8.ts";

export interface SentencePieceNormalizerOptions {
  readonly charsMap?: CharsMap | undefined;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
  readonly treatWhitespaceAsSuffix?: boolean | undefined;
  /** Pieces that are not normalized. */
  readonly userDefined?: ByteTrie | undefined;
}

export class SentencePieceNormalizer implements Normalizer {
  readonly type = "SentencePiece";
  readonly options: SentencePieceNormalizerOptions;
  readonly #plain: Uint8Array; // ASCII bytes that no rule touches when ASCII follows

  constructor(options: SentencePieceNormalizerOptions) {
    this.options = options;
    this.#plain = plainAscii(options);
  }

  normalize(text: string): string {
    const run = new Run(encodeUtf8(text), this.options, this.#plain, false);
    run.run();
    return decodeUtf8(run.output());
  }

  /**
   * Offsets as SentencePiece counts them: a piece ends where the next one's source begins, so what a rule
   * or the prefix added has an empty range.
   */
  align(from: AlignedText): AlignedText {
    const bytes = encodeUtf8(from.text);
    const run = new Run(bytes, this.options, this.#plain, true);
    run.run();
    const output = run.output();
    const text = decodeUtf8(output);
    const units = unitOfBytes(bytes);
    const sourceOf = (byte: number): number => {
      const unit = units[byte] as number;
      if (unit < from.text.length) return from.sourceBegin(unit);
      return from.text.length === 0 ? from.shift : from.sourceEnd(from.text.length - 1);
    };
    const begins = new Uint32Array(text.length);
    const ends = new Uint32Array(text.length);
    let unit = 0;
    for (let i = 0; i < output.length; ) {
      const width = utf8Length(output[i] as number);
      const begin = sourceOf(run.origins[i] as number);
      const end = sourceOf(
        i + width < output.length ? (run.origins[i + width] as number) : run.consumed,
      );
      for (let k = utf16Length(output[i] as number); k > 0; k--) {
        begins[unit] = begin;
        ends[unit++] = end;
      }
      i += width;
    }
    return new AlignedText(text, from.shift, begins, ends);
  }
}

/** Byte offset -> code unit offset, also for the end. */
function unitOfBytes(bytes: Uint8Array): Uint32Array {
  const units = new Uint32Array(bytes.length + 1);
  let unit = 0;
  for (let i = 0; i < bytes.length; i++) {
    units[i] = unit;
    // A character's units count at its last byte.
    const next = bytes[i + 1];
    if (next === undefined || (next & 0xc0) !== 0x80) unit += unitsBefore(bytes, i);
  }
  units[bytes.length] = unit;
  return units;
}

function unitsBefore(bytes: Uint8Array, last: number): number {
  let first = last;
  while (((bytes[first] as number) & 0xc0) === 0x80) first--;
  return utf16Length(bytes[first] as number);
}

function plainAscii({ charsMap, userDefined }: SentencePieceNormalizerOptions): Uint8Array {
  const plain = new Uint8Array(128).fill(1);
  plain[0x20] = 0;
  const probe = new Uint8Array(2);
  for (let c = 0; c < 128; c++) {
    probe[0] = c;
    if (userDefined !== undefined && userDefined.next(0, c) !== 0) plain[c] = 0;
    if (charsMap === undefined) continue;
    if (c === 0 || charsMap.match(probe, 0, 1, true)) plain[c] = 0;
    for (let d = 1; d < 128 && plain[c] === 1; d++) {
      probe[1] = d;
      if (charsMap.match(probe, 0, 2, true) || charsMap.goesOn(probe, 0, 2)) plain[c] = 0;
    }
  }
  return plain;
}

const spaceSymbol = [0xe2, 0x96, 0x81]; // "▁"

/** One text on its way through the normalizer. */
class Run {
  /** Output byte -> byte of the source it comes from. */
  origins: Uint32Array;
  /** Where in the source the output ends. */
  consumed = 0;
  readonly #bytes: Uint8Array;
  readonly #options: SentencePieceNormalizerOptions;
  readonly #plain: Uint8Array;
  readonly #tracked: boolean;
  #out: Uint8Array;
  #length = 0;
  #source: Uint8Array; // where the replacement of a character stands
  #from = 0;
  #to = 0;

  constructor(
    bytes: Uint8Array,
    options: SentencePieceNormalizerOptions,
    plain: Uint8Array,
    tracked: boolean,
  ) {
    this.#bytes = bytes;
    this.#source = bytes;
    this.#options = options;
    this.#plain = plain;
    this.#tracked = tracked;
    this.#out = new Uint8Array(bytes.length + (bytes.length >> 1) + 64);
    this.origins = new Uint32Array(tracked ? this.#out.length : 0);
  }

  output(): Uint8Array {
    return this.#out.subarray(0, this.#length);
  }

  run(): void {
    const bytes = this.#bytes;
    const { removeExtraWhitespaces, addDummyPrefix, treatWhitespaceAsSuffix } = this.#options;
    let at = 0;
    if (removeExtraWhitespaces) {
      while (at < bytes.length) {
        const next = this.#character(at);
        if (this.#to - this.#from !== 1 || this.#source[this.#from] !== 0x20) break;
        at = next;
      }
    }
    this.consumed = at;
    if (at >= bytes.length) return;
    if (addDummyPrefix && !treatWhitespaceAsSuffix) this.#space(at);
    let afterSpace = removeExtraWhitespaces;
    while (at < bytes.length) {
      const byte = bytes[at] as number;
      if (byte < 0x80 && this.#plain[byte] === 1 && !((bytes[at + 1] as number) >= 0x80)) {
        this.#byte(byte, at++);
        afterSpace = false;
        continue;
      }
      const next = this.#character(at);
      let from = this.#from;
      if (afterSpace) while (from < this.#to && this.#source[from] === 0x20) from++;
      if (from < this.#to) {
        for (let i = from; i < this.#to; i++) {
          const c = this.#source[i] as number;
          if (c === 0x20) this.#space(at);
          else this.#byte(c, at);
        }
        afterSpace = removeExtraWhitespaces && this.#source[this.#to - 1] === 0x20;
      }
      if (!removeExtraWhitespaces) afterSpace = false;
      at = next;
    }
    this.consumed = at;
    if (removeExtraWhitespaces) this.#trimEnd();
    if (addDummyPrefix && treatWhitespaceAsSuffix) this.#space(this.consumed);
  }

  /** What the character or rule at a place becomes: `#source` [from, to). Returns the end. */
  #character(at: number): number {
    const bytes = this.#bytes;
    const { userDefined, charsMap } = this.#options;
    this.#source = bytes;
    this.#from = at;
    const kept = userDefined?.longest(bytes, at, bytes.length) ?? -1;
    if (kept > 0) return (this.#to = kept);
    if (charsMap?.match(bytes, at, bytes.length, true)) {
      this.#source = charsMap.strings;
      this.#from = charsMap.replacementBegin;
      this.#to = charsMap.replacementEnd;
      return charsMap.matchEnd;
    }
    return (this.#to = Math.min(at + utf8Length(bytes[at] as number), bytes.length));
  }

  #space(origin: number): void {
    if (!this.#options.escapeWhitespaces) {
      this.#byte(0x20, origin);
      return;
    }
    for (const byte of spaceSymbol) this.#byte(byte, origin);
  }

  #byte(byte: number, origin: number): void {
    if (this.#length === this.#out.length) this.#grow();
    if (this.#tracked) this.origins[this.#length] = origin;
    this.#out[this.#length++] = byte;
  }

  #trimEnd(): void {
    const symbol = this.#options.escapeWhitespaces ? spaceSymbol : [0x20];
    for (;;) {
      const from = this.#length - symbol.length;
      if (from < 0 || symbol.some((byte, i) => this.#out[from + i] !== byte)) return;
      this.#length = from;
      if (this.#tracked) this.consumed = this.origins[from] as number;
    }
  }

  #grow(): void {
    const out = new Uint8Array(this.#out.length * 2);
    out.set(this.#out);
    this.#out = out;
    if (!this.#tracked) return;
    const origins = new Uint32Array(out.length);
    origins.set(this.origins);
    this.origins = origins;
  }
}
