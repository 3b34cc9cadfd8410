/**
 * Unigram language model (Kudo 2018): a word is cut into the pieces whose log-probabilities sum highest,
 * found by Viterbi over the bytes, O(n * longest piece). n-best lists and samples are in lattice.ts.
 *
 * SentencePiece computes in float32 and Hugging Face in float64; near-ties fall differently, so the
 * precision is an option.
 */
import { checkOneOf, checkOptions, OptionError, VocabularyError } from "@seq/core";
import type { Model, RandomOptions, ScoredIds } from "../../stages.types.ts";
import { ByteTrie } from "../../text/byte-trie.ts";
import { utf8Length } from "../../text/utf8.ts";
import { TokenBuffer } from "../../token-buffer.ts";
import { Vocabulary } from "../../vocabulary.ts";
import { byteTokenIds } from "../byte-tokens.ts";
import { Lattice, type Segmentation } from "./lattice.ts";

export interface UnigramOptions {
  /** Each piece and its log-probability (natural logarithm), by id. */
  readonly pieces: readonly (readonly [piece: string, score: number])[];
  /** Id of the unknown token; without it unknown characters are an error. */
  readonly unknownId?: number | undefined;
  /** Unknown characters become tokens of their bytes, `<0xE2>`, when all 256 are there. */
  readonly byteFallback?: boolean | undefined;
  /** Default `"float64"`, Hugging Face's; SentencePiece's models say `"float32"`. */
  readonly precision?: "float32" | "float64" | undefined;
  /** Pieces are written in GPT-2's byte alphabet. Default false. */
  readonly byteLevel?: boolean | undefined;
  /** Ids that text never becomes (SentencePiece's control, unknown, byte and unused pieces). */
  readonly notInText?: readonly number[] | undefined;
  /** Ids that win over all other segmentations (SentencePiece's user-defined pieces). */
  readonly userDefined?: readonly number[] | undefined;
}

const unknownPenalty = 10; // below the worst piece, in nats; both tools

export class Unigram implements Model {
  readonly type = "Unigram";
  readonly showsUnknown = true;
  readonly vocab: Vocabulary;
  readonly unknownId: number | undefined;
  readonly byteFallback: boolean;
  readonly precision: "float32" | "float64";
  /** Log-probability of each piece as given. */
  readonly scores: Float64Array;
  readonly #trie: ByteTrie;
  readonly #inTrie: Uint8Array;
  readonly #searchScores: Float64Array; // with the bonus of user-defined pieces
  readonly #unknownScore: number;
  readonly #byteIds: Int32Array | undefined;
  #best: Float32Array | Float64Array; // position -> score of the best path that ends there
  #starts: Int32Array; // position -> begin of the last piece of that path, -1: not reached
  #ids: Int32Array; // position -> id of that piece

  constructor(options: UnigramOptions) {
    checkOptions("Unigram", options, [
      "pieces", "unknownId", "byteFallback", "precision", "byteLevel", "notInText",
      "userDefined",
    ]); // biome-ignore format: a list
    const { pieces, unknownId, notInText = [], userDefined = [] } = options;
    const byteLevel = options.byteLevel ?? false;
    const names = pieces.map(([piece]) => piece);
    this.vocab = Vocabulary.of(names, { byteLevel, where: "Unigram" });
    if (unknownId !== undefined && !(unknownId >= 0 && unknownId < pieces.length)) {
      throw new OptionError(
        `Unigram: unknownId is ${unknownId}, expected an id below ${pieces.length}.`,
        { code: "OPTION_RANGE", details: { option: "unknownId", value: unknownId } },
      );
    }
    this.unknownId = unknownId;
    this.byteFallback = options.byteFallback ?? false;
    const precision = options.precision ?? "float64";
    this.precision = checkOneOf("Unigram", "precision", precision, ["float32", "float64"]);
    this.scores = Float64Array.from(pieces, ([, score]) => score);
    this.#searchScores = this.scores.slice();
    const hidden = new Set(notInText);
    const bonus = new Set(userDefined);
    let least = Number.POSITIVE_INFINITY;
    let greatest = 1.17549435e-38; // the least positive float32: where SentencePiece starts
    for (let id = 0; id < pieces.length; id++) {
      if (hidden.has(id) || bonus.has(id)) continue;
      least = Math.min(least, this.scores[id] as number);
      greatest = Math.max(greatest, this.scores[id] as number);
    }
    this.#inTrie = new Uint8Array(pieces.length);
    this.#trie = new ByteTrie(pieces.length * 3);
    for (let id = 0; id < pieces.length; id++) {
      const bytes = this.vocab.bytesOf(id);
      if (hidden.has(id) || bytes === undefined || bytes.length === 0) continue;
      this.#trie.add(bytes, id);
      this.#inTrie[id] = 1;
      if (bonus.has(id)) this.#searchScores[id] = bytes.length * greatest - 0.1;
    }
    const unknownScore = least - unknownPenalty;
    this.#unknownScore = precision === "float32" ? Math.fround(unknownScore) : unknownScore;
    if (this.byteFallback) this.#byteIds = byteTokenIds(this.vocab);
    this.#best = this.#newBest(256);
    this.#starts = new Int32Array(256);
    this.#ids = new Int32Array(256);
  }

  tokenize(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void {
    this.tokenizeFrom(bytes, begin, end, 0, 0, out);
  }

  /**
   * The same for a word inside a longer text, of which the sum of scores so far is known.
   *
   * @param shift - added to all spans.
   * @returns the sum of scores up to the word's end.
   */
  tokenizeFrom(
    bytes: Uint8Array,
    begin: number,
    end: number,
    shift: number,
    sum: number,
    out: TokenBuffer,
  ): number {
    const length = end - begin;
    this.#viterbi(bytes, begin, length, sum);
    const total = this.#best[length] as number;
    const starts = this.#starts;
    // Backwards along the best path; `starts` is turned round in place so that it can be read forwards.
    let at = length;
    let next = -1;
    while (at > 0) {
      const start = starts[at] as number;
      starts[at] = next;
      next = at;
      at = start;
    }
    at = 0;
    let unknownFrom = -1;
    for (let to = next; to > 0; to = starts[to] as number) {
      const id = this.#ids[to] as number;
      if (id === this.unknownId) {
        if (unknownFrom < 0) unknownFrom = at;
      } else {
        if (unknownFrom >= 0) this.#pushUnknown(bytes, begin, unknownFrom, at, shift, out);
        unknownFrom = -1;
        out.push(id, shift + at, shift + to);
      }
      at = to;
    }
    if (unknownFrom >= 0) this.#pushUnknown(bytes, begin, unknownFrom, at, shift, out);
    if (this.#starts.length > 1 << 18) this.#shrink();
    return total;
  }

  /** True for pieces that text can become; false for the unknown token and bytes. */
  isPiece(id: number): boolean {
    return this.#inTrie[id] === 1;
  }

  /** Scores as the search uses them, with the bonus of user-defined pieces. */
  get searchScores(): Float64Array {
    return this.#searchScores;
  }

  /** The best segmentations of a word, best first. */
  nBest(bytes: Uint8Array, begin: number, end: number, count: number): ScoredIds[] {
    const buffer = new TokenBuffer();
    return this.lattice(bytes, begin, end)
      .nBest(count)
      .map((path) => {
        buffer.clear();
        this.emit(bytes, begin, path, buffer);
        return { ids: [...buffer.ids.subarray(0, buffer.length)], score: path.score };
      });
  }

  /** How much worse the second best segmentation of a word is than the best, nats; 0 for a tie. */
  margin(bytes: Uint8Array, begin: number, end: number): number {
    const length = end - begin;
    const first = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
    const second = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
    first[0] = 0;
    const offer = (to: number, score: number): void => {
      if (score > (first[to] as number)) {
        second[to] = first[to] as number;
        first[to] = score;
      } else if (score > (second[to] as number)) {
        second[to] = score;
      }
    };
    for (const node of this.lattice(bytes, begin, end).nodes()) {
      offer(node.end, (first[node.begin] as number) + node.score);
      offer(node.end, (second[node.begin] as number) + node.score);
    }
    return (first[length] as number) - (second[length] as number);
  }

  tokenizeRandomly(
    bytes: Uint8Array,
    begin: number,
    end: number,
    out: TokenBuffer,
    { rng, alpha = 0.1, nBest = 0 }: RandomOptions,
  ): void {
    if (begin >= end) return;
    const lattice = this.lattice(bytes, begin, end);
    const path = nBest > 0 ? lattice.sampleOfBest(nBest, alpha, rng) : lattice.sample(alpha, rng);
    this.emit(bytes, begin, path, out);
  }

  /** All segmentations of a word as a graph: n-best, sampling, traces. */
  lattice(bytes: Uint8Array, begin: number, end: number): Lattice {
    const lattice = new Lattice(end - begin);
    for (let at = begin; at < end; ) {
      const width = this.#width(bytes[at] as number, end - at);
      let single = false;
      for (let state = 0, to = at; to < end; ) {
        state = this.#trie.next(state, bytes[to++] as number);
        if (state === 0) break;
        const id = this.#trie.value(state);
        if (id < 0) continue;
        lattice.add(at - begin, to - begin, id, this.#searchScores[id] as number);
        if (to - at === width) single = true;
      }
      if (!single) lattice.add(at - begin, at + width - begin, this.#unknown(), this.#unknownScore);
      at += width;
    }
    return lattice;
  }

  /** Writes a segmentation of the lattice as tokens: runs of unknowns are one, or bytes. */
  emit(bytes: Uint8Array, begin: number, path: Segmentation, out: TokenBuffer): void {
    let unknownFrom = -1;
    let at = 0;
    for (const { id, end } of path.nodes) {
      if (id === this.unknownId) {
        if (unknownFrom < 0) unknownFrom = at;
      } else {
        if (unknownFrom >= 0) this.#pushUnknown(bytes, begin, unknownFrom, at, 0, out);
        unknownFrom = -1;
        out.push(id, at, end);
      }
      at = end;
    }
    if (unknownFrom >= 0) this.#pushUnknown(bytes, begin, unknownFrom, at, 0, out);
  }

  #viterbi(bytes: Uint8Array, begin: number, length: number, sum: number): void {
    if (length >= this.#starts.length) {
      const room = (length + 1) * 2;
      this.#best = this.#newBest(room);
      this.#starts = new Int32Array(room);
      this.#ids = new Int32Array(room);
    }
    const rounds = this.precision === "float32";
    const best = this.#best;
    const starts = this.#starts;
    const ids = this.#ids;
    const trie = this.#trie;
    const scores = this.#searchScores;
    starts.fill(-1, 0, length + 1);
    best[0] = sum;
    for (let at = 0; at < length; ) {
      const here = best[at] as number;
      const width = this.#width(bytes[begin + at] as number, length - at);
      let single = false;
      for (let state = 0, to = at; to < length; ) {
        state = trie.next(state, bytes[begin + to++] as number);
        if (state === 0) break;
        const id = trie.value(state);
        if (id < 0) continue;
        const exact = (scores[id] as number) + here;
        const score = rounds ? Math.fround(exact) : exact;
        if (starts[to] === -1 || score > (best[to] as number)) {
          best[to] = score;
          starts[to] = at;
          ids[to] = id;
        }
        if (to - at === width) single = true;
      }
      if (!single) {
        const to = at + width;
        const exact = this.#unknownScore + here;
        const score = rounds ? Math.fround(exact) : exact;
        if (starts[to] === -1 || score > (best[to] as number)) {
          best[to] = score;
          starts[to] = at;
          ids[to] = this.#unknown();
        }
      }
      at += width;
    }
  }

  /** Bytes of a character; in a byte-level vocabulary every byte is one. */
  #width(first: number, left: number): number {
    return this.vocab.byteLevel ? 1 : Math.min(utf8Length(first), left);
  }

  #pushUnknown(
    bytes: Uint8Array,
    begin: number,
    from: number,
    to: number,
    shift: number,
    out: TokenBuffer,
  ): void {
    const ids = this.#byteIds;
    let known = ids !== undefined;
    for (let i = from; known && i < to; i++) {
      known = ((ids as Int32Array)[bytes[begin + i] as number] as number) >= 0;
    }
    if (!known) {
      out.push(this.#unknown(), shift + from, shift + to);
    } else if (this.precision === "float64") {
      // Hugging Face: every byte stands for the whole run.
      for (let i = from; i < to; i++) {
        const id = (ids as Int32Array)[bytes[begin + i] as number] as number;
        out.push(id, shift + from, shift + to);
      }
    } else {
      this.#pushCharacters(bytes, begin, from, to, shift, out);
    }
  }

  /** SentencePiece: the last byte of a character stands for it, the others for nothing. */
  #pushCharacters(
    bytes: Uint8Array,
    begin: number,
    from: number,
    to: number,
    shift: number,
    out: TokenBuffer,
  ): void {
    for (let at = from; at < to; ) {
      const end = at + this.#width(bytes[begin + at] as number, to - at);
      for (let i = at; i < end; i++) {
        const id = (this.#byteIds as Int32Array)[bytes[begin + i] as number] as number;
        out.push(id, shift + at, shift + (i === end - 1 ? end : at));
      }
      at = end;
    }
  }

  #unknown(): number {
    if (this.unknownId === undefined) {
      throw new VocabularyError(
        "Unigram: the text has a character that no piece covers, and the model has no unknown token; give unknownId.",
        { code: "UNKNOWN_TOKEN" },
      );
    }
    return this.unknownId;
  }

  #newBest(length: number): Float32Array | Float64Array {
    return this.precision === "float32" ? new Float32Array(length) : new Float64Array(length);
  }

  #shrink(): void {
    this.#best = this.#newBest(256);
    this.#starts = new Int32Array(256);
    this.#ids = new Int32Array(256);
  }
}
