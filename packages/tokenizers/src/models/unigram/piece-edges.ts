/**
 * Where in the corpus each piece can stand: the edges of the lattices of all words, found once from the
 * suffix order and only filtered as pieces go. No pass over the corpus looks up a string.
 *
 * Memory: four bytes an edge. Position i has the edges `edges[begins[i]] .. edges[begins[i + 1] - 1]`,
 * each the number of a piece that begins there.
 */
import type { Seeds } from "./seeds.ts";
import type { TrainingText } from "./training-text.ts";

export class PieceEdges {
  readonly begins: Int32Array;
  #edges: Int32Array;
  /** Length of each piece in characters. */
  lengths: Uint16Array;
  /** Length of the longest piece. */
  readonly maxLength: number;
  /** A position where each piece stands. */
  places: Int32Array;

  constructor(corpus: TrainingText, seeds: Seeds) {
    const { text, alphabet } = corpus;
    const { order, first, last } = seeds;
    const characters = alphabet.length;
    const pieces = seeds.lengths.length;
    this.lengths = seeds.lengths;
    this.maxLength = this.lengths.reduce((a, b) => Math.max(a, b), 1);
    this.places = new Int32Array(pieces);
    this.begins = new Int32Array(text.length + 1).fill(1, 1); // one edge for the character itself
    this.begins[0] = 0;
    for (let piece = characters; piece < pieces; piece++) {
      this.places[piece] = order[first[piece] as number] as number;
      for (let j = first[piece] as number; j < (last[piece] as number); j++) {
        const next = (order[j] as number) + 1;
        this.begins[next] = (this.begins[next] as number) + 1;
      }
    }
    for (let i = 0; i < text.length; i++) {
      this.begins[i + 1] = (this.begins[i + 1] as number) + (this.begins[i] as number);
    }
    this.#edges = new Int32Array(this.begins[text.length] as number);
    const filled = this.begins.slice(0, text.length);
    for (let i = 0; i < text.length; i++) {
      const character = text[i] as number;
      this.#edges[filled[i] as number] = character;
      filled[i] = (filled[i] as number) + 1;
      this.places[character] = i;
    }
    for (let piece = characters; piece < pieces; piece++) {
      for (let j = first[piece] as number; j < (last[piece] as number); j++) {
        const at = order[j] as number;
        this.#edges[filled[at] as number] = piece;
        filled[at] = (filled[at] as number) + 1;
      }
    }
  }

  get edges(): Int32Array {
    return this.#edges;
  }

  get pieces(): number {
    return this.lengths.length;
  }

  /**
   * Keeps only these pieces (ascending numbers), which are numbered anew from 0 in their order.
   */
  keep(kept: Int32Array): void {
    const renumbered = new Int32Array(this.pieces).fill(-1);
    const lengths = new Uint16Array(kept.length);
    const places = new Int32Array(kept.length);
    for (let i = 0; i < kept.length; i++) {
      const old = kept[i] as number;
      renumbered[old] = i;
      lengths[i] = this.lengths[old] as number;
      places[i] = this.places[old] as number;
    }
    this.lengths = lengths;
    this.places = places;
    let filled = 0;
    let begin = 0;
    for (let at = 0; at + 1 < this.begins.length; at++) {
      const end = this.begins[at + 1] as number;
      for (let e = begin; e < end; e++) {
        const piece = renumbered[this.#edges[e] as number] as number;
        if (piece >= 0) this.#edges[filled++] = piece;
      }
      begin = end;
      this.begins[at + 1] = filled;
    }
    // Give back the memory once most of it lies idle.
    const idle = filled < this.#edges.length / 2;
    this.#edges = idle ? this.#edges.slice(0, filled) : this.#edges.subarray(0, filled);
  }
}
