/**
 * BPE as SentencePiece does it: two neighbours join when their concatenation is a piece, the piece of the
 * highest score first, the leftmost where scores are equal. Characters need not be pieces themselves.
 * User-defined pieces are found first and never join. Pieces marked unused take part, but are taken apart
 * again at the end.
 */
import type { Model, RandomOptions } from "../../stages.types.ts";
import { ByteTrie } from "../../text/byte-trie.ts";
import { utf8Length } from "../../text/utf8.ts";
import type { TokenBuffer } from "../../token-buffer.ts";
import { Vocabulary } from "../../vocabulary.ts";
import { byteTokenIds } from "../byte-tokens.ts";
import type { SentencePiecePieces } from "../sentencepiece.types.ts";
import { mergeWithDropout } from "./dropout.ts";
import { mergeSymbols, Symbols } from "./merge-symbols.ts";
import { MergeTable } from "./merges.ts";

export class SentencePieceBPE implements Model {
  readonly type = "SentencePieceBPE";
  readonly showsUnknown = true;
  readonly vocab: Vocabulary;
  readonly unknownId: number;
  readonly #types: SentencePiecePieces["types"];
  readonly #byteIds: Int32Array | undefined;
  readonly #frozen: ByteTrie | undefined;
  readonly #table: MergeTable;
  readonly #ranks: Int32Array; // id -> rank of its score, 0 the highest
  readonly #scratch: Uint8Array;
  readonly #symbols = new Symbols();

  constructor({ pieces, types, unknownId, byteFallback }: SentencePiecePieces) {
    this.vocab = Vocabulary.of(
      pieces.map(([piece]) => piece),
      { where: "SentencePiece" },
    );
    this.#types = types;
    this.unknownId = unknownId;
    if (byteFallback) this.#byteIds = byteTokenIds(this.vocab);
    this.#frozen = userDefinedTrie(this.vocab, types);
    const scores = [...new Set(pieces.map(([, score]) => score))].sort((a, b) => b - a);
    const rankOfScore = new Map(scores.map((score, rank) => [score, rank]));
    this.#ranks = Int32Array.from(pieces, ([, score]) => rankOfScore.get(score) as number);
    this.#scratch = new Uint8Array(this.vocab.maxBytes * 2 + 16);
    this.#table = new MergeTable(4096, {
      resolve: (left, right) => this.#join(left, right),
      rankOf: (id) => this.#ranks[id] as number,
      rankCount: scores.length,
    });
  }

  tokenize(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void {
    this.#cut(bytes, begin, end);
    mergeSymbols(this.#symbols, this.#table);
    this.#emit(bytes, begin, out);
  }

  tokenizeRandomly(
    bytes: Uint8Array,
    begin: number,
    end: number,
    out: TokenBuffer,
    { dropout = 0.1, rng }: RandomOptions,
  ): void {
    this.#cut(bytes, begin, end);
    mergeWithDropout(this.#symbols, this.#table, dropout, rng);
    this.#emit(bytes, begin, out);
  }

  /** Symbols: ids of pieces, or -2 - code point for characters that are none, or -1 - 2^21 - id frozen. */
  #cut(bytes: Uint8Array, begin: number, end: number): void {
    const symbols = this.#symbols;
    symbols.clear();
    const size = this.vocab.size;
    for (let at = begin; at < end; ) {
      const frozenEnd = this.#frozen?.longest(bytes, at, end) ?? -1;
      if (frozenEnd > 0) {
        symbols.push(size + characters + (this.#frozen as ByteTrie).found, frozenEnd - at);
        at = frozenEnd;
        continue;
      }
      const width = Math.min(utf8Length(bytes[at] as number), end - at);
      const id = this.vocab.find(bytes, at, at + width);
      const known = id >= 0 && this.#mergeable(id);
      symbols.push(known ? id : size + packCharacter(bytes, at, width), width);
      at += width;
    }
  }

  #mergeable(id: number): boolean {
    const type = this.#types[id];
    return type === "normal" || type === "user-defined" || type === "unused";
  }

  /** Id of the piece that two symbols form, or -1. */
  #join(left: number, right: number): number {
    const size = this.vocab.size;
    if (left >= size + characters || right >= size + characters) return -1;
    const scratch = this.#scratch;
    let end = this.#copy(left, 0);
    if (end + this.#byteLength(right) > scratch.length) return -1;
    end = this.#copy(right, end);
    const id = this.vocab.find(scratch, 0, end);
    return id >= 0 && this.#mergeable(id) ? id : -1;
  }

  #byteLength(symbol: number): number {
    return symbol < this.vocab.size ? this.vocab.byteLength(symbol) : 4;
  }

  #copy(symbol: number, at: number): number {
    const { size } = this.vocab;
    if (symbol < size) return this.vocab.copyBytes(symbol, this.#scratch, at);
    return unpackCharacter(symbol - size, this.#scratch, at);
  }

  #emit(bytes: Uint8Array, begin: number, out: TokenBuffer): void {
    const { ids, lengths, count } = this.#symbols;
    const size = this.vocab.size;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const symbol = ids[i] as number;
      const end = at + (lengths[i] as number);
      if (symbol >= size + characters) out.push(symbol - size - characters, at, end);
      else if (symbol >= size) this.#unknown(bytes, begin, at, end, out);
      else if (this.#types[symbol] === "unused") this.#takeApart(bytes, begin, at, end, out);
      else out.push(symbol, at, end);
      at = end;
    }
  }

  /** An unused piece goes back to the two parts it would have been merged from, and so on. */
  #takeApart(bytes: Uint8Array, begin: number, from: number, to: number, out: TokenBuffer): void {
    const parts = new Symbols();
    const inner = new TokenSplitter(this.vocab, this.#types, this.#ranks);
    inner.split(bytes.subarray(begin + from, begin + to), parts);
    let at = from;
    for (let i = 0; i < parts.count; i++) {
      const end = at + (parts.lengths[i] as number);
      if ((parts.ids[i] as number) < 0) this.#unknown(bytes, begin, at, end, out);
      else out.push(parts.ids[i] as number, at, end);
      at = end;
    }
  }

  #unknown(bytes: Uint8Array, begin: number, from: number, to: number, out: TokenBuffer): void {
    const byteIds = this.#byteIds;
    if (byteIds !== undefined) {
      for (let i = from; i < to; i++) {
        out.push(byteIds[bytes[begin + i] as number] as number, from, i === to - 1 ? to : from);
      }
      return;
    }
    pushUnknown(this.unknownId, from, to, out);
  }
}

/** Appends an unknown token, or makes the last one longer when that is unknown too and touches it. */
export function pushUnknown(id: number, from: number, to: number, out: TokenBuffer): void {
  const last = out.length - 1;
  if (last >= 0 && out.ids[last] === id && out.spans[2 * last + 1] === from) {
    out.spans[2 * last + 1] = to;
  } else {
    out.push(id, from, to);
  }
}

/** The user-defined pieces, which are found in the text before anything else. */
export function userDefinedTrie(
  vocab: Vocabulary,
  types: SentencePiecePieces["types"],
): ByteTrie | undefined {
  let trie: ByteTrie | undefined;
  types.forEach((type, id) => {
    if (type !== "user-defined") return;
    trie ??= new ByteTrie(256);
    trie.add(vocab.bytesOf(id) as Uint8Array, id);
  });
  return trie;
}

const characters = 0x110000;

function packCharacter(bytes: Uint8Array, at: number, width: number): number {
  const first = bytes[at] as number;
  let codePoint = width === 1 ? first : first & (0xff >> (width + 1));
  for (let i = 1; i < width; i++) codePoint = (codePoint << 6) | ((bytes[at + i] as number) & 0x3f);
  return codePoint;
}

function unpackCharacter(codePoint: number, target: Uint8Array, at: number): number {
  if (codePoint < 0x80) {
    target[at] = codePoint;
    return at + 1;
  }
  const width = codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  for (let i = width - 1; i > 0; i--)
    target[at + i] = 0x80 | ((codePoint >> (6 * (width - 1 - i))) & 0x3f);
  target[at] = ((0xf00 >> width) & 0xff) | (codePoint >> (6 * (width - 1)));
  return at + width;
}

/**
 * Takes an unused piece apart: merges its characters again and stops before the piece itself, then goes on
 * with parts that are unused. Rare and short, so written plainly.
 */
class TokenSplitter {
  readonly #vocab: Vocabulary;
  readonly #types: SentencePiecePieces["types"];
  readonly #ranks: Int32Array;

  constructor(vocab: Vocabulary, types: SentencePiecePieces["types"], ranks: Int32Array) {
    this.#vocab = vocab;
    this.#types = types;
    this.#ranks = ranks;
  }

  split(word: Uint8Array, out: Symbols): void {
    let parts: Uint8Array[] = [];
    for (let at = 0; at < word.length; ) {
      const end = Math.min(at + utf8Length(word[at] as number), word.length);
      parts.push(word.subarray(at, end));
      at = end;
    }
    while (parts.length > 2) {
      let best = -1;
      let bestRank = Number.POSITIVE_INFINITY;
      for (let i = 0; i + 1 < parts.length; i++) {
        const id = this.#idOf(word, parts[i] as Uint8Array, parts[i + 1] as Uint8Array);
        const rank = id < 0 ? Number.POSITIVE_INFINITY : (this.#ranks[id] as number);
        if (rank < bestRank) {
          bestRank = rank;
          best = i;
        }
      }
      if (best < 0) break;
      const [left, right] = [parts[best], parts[best + 1]] as [Uint8Array, Uint8Array];
      const begin = left.byteOffset - word.byteOffset;
      const joined = word.subarray(begin, begin + left.length + right.length);
      parts = [...parts.slice(0, best), joined, ...parts.slice(best + 2)];
    }
    for (const part of parts) {
      const id = this.#vocab.find(part, 0, part.length);
      const unused = id >= 0 && this.#types[id] === "unused";
      if (unused && part.length < word.length && part.length > utf8Length(part[0] as number)) {
        this.split(part, out);
      } else {
        out.push(id, part.length);
      }
    }
  }

  #idOf(word: Uint8Array, left: Uint8Array, right: Uint8Array): number {
    const begin = left.byteOffset - word.byteOffset;
    return this.#vocab.find(word, begin, begin + left.length + right.length);
  }
}
