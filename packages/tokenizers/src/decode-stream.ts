/**
 * Decoding of ids one after the other, as a language model writes them. Text is given out only when later
 * ids cannot change it: never half a character, never half of a word that the decoder still rewrites.
 */
import type { DecodeOptions } from "@seq/core";
import type { Tokenizer } from "./tokenizer.ts";

/** Ids kept to decode in context; what lies before them has been given out. */
export class DecodeStream {
  readonly #tokenizer: Tokenizer;
  readonly #options: DecodeOptions;
  #ids: number[] = [];
  #given = ""; // text of the first #givenIds ids, in the context of #ids
  #givenIds = 0;

  constructor(tokenizer: Tokenizer, options: DecodeOptions = {}) {
    this.#tokenizer = tokenizer;
    this.#options = options;
  }

  /** Takes one id and returns the text that has become certain, often "". */
  push(id: number): string {
    this.#ids.push(id);
    return this.#advance(false);
  }

  /** Returns what is left at the end, half characters as U+FFFD. */
  flush(): string {
    const rest = this.#advance(true);
    this.#ids = [];
    this.#given = "";
    this.#givenIds = 0;
    return rest;
  }

  #advance(last: boolean): string {
    const text = this.#tokenizer.decode(this.#ids, this.#options);
    if (!last && (text.endsWith("\ufffd") || !text.startsWith(this.#given))) return "";
    const fresh = text.slice(this.#given.length);
    if (fresh === "" && !last) return "";
    // Keep the last ids as context: decoders treat the first token and neighbours specially.
    const kept = this.#givenIds;
    this.#ids = this.#ids.slice(kept);
    this.#given = this.#tokenizer.decode(this.#ids, this.#options);
    this.#givenIds = this.#ids.length;
    return fresh;
  }
}
