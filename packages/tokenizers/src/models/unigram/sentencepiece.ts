/**
 * Unigram as SentencePiece runs it: one Viterbi over the whole text in float32.
 *
 * Word by word with a cache it would be many times faster, but sums that run over the whole text round
 * differently from sums of a word, and near-ties could fall the other way. So each cached word knows its
 * margin: how much worse, exactly, its second best segmentation is. Where the rounding at the current sum
 * cannot reach that margin the cached tokens are right; else the word is searched again with the sum so
 * far, as SentencePiece would.
 */
import type { Model, RandomOptions, ScoredIds } from "../../stages.types.ts";
import { hashBytes } from "../../text/hash.ts";
import { TokenBuffer } from "../../token-buffer.ts";
import type { Vocabulary } from "../../vocabulary.ts";
import { maxCachedBytes, WordCache } from "../../word-cache.ts";
import type { SentencePiecePieces } from "../sentencepiece.types.ts";
import type { Lattice } from "./lattice.ts";
import { Unigram } from "./model.ts";

/** Rounding of one float32 addition relative to the sum, doubled to be safe. */
const roundingPerStep = 2 ** -23;

export class SentencePieceUnigram implements Model {
  readonly type = "SentencePieceUnigram";
  readonly showsUnknown = true;
  readonly vocab: Vocabulary;
  readonly unknownId: number;
  readonly unigram: Unigram;
  readonly #safe: boolean; // no piece holds a "▁" after something else
  readonly #scores: Float64Array;
  readonly #cache = new WordCache();
  readonly #buffer = new TokenBuffer();
  readonly #margin = new Float32Array(1);
  readonly #marginBits = new Uint32Array(this.#margin.buffer);

  constructor({ pieces, types, unknownId, byteFallback }: SentencePiecePieces) {
    const ids = (wanted: readonly string[]): number[] =>
      types.flatMap((type, id) => (wanted.includes(type) ? [id] : []));
    this.unigram = new Unigram({
      pieces,
      unknownId,
      byteFallback,
      precision: "float32",
      notInText: ids(["control", "unknown", "byte", "unused"]),
      userDefined: ids(["user-defined"]),
    });
    this.vocab = this.unigram.vocab;
    this.unknownId = unknownId;
    this.#scores = this.unigram.searchScores;
    const inText = pieces.filter((_, id) =>
      ["normal", "user-defined"].includes(types[id] as string),
    );
    const alone = inText.some(([piece]) => piece === "▁");
    this.#safe = alone && !inText.some(([piece]) => /[^▁]▁/u.test(piece));
  }

  tokenize(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void {
    if (!this.#safe) {
      this.unigram.tokenize(bytes, begin, end, out);
      return;
    }
    let sum = 0;
    for (let at = begin; at < end; ) {
      const to = wordEnd(bytes, at, end);
      sum = this.#word(bytes, at, to, at - begin, sum, out);
      at = to;
    }
  }

  tokenizeRandomly(
    bytes: Uint8Array,
    begin: number,
    end: number,
    out: TokenBuffer,
    options: RandomOptions,
  ): void {
    this.unigram.tokenizeRandomly(bytes, begin, end, out, options);
  }

  nBest(bytes: Uint8Array, begin: number, end: number, count: number): ScoredIds[] {
    return this.unigram.nBest(bytes, begin, end, count);
  }

  lattice(bytes: Uint8Array, begin: number, end: number): Lattice {
    return this.unigram.lattice(bytes, begin, end);
  }

  /** Appends the tokens of a word and returns the sum of scores up to its end. */
  #word(
    bytes: Uint8Array,
    begin: number,
    end: number,
    shift: number,
    sum: number,
    out: TokenBuffer,
  ): number {
    if (end - begin > maxCachedBytes) {
      return this.unigram.tokenizeFrom(bytes, begin, end, shift, sum, out);
    }
    const hash = hashBytes(bytes, begin, end);
    const entry = this.#cache.find(bytes, begin, end, hash);
    const buffer = this.#buffer;
    buffer.clear();
    if (entry < 0) return this.#newWord(bytes, begin, end, hash, shift, sum, out);
    this.#cache.copyTokens(entry, buffer);
    const count = buffer.length - 1; // the last item is the margin
    this.#marginBits[0] = buffer.ids[count] as number;
    const margin = this.#margin[0] as number;
    let total = sum;
    for (let i = 0; i < count; i++) {
      total = Math.fround(total + (this.#scores[buffer.ids[i] as number] as number));
    }
    const error = (end - begin) * roundingPerStep * (Math.abs(total) + Math.abs(sum) + margin + 1);
    if (!(margin > error)) return this.unigram.tokenizeFrom(bytes, begin, end, shift, sum, out);
    out.reserve(out.length + count);
    for (let i = 0; i < count; i++) {
      const from = buffer.spans[2 * i] as number;
      out.push(buffer.ids[i] as number, shift + from, shift + (buffer.spans[2 * i + 1] as number));
    }
    return total;
  }

  #newWord(
    bytes: Uint8Array,
    begin: number,
    end: number,
    hash: number,
    shift: number,
    sum: number,
    out: TokenBuffer,
  ): number {
    const before = out.length;
    const total = this.unigram.tokenizeFrom(bytes, begin, end, shift, sum, out);
    // What the sum so far decided is not the word's own; unknown characters hide their number.
    const buffer = this.#buffer;
    this.unigram.tokenizeFrom(bytes, begin, end, 0, 0, buffer);
    let same = out.length - before === buffer.length;
    for (let i = 0; same && i < buffer.length; i++) {
      const id = buffer.ids[i] as number;
      same = id === out.ids[before + i] && this.unigram.isPiece(id);
    }
    if (same) {
      this.#margin[0] = this.unigram.margin(bytes, begin, end);
      buffer.push(this.#marginBits[0] as number, 0, 0);
      this.#cache.add(bytes, begin, end, hash, buffer, 0);
    }
    return total;
  }
}

/** End of the word at a place: before the next "▁" that follows something else. */
function wordEnd(bytes: Uint8Array, begin: number, end: number): number {
  let at = begin;
  while (at + 3 <= end && bytes[at] === 0xe2 && bytes[at + 1] === 0x96 && bytes[at + 2] === 0x81)
    at += 3;
  for (; at < end; at++) {
    if (bytes[at] === 0xe2 && bytes[at + 1] === 0x96 && bytes[at + 2] === 0x81 && at + 3 <= end) {
      return at;
    }
  }
  return end;
}
