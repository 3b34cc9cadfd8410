/**
 * SentencePiece's charsmap as Hugging Face applies it: grapheme by grapheme, the shortest rule that
 * matches the begin of a short grapheme replacing all of it. (That loses characters where the rule covers
 * only a part; it is what models converted by Hugging Face were checked with, so it is kept.)
 */
import { type AlignedText, Rewriter } from "../aligned-text.ts";
import type { Normalizer } from "../stages.types.ts";
import type { CharsMap } from "../text/charsmap.ts";
import { encodeUtf8 } from "../text/utf8.ts";

export class Precompiled implements Normalizer {
  readonly type = "Precompiled";
  readonly charsMap: CharsMap;
  #segmenter: Intl.Segmenter | undefined;
  readonly #known = new Map<string, string | null>(); // part -> replacement, null: stays
  readonly #asciiStays: Uint8Array; // ASCII characters that no rule touches

  constructor(charsMap: CharsMap) {
    this.charsMap = charsMap;
    this.#asciiStays = new Uint8Array(128);
    for (let c = 0; c < 128; c++) {
      this.#asciiStays[c] = this.#transform(String.fromCharCode(c)) === null ? 1 : 0;
    }
  }

  normalize(text: string): string {
    const out: string[] = [];
    let copied = 0;
    this.#rewrite(text, (begin, end, becomes) => {
      out.push(text.slice(copied, begin), becomes);
      copied = end;
    });
    if (out.length === 0) return text;
    out.push(text.slice(copied));
    return out.join("");
  }

  align(from: AlignedText): AlignedText {
    const { text } = from;
    let writer: Rewriter | undefined;
    let copied = 0;
    this.#rewrite(text, (begin, end, becomes) => {
      writer ??= new Rewriter(from);
      writer.copy(copied, begin);
      writeParallel(writer, text, begin, end, becomes);
      copied = end;
    });
    if (writer === undefined) return from;
    writer.copy(copied, text.length);
    return writer.finish();
  }

  #rewrite(text: string, report: (begin: number, end: number, becomes: string) => void): void {
    for (let at = 0; at < text.length; ) {
      if (this.#standsAlone(text, at)) {
        if (this.#asciiStays[text.charCodeAt(at)] === 0) this.#part(text, at, at + 1, report);
        at++;
        continue;
      }
      let end = at + 1;
      while (end < text.length && !this.#standsAlone(text, end)) end++;
      this.#segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" });
      for (const { segment, index } of this.#segmenter.segment(text.slice(at, end))) {
        this.#grapheme(text, at + index, at + index + segment.length, report);
      }
      at = end;
    }
  }

  /** ASCII before ASCII is a grapheme by itself, but for CR LF. */
  #standsAlone(text: string, at: number): boolean {
    const unit = text.charCodeAt(at);
    if (unit >= 128 || unit === 13) return false;
    if (unit === 10 && at > 0 && text.charCodeAt(at - 1) === 13) return false;
    return at + 1 === text.length || text.charCodeAt(at + 1) < 128;
  }

  #grapheme(
    text: string,
    begin: number,
    end: number,
    report: (begin: number, end: number, becomes: string) => void,
  ): void {
    // Graphemes of fewer than six bytes are looked up as a whole first.
    if (end - begin < 6 && encodeUtf8(text.slice(begin, end)).length < 6) {
      if (this.#part(text, begin, end, report)) return;
    }
    for (let at = begin; at < end; ) {
      const to = at + ((text.codePointAt(at) as number) > 0xffff ? 2 : 1);
      this.#part(text, at, to, report);
      at = to;
    }
  }

  #part(
    text: string,
    begin: number,
    end: number,
    report: (begin: number, end: number, becomes: string) => void,
  ): boolean {
    const part = text.slice(begin, end);
    let becomes = this.#known.get(part);
    if (becomes === undefined) {
      becomes = this.#transform(part);
      if (this.#known.size >= 1 << 15) this.#known.clear();
      this.#known.set(part, becomes);
    }
    if (becomes === null) return false;
    report(begin, end, becomes);
    return true;
  }

  #transform(part: string): string | null {
    const bytes = encodeUtf8(part);
    return this.charsMap.match(bytes, 0, bytes.length, false) ? this.charsMap.replacement() : null;
  }
}

/**
 * Writes a replacement character by character: each stands for the source character at its place, what is
 * over for the last one.
 */
function writeParallel(
  writer: Rewriter,
  text: string,
  begin: number,
  end: number,
  becomes: string,
): void {
  let from = begin;
  for (const character of becomes) {
    const width = (text.codePointAt(from) as number) > 0xffff ? 2 : 1;
    writer.write(character, from, from + width);
    if (from + width < end) from += width;
  }
}
