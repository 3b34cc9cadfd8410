/**
 * A text in pieces: what pre-tokenizers take and give. Pieces are ranges of one (possibly rewritten)
 * text, in order, without overlaps; what lies between them is dropped.
 */
import type { AlignedText } from "./aligned-text.ts";

export class Pieces {
  readonly source: AlignedText;
  /** Begin and end of each piece in `source.text`, interleaved; UTF-16 code units. */
  readonly bounds: Uint32Array;
  /** The text is written in GPT-2's byte alphabet. */
  readonly byteLevel: boolean;
  /** The text is not the begin of the input, so a prefix space "for the first" does not apply. */
  readonly continues: boolean;

  constructor(source: AlignedText, bounds: Uint32Array, byteLevel = false, continues = false) {
    this.source = source;
    this.bounds = bounds;
    this.byteLevel = byteLevel;
    this.continues = continues;
  }

  /** One piece: the whole text (none when it is empty). */
  static whole(source: AlignedText, byteLevel = false, continues = false): Pieces {
    const length = source.text.length;
    const bounds = length === 0 ? new Uint32Array(0) : Uint32Array.of(0, length);
    return new Pieces(source, bounds, byteLevel, continues);
  }

  get count(): number {
    return this.bounds.length / 2;
  }

  /** Text of piece i. */
  textOf(i: number): string {
    return this.source.text.slice(this.bounds[2 * i], this.bounds[2 * i + 1]);
  }

  /** The same text with other bounds. */
  with(bounds: Uint32Array): Pieces {
    return new Pieces(this.source, bounds, this.byteLevel, this.continues);
  }

  texts(): string[] {
    return Array.from({ length: this.count }, (_, i) => this.textOf(i));
  }
}

/** Collects bounds. */
export class BoundsBuilder {
  #bounds = new Uint32Array(64);
  #length = 0;

  /** Adds a piece; an empty one is not a piece. */
  add(begin: number, end: number): void {
    if (begin >= end) return;
    if (this.#length + 2 > this.#bounds.length) {
      const grown = new Uint32Array(this.#bounds.length * 2);
      grown.set(this.#bounds);
      this.#bounds = grown;
    }
    this.#bounds[this.#length++] = begin;
    this.#bounds[this.#length++] = end;
  }

  finish(): Uint32Array {
    return this.#bounds.slice(0, this.#length);
  }
}
