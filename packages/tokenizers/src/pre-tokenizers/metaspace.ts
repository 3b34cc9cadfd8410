/**
 * SentencePiece's way with spaces as a pre-tokenizer: a space becomes "▁", one is put before the text,
 * and every "▁" begins a word.
 */
import { Rewriter } from "../aligned-text.ts";
import { BoundsBuilder, Pieces } from "../pieces.ts";
import type { PreTokenizer } from "../stages.types.ts";

/** `"first"`: only before a piece that begins the input, not after a special token. */
export type PrependScheme = "always" | "never" | "first";

export interface MetaspaceOptions {
  /** One character. Default "▁" (U+2581). */
  readonly replacement?: string | undefined;
  readonly prependScheme?: PrependScheme | undefined;
  /** Begin a word at every replacement. Default true. */
  readonly split?: boolean | undefined;
}

export class Metaspace implements PreTokenizer {
  readonly type = "Metaspace";
  readonly replacement: string;
  readonly prependScheme: PrependScheme;
  readonly split: boolean;

  constructor({
    replacement = "▁",
    prependScheme = "always",
    split = true,
  }: MetaspaceOptions = {}) {
    this.replacement = replacement;
    this.prependScheme = prependScheme;
    this.split = split;
  }

  preTokenize(pieces: Pieces): Pieces {
    const writer = new Rewriter(pieces.source);
    const bounds = new BoundsBuilder();
    const whole = pieces.bounds.length === 2;
    for (let i = 0; i < pieces.bounds.length; i += 2) {
      this.#piece(
        pieces,
        pieces.bounds[i] as number,
        pieces.bounds[i + 1] as number,
        whole,
        writer,
        bounds,
      );
    }
    return new Pieces(writer.finish(), bounds.finish(), pieces.byteLevel, pieces.continues);
  }

  #piece(
    pieces: Pieces,
    begin: number,
    end: number,
    whole: boolean,
    writer: Rewriter,
    bounds: BoundsBuilder,
  ): void {
    const text = pieces.source.text;
    const mark = this.replacement;
    let from = writer.length;
    if (this.#prepends(pieces, begin, whole)) {
      writer.write(mark, begin, begin + ((text.codePointAt(begin) as number) > 0xffff ? 2 : 1));
    }
    for (let at = begin; at < end; ) {
      const isSpace = text.charCodeAt(at) === 0x20;
      const isMark = isSpace || text.startsWith(mark, at);
      if (isMark && this.split && writer.length > from) {
        // The mark that was put before the text is a word of its own when a mark follows.
        bounds.add(from, writer.length);
        from = writer.length;
      }
      if (isSpace) {
        writer.write(mark, at, at + 1);
        at++;
        continue;
      }
      let to = at + (isMark ? mark.length : 1);
      while (to < end && text.charCodeAt(to) !== 0x20 && !text.startsWith(mark, to)) to++;
      writer.copy(at, to);
      at = to;
    }
    bounds.add(from, writer.length);
  }

  #prepends(pieces: Pieces, begin: number, whole: boolean): boolean {
    if (this.prependScheme === "never") return false;
    const text = pieces.source.text;
    if (text.charCodeAt(begin) === 0x20 || text.startsWith(this.replacement, begin)) return false;
    if (this.prependScheme === "always") return true;
    const first = whole && begin === 0 ? true : pieces.source.sourceBegin(begin) === 0;
    return first && !pieces.continues;
  }
}
