/** How long tokens are and how many words they span, so that limits are checked in O(1) per pair. */
import type { MarkerOptions, TokenTable } from "../../training/symbols.ts";

export interface MergeLimits {
  /** Longest token in characters (of the alphabet: bytes in byte-level BPE), markers not counted. */
  readonly maxTokenLength?: number | undefined;
  /** Most words a token may span, parts of words included: 1 keeps tokens within a word. */
  readonly maxPieceWords?: number | undefined;
  /** The character between words, for `maxPieceWords`. Default `" "`. */
  readonly wordSeparator?: string | undefined;
}

const unlimited = Number.POSITIVE_INFINITY;

export class TokenShapes {
  readonly #maxLength: number;
  readonly #maxWords: number;
  readonly #lengths: number[] = [];
  readonly #words: number[] = [];
  /** Whether the first and the last character belong to a word. */
  readonly #beginsInWord: boolean[] = [];
  readonly #endsInWord: boolean[] = [];

  constructor(table: TokenTable, options: MergeLimits & MarkerOptions) {
    this.#maxLength = options.maxTokenLength ?? unlimited;
    this.#maxWords = options.maxPieceWords ?? unlimited;
    const separator = options.wordSeparator ?? " ";
    // Single characters in their plain or marked forms; special tokens are in no pair.
    for (const token of table.tokens) {
      const inWord = token !== separator;
      this.#lengths.push(1);
      this.#words.push(inWord ? 1 : 0);
      this.#beginsInWord.push(inWord);
      this.#endsInWord.push(inWord);
    }
  }

  mayJoin(left: number, right: number): boolean {
    return (
      (this.#lengths[left] as number) + (this.#lengths[right] as number) <= this.#maxLength &&
      this.#joinedWords(left, right) <= this.#maxWords
    );
  }

  /** Appends the shape of the next token, which joins two. */
  add(left: number, right: number): void {
    this.#words.push(this.#joinedWords(left, right));
    this.#lengths.push((this.#lengths[left] as number) + (this.#lengths[right] as number));
    this.#beginsInWord.push(this.#beginsInWord[left] as boolean);
    this.#endsInWord.push(this.#endsInWord[right] as boolean);
  }

  #joinedWords(left: number, right: number): number {
    const shared = this.#endsInWord[left] && this.#beginsInWord[right] ? 1 : 0;
    return (this.#words[left] as number) + (this.#words[right] as number) - shared;
  }
}
