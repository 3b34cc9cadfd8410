/** Whole words (or labels, or characters) to ids and back, learned from counts. */
import { FormatError } from "@seq/core";

/** The id of unknown words in every list that has them; 0 is padding. */
export const unknownId = 1;

export class WordList {
  /** In id order. */
  readonly words: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  constructor(words: readonly string[]) {
    this.words = words;
    this.#ids = new Map(words.map((word, id) => [word, id]));
  }

  get size(): number {
    return this.words.length;
  }

  /** `undefined` for a word that is not in the list. */
  find(word: string): number | undefined {
    return this.#ids.get(word);
  }

  /** The id, or that of the unknown word. */
  id(word: string): number {
    return this.#ids.get(word) ?? unknownId;
  }

  /** Counted words, the most frequent first, ties by spelling; words seen less often are left out. */
  static learn(words: Iterable<string>, options: { readonly minCount?: number } = {}): WordList {
    const counts = new Map<string, number>();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    const kept = [...counts].filter(([, count]) => count >= (options.minCount ?? 1));
    kept.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return new WordList(["<pad>", "<unk>", ...kept.map(([word]) => word)]);
  }

  /** Labels have neither padding nor an unknown; sorted by spelling. */
  static labels(labels: Iterable<string>): WordList {
    return new WordList([...new Set(labels)].sort((a, b) => (a < b ? -1 : 1)));
  }

  static fromJson(where: string, value: unknown): WordList {
    if (Array.isArray(value) && value.every((word) => typeof word === "string")) {
      if (new Set(value).size === value.length) return new WordList(value);
    }
    throw new FormatError(`${where}: expected a list of distinct words.`, { code: "WORD_LIST" });
  }
}
