/**
 * SentencePiece's compiled normalization rules ("precompiled charsmap"): a double-array trie (darts-clone)
 * from UTF-8 strings to places in a block of NUL-terminated replacements.
 */
import { FormatError } from "@seq/core";
import { decodeUtf8 } from "./utf8.ts";

export class CharsMap {
  /** The whole block, as it stands in the file. */
  readonly bytes: Uint8Array;
  readonly #units: Uint32Array;
  readonly #strings: Uint8Array;
  /** Where the last match ended and where its replacement lies. */
  matchEnd = 0;
  replacementBegin = 0;
  replacementEnd = 0;

  /** @throws {FormatError} `CHARSMAP` when sizes contradict each other. */
  constructor(bytes: Uint8Array, where = "charsmap") {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 0;
    if (
      bytes.length < 4 ||
      trieBytes % 4 !== 0 ||
      trieBytes > bytes.length - 4 ||
      trieBytes === 0
    ) {
      throw new FormatError(
        `${where}: the charsmap of ${bytes.length} bytes claims a trie of ${trieBytes} bytes, expected a multiple of 4 that fits.`,
        { code: "CHARSMAP", details: { bytes: bytes.length, trieBytes } },
      );
    }
    this.bytes = bytes;
    this.#units = new Uint32Array(trieBytes / 4);
    for (let i = 0; i < this.#units.length; i++) this.#units[i] = view.getUint32(4 + 4 * i, true);
    this.#strings = bytes.subarray(4 + trieBytes);
  }

  /**
   * Looks for a rule at a place; true when one applies, and then the fields above say what it does.
   *
   * @param longest - take the longest rule (SentencePiece); else the shortest (Hugging Face).
   */
  match(text: Uint8Array, begin: number, end: number, longest: boolean): boolean {
    const units = this.#units;
    let position = offsetOf(units[0] as number);
    let value = -1;
    for (let at = begin; at < end; at++) {
      const byte = text[at] as number;
      if (byte === 0) break;
      position ^= byte;
      if (position >= units.length) break;
      const unit = units[position] as number;
      if ((unit & 0x800000ff) >>> 0 !== byte) break;
      position ^= offsetOf(unit);
      if (((unit >>> 8) & 1) === 0 || position >= units.length) continue;
      value = (units[position] as number) & 0x7fffffff;
      this.matchEnd = at + 1;
      if (!longest) break;
    }
    if (value < 0 || value > this.#strings.length) return false;
    this.replacementBegin = value;
    let stop = value;
    while (stop < this.#strings.length && this.#strings[stop] !== 0) stop++;
    this.replacementEnd = stop;
    return true;
  }

  /** True when some rule begins with these bytes, whole or not. */
  goesOn(text: Uint8Array, begin: number, end: number): boolean {
    const units = this.#units;
    let position = offsetOf(units[0] as number);
    for (let at = begin; at < end; at++) {
      position ^= text[at] as number;
      const unit = units[position];
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== text[at]) return false;
      position ^= offsetOf(unit);
    }
    return true;
  }

  /** Bytes of all replacements; `replacementBegin` and `replacementEnd` point into it. */
  get strings(): Uint8Array {
    return this.#strings;
  }

  /** The replacement of the last match. */
  replacement(): string {
    return decodeUtf8(this.#strings.subarray(this.replacementBegin, this.replacementEnd));
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
