/** Normalizers at the ends of a text. */
import { type AlignedText, Rewriter } from "../aligned-text.ts";
import type { Normalizer } from "../stages.types.ts";
import { isWhiteSpace } from "../text/character-tests.ts";

/** Drops white space at the ends. */
export class Strip implements Normalizer {
  readonly type = "Strip";
  readonly left: boolean;
  readonly right: boolean;

  constructor({ left = true, right = true }: { left?: boolean; right?: boolean } = {}) {
    this.left = left;
    this.right = right;
  }

  normalize(text: string): string {
    const [begin, end] = this.#range(text);
    return text.slice(begin, end);
  }

  align(text: AlignedText): AlignedText {
    const [begin, end] = this.#range(text.text);
    return begin === 0 && end === text.text.length ? text : text.slice(begin, end);
  }

  #range(text: string): [number, number] {
    let begin = 0;
    let end = text.length;
    while (this.left && begin < end && isWhiteSpace(text.charCodeAt(begin))) begin++;
    while (this.right && end > begin && isWhiteSpace(text.charCodeAt(end - 1))) end--;
    return [begin, end];
  }
}

/** Puts a string before every text that is not empty. */
export class Prepend implements Normalizer {
  readonly type = "Prepend";
  readonly prepend: string;

  constructor({ prepend }: { readonly prepend: string }) {
    this.prepend = prepend;
  }

  normalize(text: string): string {
    return text === "" ? text : this.prepend + text;
  }

  align(from: AlignedText): AlignedText {
    const { text } = from;
    if (text === "" || this.prepend === "") return from;
    const writer = new Rewriter(from);
    writer.write(this.prepend, 0, (text.codePointAt(0) as number) > 0xffff ? 2 : 1);
    writer.copy(0, text.length);
    return writer.finish();
  }
}
