import { VocabularyError } from "@seq/core";

/**
 * Words and their ids for word-level n-gram models and ARPA files. Ids 0, 1, 2 are `<unk>`, `<s>`, `</s>`
 * as in KenLM's lmplz, then words in the order in which they came. `__proto__` is a word like any other.
 */
export class WordVocabulary {
  /** Token of each id. */
  readonly tokens: readonly string[];
  readonly unknownId: number;
  readonly beginId: number;
  readonly endId: number;
  readonly #ids = new Map<string, number>();

  /**
   * @param tokens - all different, with `<unk>`, `<s>` and `</s>` among them (`<UNK>` is taken for `<unk>`).
   * @throws {VocabularyError} `DUPLICATE_TOKEN`, `MISSING_TOKEN`
   */
  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
    for (let id = 0; id < tokens.length; id++) {
      const token = tokens[id]!;
      if (this.#ids.has(token)) {
        throw new VocabularyError(
          `WordVocabulary: "${token}" stands at ${this.#ids.get(token)} and at ${id}; expected each token once.`,
          { code: "DUPLICATE_TOKEN", details: { token } },
        );
      }
      this.#ids.set(token, id);
    }
    this.unknownId = this.#require("<unk>", "<UNK>");
    this.beginId = this.#require("<s>");
    this.endId = this.#require("</s>");
  }

  get size(): number {
    return this.tokens.length;
  }

  /** The id of a word; `undefined` when it is unknown. */
  find(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** The id of a word, or that of `<unk>`. */
  id(token: string): number {
    return this.#ids.get(token) ?? this.unknownId;
  }

  /** Ids of the words of a line, split at white space. */
  encode(line: string): Int32Array {
    return Int32Array.from(splitWords(line), (word) => this.id(word));
  }

  #require(...names: string[]): number {
    for (const name of names) {
      const id = this.#ids.get(name);
      if (id !== undefined) return id;
    }
    throw new VocabularyError(
      `WordVocabulary: no "${names[0]}" among ${this.tokens.length} tokens; add it.`,
      { code: "MISSING_TOKEN", details: { token: names[0] } },
    );
  }
}

/** The words of a line: split at the white space that lmplz knows (NUL, tab, newline, return, space). */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let start = -1;
  for (let i = 0; i <= line.length; i++) {
    const code = i < line.length ? line.charCodeAt(i) : 32;
    const space = code === 32 || code === 9 || code === 10 || code === 13 || code === 0;
    if (space) {
      if (start >= 0) words.push(line.slice(start, i));
      start = -1;
    } else if (start < 0) start = i;
  }
  return words;
}
