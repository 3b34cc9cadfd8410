/**
 * Hand-written scanners for the patterns of the GPT family, over UTF-8 bytes: the words are those of the
 * regular expression (a property test compares them), at several times its speed.
 *
 * One scanner serves the whole family, because the patterns differ in few places: which characters make a
 * word, how many digits go together, where contractions stand, what line breaks do.
 */
import type { WordScanner } from "../stages.types.ts";
import {
  asciiClasses,
  classOf,
  letter,
  lineBreak,
  lowerLetter,
  mark,
  multiByte,
  numeric,
  otherLetter,
  space,
  upperLetter,
} from "../text/character-classes.ts";
import { codePointAt } from "../text/utf8.ts";

export interface GptPattern {
  /**
   * How letters group: `"spaced"` ` ?\p{L}+` (GPT-2), `"prefixed"` any one character before the letters
   * (GPT-4), `"cased"` the same and a change from lower to upper case ends a word (GPT-4o).
   */
  readonly letters: "spaced" | "prefixed" | "cased";
  /** Digits that go together: 1, 3, or all (with a space before them, as in GPT-2). */
  readonly digits: 1 | 3 | "all";
  /**
   * English contractions ('s, 'll): words of their own in lower case, in any case, after a word in any
   * case, or not at all.
   */
  readonly contractions: "lower" | "any-case" | "suffix" | "none";
  /** `[\r\n]*` (or `[\r\n/]*`) after punctuation; `\s*[\r\n]+` is a word. */
  readonly lines: "none" | "breaks" | "breaks-and-slash";
  /** White space at the end of the text is one word, line breaks and all (`\s++$`, tiktoken). */
  readonly trailing?: boolean;
}

const upperRun = upperLetter | otherLetter | mark; // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
const lowerRun = lowerLetter | otherLetter | mark; // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
const notPunctuation = space | letter | numeric;

export class GptScanner implements WordScanner {
  readonly pattern: GptPattern;
  reach = 0;
  readonly #ascii = asciiClasses();
  readonly #spaced: boolean;
  readonly #cased: boolean;
  readonly #wordClasses: number;
  readonly #contractionFirst: boolean;
  #width = 1; // bytes of the character last classified

  constructor(pattern: GptPattern) {
    this.pattern = pattern;
    this.#spaced = pattern.letters === "spaced";
    this.#cased = pattern.letters === "cased";
    this.#wordClasses = this.#cased ? letter | mark : letter;
    this.#contractionFirst =
      pattern.contractions === "lower" || pattern.contractions === "any-case";
  }

  scan(bytes: Uint8Array, begin: number, end: number): number {
    const first = bytes[begin] as number;
    let cls = this.#ascii[first] as number;
    let next = begin + 1;
    if (cls === multiByte) {
      cls = this.#classAt(bytes, begin);
      next = begin + this.#width;
    }
    this.reach = 0;
    if ((cls & letter) !== 0) return this.#letters(bytes, begin, end);
    if ((cls & numeric) !== 0) return this.#digits(bytes, begin, end);
    if (first === 0x27 && this.#contractionFirst) {
      const to = this.#contraction(bytes, begin, end, this.pattern.contractions === "any-case");
      if (to > begin) return to;
    }
    const prefix = this.#spaced ? first === 0x20 : (cls & lineBreak) === 0;
    if (next < end && (prefix || first === 0x20)) {
      const nextByte = bytes[next] as number;
      let nextClass = this.#ascii[nextByte] as number;
      if (nextClass === multiByte) nextClass = this.#classAt(bytes, next);
      if (prefix && (nextClass & this.#wordClasses) !== 0) {
        const to = this.#lettersAfterPrefix(bytes, begin, next, end, cls);
        if (to > 0) return to;
      } else if (first === 0x20 && (nextClass & notPunctuation) === 0) {
        return this.#punctuation(bytes, next, end);
      } else if (first === 0x20 && this.pattern.digits === "all" && (nextClass & numeric) !== 0) {
        return this.#digits(bytes, next, end);
      }
    }
    if ((cls & space) !== 0) return this.#spaces(bytes, begin, end);
    if (this.#cased && (cls & mark) !== 0) return this.#letters(bytes, begin, end);
    return this.#punctuation(bytes, begin, end);
  }

  /** End of the run of characters of some classes. */
  #run(bytes: Uint8Array, begin: number, end: number, classes: number): number {
    const ascii = this.#ascii;
    let at = begin;
    while (at < end) {
      const cls = ascii[bytes[at] as number] as number;
      if ((cls & classes) !== 0) at++;
      else if (cls === multiByte && (this.#classAt(bytes, at) & classes) !== 0) at += this.#width;
      else break;
    }
    return at;
  }

  #letters(bytes: Uint8Array, begin: number, end: number): number {
    if (!this.#cased) return this.#run(bytes, begin, end, letter);
    const to = this.#casedWord(bytes, begin, end, true);
    return this.pattern.contractions === "suffix" ? this.#withContraction(bytes, to, end) : to;
  }

  /** Letters after the one character that may stand before them; 0 when only fewer fit. */
  #lettersAfterPrefix(
    bytes: Uint8Array,
    begin: number,
    next: number,
    end: number,
    cls: number,
  ): number {
    if (!this.#cased) return this.#run(bytes, next, end, letter);
    // A mark may be the prefix or belong to the word: the pattern's first alternative, with and then
    // without the prefix, goes before its second.
    const alternatives = (cls & mark) !== 0;
    let to = this.#casedWord(bytes, next, end, !alternatives);
    if (to < 0) to = this.#casedWord(bytes, begin, end, true);
    return this.pattern.contractions === "suffix" ? this.#withContraction(bytes, to, end) : to;
  }

  /**
   * `U*W+`, else (when allowed) `U+W*`, with U = upper case, caseless, marks and W = lower case, caseless,
   * marks. Where no lower-case letter follows the run of U, the greedy match backs up to the last
   * character of it that is also in W. Returns -1 when nothing fits.
   */
  #casedWord(bytes: Uint8Array, begin: number, end: number, upperOnly: boolean): number {
    const ascii = this.#ascii;
    let at = begin;
    let lastShared = -1; // end of the last caseless letter or mark in the run
    while (at < end) {
      let cls = ascii[bytes[at] as number] as number;
      let width = 1;
      if (cls === multiByte) {
        cls = this.#classAt(bytes, at);
        width = this.#width;
      }
      if ((cls & upperRun) === 0) {
        if ((cls & lowerLetter) !== 0) return this.#run(bytes, at + width, end, lowerRun);
        break;
      }
      at += width;
      if ((cls & lowerRun) !== 0) lastShared = at;
    }
    if (lastShared > 0) return lastShared;
    return upperOnly && at > begin ? at : -1;
  }

  #digits(bytes: Uint8Array, begin: number, end: number): number {
    const { digits } = this.pattern;
    if (digits === "all") return this.#run(bytes, begin, end, numeric);
    let at = begin;
    for (let count = 0; count < digits && at < end; count++) {
      let cls = this.#ascii[bytes[at] as number] as number;
      let width = 1;
      if (cls === multiByte) {
        cls = this.#classAt(bytes, at);
        width = this.#width;
      }
      if ((cls & numeric) === 0) break;
      at += width;
    }
    return at;
  }

  #punctuation(bytes: Uint8Array, begin: number, end: number): number {
    const ascii = this.#ascii;
    let at = begin;
    while (at < end) {
      const cls = ascii[bytes[at] as number] as number;
      if (cls === multiByte) {
        if ((this.#classAt(bytes, at) & notPunctuation) !== 0) break;
        at += this.#width;
      } else if ((cls & notPunctuation) === 0) {
        at++;
      } else {
        break;
      }
    }
    const { lines } = this.pattern;
    if (lines === "none") return at;
    while (at < end) {
      const byte = bytes[at];
      if (byte !== 10 && byte !== 13 && !(byte === 0x2f && lines === "breaks-and-slash")) break;
      at++;
    }
    return at;
  }

  /** A run of white space: up to its last line break, else all, but its last when a word follows. */
  #spaces(bytes: Uint8Array, begin: number, end: number): number {
    const ascii = this.#ascii;
    let at = begin;
    let last = begin; // begin of the last character
    let afterBreak = -1;
    while (at < end) {
      let cls = ascii[bytes[at] as number] as number;
      let width = 1;
      if (cls === multiByte) {
        cls = this.#classAt(bytes, at);
        width = this.#width;
      }
      if ((cls & space) === 0) break;
      last = at;
      at += width;
      if ((cls & lineBreak) !== 0) afterBreak = at;
    }
    this.reach = at;
    if (at === end && this.pattern.trailing) return at;
    if (afterBreak > 0 && this.pattern.lines !== "none") return afterBreak;
    if (at === end || last === begin) return at;
    return last;
  }

  #withContraction(bytes: Uint8Array, at: number, end: number): number {
    return at < end && bytes[at] === 0x27 ? this.#contraction(bytes, at, end, true) : at;
  }

  /** End of 's 't 'm 'd 'll 've 're at a place, or the place itself. */
  #contraction(bytes: Uint8Array, at: number, end: number, anyCase: boolean): number {
    if (at + 1 >= end) return at;
    const fold = anyCase ? 0x20 : 0;
    const a = (bytes[at + 1] as number) | fold;
    if (a === 0x73 || a === 0x74 || a === 0x6d || a === 0x64) return at + 2;
    if (at + 2 >= end) return at;
    const b = (bytes[at + 2] as number) | fold;
    if ((a === 0x6c && b === 0x6c) || ((a === 0x76 || a === 0x72) && b === 0x65)) return at + 3;
    // U+017F, the long s, is an s in any case (Unicode simple case folding).
    const longS = anyCase && bytes[at + 1] === 0xc5 && bytes[at + 2] === 0xbf;
    return longS ? at + 3 : at;
  }

  #classAt(bytes: Uint8Array, at: number): number {
    const first = bytes[at] as number;
    if (first < 0x80) {
      this.#width = 1;
      return this.#ascii[first] as number;
    }
    this.#width = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return classOf(codePointAt(bytes, at));
  }
}
