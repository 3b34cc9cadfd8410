/** SentencePiece's word and character models: whole words between "▁", or single characters. */
import type { Model } from "../../stages.types.ts";
import type { ByteTrie } from "../../text/byte-trie.ts";
import { utf8Length } from "../../text/utf8.ts";
import type { TokenBuffer } from "../../token-buffer.ts";
import { Vocabulary } from "../../vocabulary.ts";
import { pushUnknown, userDefinedTrie } from "../bpe/sentencepiece.ts";
import { byteTokenIds } from "../byte-tokens.ts";
import type { SentencePiecePieces } from "../sentencepiece.types.ts";

export class SentencePieceWords implements Model {
  readonly type = "SentencePieceWords";
  readonly showsUnknown = true;
  readonly vocab: Vocabulary;
  readonly unknownId: number;
  readonly unit: "word" | "char";
  readonly #suffix: boolean;
  readonly #byteIds: Int32Array | undefined;
  readonly #userDefined: ByteTrie | undefined;

  /** @param suffix - "▁" ends a word instead of beginning one. */
  constructor(pieces: SentencePiecePieces, unit: "word" | "char", suffix = false) {
    this.vocab = Vocabulary.of(
      pieces.pieces.map(([piece]) => piece),
      { where: "SentencePiece" },
    );
    this.unknownId = pieces.unknownId;
    this.unit = unit;
    this.#suffix = suffix;
    if (pieces.byteFallback) this.#byteIds = byteTokenIds(this.vocab);
    this.#userDefined = userDefinedTrie(this.vocab, pieces.types);
  }

  tokenize(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void {
    const next = this.unit === "char" ? this.#character : this.#word;
    for (let at = begin; at < end; ) {
      const to = next.call(this, bytes, at, end);
      const id = this.vocab.find(bytes, at, to);
      if (id >= 0 && id !== this.unknownId) out.push(id, at - begin, to - begin);
      else this.#unknown(bytes, begin, at - begin, to - begin, out);
      at = to;
    }
  }

  #character(bytes: Uint8Array, at: number, end: number): number {
    const longest = this.#userDefined?.longest(bytes, at, end) ?? -1;
    return longest > 0 ? longest : Math.min(at + utf8Length(bytes[at] as number), end);
  }

  #word(bytes: Uint8Array, begin: number, end: number): number {
    for (let at = begin; at < end; at += utf8Length(bytes[at] as number)) {
      const mark = bytes[at] === 0xe2 && bytes[at + 1] === 0x96 && bytes[at + 2] === 0x81;
      if (!mark || at + 3 > end) continue;
      if (this.#suffix) return at + 3;
      if (at > begin) return at;
    }
    return end;
  }

  #unknown(bytes: Uint8Array, begin: number, from: number, to: number, out: TokenBuffer): void {
    const ids = this.#byteIds;
    if (ids === undefined) {
      pushUnknown(this.unknownId, from, to, out);
      return;
    }
    for (let i = from; i < to; i++) {
      out.push(ids[bytes[begin + i] as number] as number, from, i === to - 1 ? to : from);
    }
  }
}
