/**
 * SentencePiece's charsmap as Hugging Face applies it: grapheme by grapheme, the shortest rule that
 * matches the begin of a short grapheme replacing all of it. (That loses characters where the rule covers
 * only a part; it is what models converted by Hugging Face were checked with, so it is kept.)
 */
import { type AlignedText, Rewriter } from "../aligned-text.ts";
import type { Normalizer } from "../stages.types.ts";
import { type CharacterTest, characterTest, remembered } from "../text/character-tests.ts";
import type { CharsMap } from "../text/charsmap.ts";
import { encodeUtf8 } from "../text/utf8.ts";

export class Precompiled implements Normalizer {
  readonly type = "Precompiled";
  readonly charsMap: CharsMap;
  #segmenter: Intl.Segmenter | undefined;
  readonly #known = new Map<string, string | null>(); // part -> replacement, null: stays
  readonly #stays: CharacterTest; // characters that no rule touches
  readonly #joins: CharacterTest; // characters that may belong to a grapheme of several

  constructor(charsMap: CharsMap) {
    this.charsMap = charsMap;
    this.#stays = remembered((c) => this.#transform(String.fromCodePoint(c)) === null);
    this.#joins = characterTest(
      /[\r\u0e33\u0eb3\u1100-\u11ff\ua960-\ua97f\ud7b0-\udfff\uff9e\uff9f\p{M}\p{Cf}\p{Emoji_Modifier}\p{Regional_Indicator}]/u,
    );
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
      const codePoint = text.codePointAt(at) as number;
      const width = codePoint > 0xffff ? 2 : 1;
      if (this.#standsAlone(codePoint, text, at + width)) {
        if (!this.#stays(codePoint)) this.#part(text, at, at + width, report);
        at += width;
        continue;
      }
      const end = this.#runEnd(text, at);
      this.#run(text, at, end, report);
      at = end;
    }
  }

  /**
   * The graphemes of a stretch. The platform's segmenter takes time that grows with the square of its
   * text, so it gets short slices; a slice's last grapheme may go on and begins the next slice.
   */
  #run(
    text: string,
    begin: number,
    end: number,
    report: (begin: number, end: number, becomes: string) => void,
  ): void {
    this.#segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" });
    let size = 256;
    for (let at = begin; at < end; ) {
      const to = Math.min(at + size, end);
      const segments = [...this.#segmenter.segment(text.slice(at, to))];
      if (to < end && segments.length === 1) {
        size *= 2; // one enormous grapheme
        continue;
      }
      if (to < end) segments.pop();
      const from = at;
      for (const { segment, index } of segments) {
        at = from + index + segment.length;
        this.#grapheme(text, from + index, at, report);
      }
    }
  }

  /** A grapheme by itself: neither the character nor the next one joins others. */
  #standsAlone(codePoint: number, text: string, next: number): boolean {
    if (this.#joins(codePoint)) return false;
    return next >= text.length || !this.#joins(text.codePointAt(next) as number);
  }

  /** End of a stretch with joining characters: before the first that does not join, after another such. */
  #runEnd(text: string, begin: number): number {
    let joined = true;
    for (let at = begin; at < text.length; ) {
      const codePoint = text.codePointAt(at) as number;
      const joins = this.#joins(codePoint);
      if (!joined && !joins && at > begin) return at;
      joined = joins;
      at += codePoint > 0xffff ? 2 : 1;
    }
    return text.length;
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
