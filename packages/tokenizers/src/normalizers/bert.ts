/** BERT's text cleaning: control characters, CJK isolation, accents, case. */
import type { AlignedText } from "../aligned-text.ts";
import type { Normalizer } from "../stages.types.ts";
import {
  type CharacterTest,
  characterTest,
  isCjkIdeograph,
  isWhiteSpace,
} from "../text/character-tests.ts";
import { rewriteCharacters } from "./by-character.ts";
import { Lowercase } from "./case.ts";
import { UnicodeNormalizer } from "./unicode.ts";

export interface BertNormalizerOptions {
  /** Drop control characters, make all white space spaces. Default true. */
  readonly cleanText?: boolean | undefined;
  /** Put spaces around CJK ideographs. Default true. */
  readonly handleChineseCharacters?: boolean | undefined;
  /** Default: as `lowercase`. */
  readonly stripAccents?: boolean | undefined;
  /** Default true. */
  readonly lowercase?: boolean | undefined;
}

export class BertNormalizer implements Normalizer {
  readonly type = "BertNormalizer";
  readonly cleanText: boolean;
  readonly handleChineseCharacters: boolean;
  /** As given: `undefined` follows `lowercase`. */
  readonly stripAccents: boolean | undefined;
  readonly lowercase: boolean;
  readonly #isOther: CharacterTest = characterTest(/[\p{Cc}\p{Cf}\p{Co}]/u);
  readonly #isAccent: CharacterTest = characterTest(/\p{Mn}/u);
  readonly #lower = new Lowercase();
  readonly #nfd = new UnicodeNormalizer("NFD");

  constructor(options: BertNormalizerOptions = {}) {
    this.cleanText = options.cleanText ?? true;
    this.handleChineseCharacters = options.handleChineseCharacters ?? true;
    this.stripAccents = options.stripAccents;
    this.lowercase = options.lowercase ?? true;
  }

  normalize(text: string): string {
    if (!/[^\n -~]/.test(text)) {
      const clean = this.cleanText && text.includes("\n") ? text.replaceAll("\n", " ") : text;
      return this.lowercase ? clean.toLowerCase() : clean;
    }
    let out = "";
    let copied = 0;
    for (let at = 0; at < text.length; ) {
      const codePoint = text.codePointAt(at) as number;
      const width = codePoint > 0xffff ? 2 : 1;
      const cleaned = this.cleanText ? this.#clean(codePoint) : undefined;
      const becomes = cleaned ?? this.#isolate(codePoint);
      if (becomes !== undefined) {
        out += text.slice(copied, at) + becomes;
        copied = at + width;
      }
      at += width;
    }
    out += text.slice(copied);
    if (this.stripAccents ?? this.lowercase) out = this.#withoutAccents(out.normalize("NFD"));
    return this.lowercase ? this.#lower.normalize(out) : out;
  }

  align(text: AlignedText): AlignedText {
    let current = text;
    if (this.cleanText) current = rewriteCharacters(current, (c) => this.#clean(c));
    if (this.handleChineseCharacters) current = rewriteCharacters(current, (c) => this.#isolate(c));
    if (this.stripAccents ?? this.lowercase) {
      current = this.#nfd.align(current);
      current = rewriteCharacters(current, (c) =>
        c >= 0x300 && this.#isAccent(c) ? "" : undefined,
      );
    }
    return this.lowercase ? this.#lower.align(current) : current;
  }

  #clean(c: number): string | undefined {
    if (c === 9 || c === 10 || c === 13) return " ";
    if (c === 0 || c === 0xfffd || (c >= 0xd800 && c < 0xe000) || this.#isOther(c)) return "";
    return c !== 0x20 && isWhiteSpace(c) ? " " : undefined;
  }

  #isolate(c: number): string | undefined {
    if (!this.handleChineseCharacters || !isCjkIdeograph(c)) return undefined;
    return ` ${String.fromCodePoint(c)} `;
  }

  #withoutAccents(text: string): string {
    let out = "";
    let copied = 0;
    for (let at = 0; at < text.length; ) {
      const codePoint = text.codePointAt(at) as number;
      const width = codePoint > 0xffff ? 2 : 1;
      if (codePoint >= 0x300 && this.#isAccent(codePoint)) {
        out += text.slice(copied, at);
        copied = at + width;
      }
      at += width;
    }
    return out + text.slice(copied);
  }
}
