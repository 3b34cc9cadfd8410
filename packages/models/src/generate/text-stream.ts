/**
 * Text from ids as they come, never breaking a character: text is held back while its last character may still be
 * incomplete (a byte-level token can end inside a character, which decodes to U+FFFD).
 */
export class TextStream {
  readonly #decode: (ids: readonly number[]) => string;
  #ids: number[] = [];
  #shown = ""; // what the ids decode to, as far as it was given out

  /** @param decode - all ids of a text to the text: `(ids) => tokenizer.decode(ids)`. */
  constructor(decode: (ids: readonly number[]) => string) {
    this.#decode = decode;
  }

  /** The new text that this id completes; often one token's, sometimes "". */
  push(id: number): string {
    this.#ids.push(id);
    return this.#emit(this.#decode(this.#ids), false);
  }

  /** What is still held back, at the end of the text. */
  end(): string {
    const rest = this.#emit(this.#decode(this.#ids), true);
    this.#ids = [];
    this.#shown = "";
    return rest;
  }

  #emit(text: string, isEnd: boolean): string {
    const ready = isEnd ? text : text.replace(/\uFFFD{1,3}$/, "");
    if (!ready.startsWith(this.#shown)) return ""; // a decoder that joins words may still change the end
    const fresh = ready.slice(this.#shown.length);
    this.#shown = ready;
    this.#forget(text, ready);
    return fresh;
  }

  /** Keeps the work per id constant: after a completed line's worth of ids, older ones are dropped. */
  #forget(text: string, ready: string): void {
    const keep = 8; // enough context for markers of joined words
    if (this.#ids.length < 64 || ready !== text) return;
    const tail = this.#ids.slice(-keep);
    const tailText = this.#decode(tail);
    if (!text.endsWith(tailText)) return; // the tail alone reads otherwise: keep all
    this.#ids = tail;
    this.#shown = tailText;
  }
}
