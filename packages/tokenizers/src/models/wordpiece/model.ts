/**
 * WordPiece encoding (Schuster & Nakajima 2012, as in BERT): from the left the longest token that fits;
 * all tokens but the first of a word carry a prefix ("##"). A word that cannot be covered, or that is
 * too long, is one unknown token. O(n * longest token).
 */
import { checkInteger, checkOptions, OptionError } from "@seq/core";
import type { Model } from "../../stages.types.ts";
import { ByteTrie } from "../../text/byte-trie.ts";
import { encodeUtf8 } from "../../text/utf8.ts";
import type { TokenBuffer } from "../../token-buffer.ts";
import { Vocabulary } from "../../vocabulary.ts";

export interface WordPieceOptions {
  readonly vocab: Vocabulary | readonly (string | undefined)[];
  /** Default `"[UNK]"`. */
  readonly unknownToken?: string | undefined;
  /** Default `"##"`. */
  readonly continuingSubwordPrefix?: string | undefined;
  /** Longer words are unknown; characters (code points). Default 100. */
  readonly maxWordLength?: number | undefined;
}

export class WordPiece implements Model {
  readonly type = "WordPiece";
  readonly vocab: Vocabulary;
  readonly unknownId: number;
  readonly unknownToken: string;
  readonly continuingSubwordPrefix: string;
  readonly maxWordLength: number;
  readonly #first: ByteTrie; // tokens as they are
  readonly #rest: ByteTrie; // tokens with the prefix, without it

  constructor(options: WordPieceOptions) {
    checkOptions("WordPiece", options, [
      "vocab", "unknownToken", "continuingSubwordPrefix", "maxWordLength",
    ]); // biome-ignore format: a list
    const { vocab, unknownToken = "[UNK]", continuingSubwordPrefix = "##" } = options;
    this.vocab = vocab instanceof Vocabulary ? vocab : Vocabulary.of(vocab, { where: "WordPiece" });
    this.maxWordLength = checkInteger("WordPiece", "maxWordLength", options.maxWordLength ?? 100, {
      min: 0,
    });
    const unknownId = this.vocab.idOf(unknownToken);
    if (unknownId === undefined) {
      throw new OptionError(
        `WordPiece: unknownToken is ${JSON.stringify(unknownToken)}, which is not in the vocabulary.`,
        { code: "OPTION_RANGE", details: { option: "unknownToken", value: unknownToken } },
      );
    }
    this.unknownId = unknownId;
    this.unknownToken = unknownToken;
    this.continuingSubwordPrefix = continuingSubwordPrefix;
    const prefix = encodeUtf8(continuingSubwordPrefix);
    this.#first = new ByteTrie(this.vocab.size * 2);
    this.#rest = new ByteTrie(this.vocab.size * 2);
    for (let id = 0; id < this.vocab.size; id++) {
      const bytes = this.vocab.bytesOf(id);
      if (bytes === undefined || bytes.length === 0) continue;
      this.#first.add(bytes, id);
      if (bytes.length > prefix.length && prefix.every((byte, i) => byte === bytes[i])) {
        this.#rest.add(bytes.subarray(prefix.length), id);
      }
    }
  }

  tokenize(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void {
    const before = out.length;
    let fits = end - begin <= this.maxWordLength || this.#characters(bytes, begin, end);
    let trie = this.#first;
    for (let at = begin; fits && at < end; ) {
      const to = trie.longest(bytes, at, end);
      if (to < 0) {
        fits = false;
      } else {
        out.push(trie.found, at - begin, to - begin);
        at = to;
        trie = this.#rest;
      }
    }
    if (fits) return;
    out.length = before;
    out.push(this.unknownId, 0, end - begin);
  }

  /** True when the word has at most `maxWordLength` characters. */
  #characters(bytes: Uint8Array, begin: number, end: number): boolean {
    if (this.vocab.byteLevel) return end - begin <= this.maxWordLength;
    let count = 0;
    for (let at = begin; at < end; at++) if (((bytes[at] as number) & 0xc0) !== 0x80) count++;
    return count <= this.maxWordLength;
  }
}
