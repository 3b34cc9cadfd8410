/** For each symbol the living pairs it is part of: a merge changes the scores of all of them. */
import type { MergeGraph } from "../../training/merge-graph.ts";

const none = -1;

export class PairNeighbours {
  readonly #graph: MergeGraph;
  /** Symbol -> its first pair as the left and as the right one; pair -> the next one. */
  readonly #first: [Int32Array, Int32Array] = [emptyList(1024), emptyList(1024)];
  readonly #next: [Int32Array, Int32Array] = [emptyList(1024), emptyList(1024)];
  #linked = 0;

  constructor(graph: MergeGraph) {
    this.#graph = graph;
  }

  /** Takes in the pairs that the graph met since the last call. */
  linkNewPairs(): void {
    for (; this.#linked < this.#graph.pairs; this.#linked++) {
      this.#link(0, this.#graph.leftOf(this.#linked), this.#linked);
      this.#link(1, this.#graph.rightOf(this.#linked), this.#linked);
    }
  }

  /**
   * Calls back with each pair of a symbol; those that no longer occur come once more and are then
   * dropped. A pair (a, a) comes twice.
   */
  forEach(symbol: number, callback: (pair: number) => void): void {
    for (const side of [0, 1] as const) {
      const first = this.#first[side];
      const next = this.#next[side];
      let before = none;
      for (let pair = first[symbol] ?? none; pair >= 0; pair = next[pair] as number) {
        callback(pair);
        if (this.#graph.countOf(pair) > 0) {
          before = pair;
        } else if (before < 0) {
          first[symbol] = next[pair] as number;
        } else {
          next[before] = next[pair] as number;
        }
      }
    }
  }

  #link(side: 0 | 1, symbol: number, pair: number): void {
    if (symbol >= this.#first[side].length) this.#first[side] = grow(this.#first[side], symbol);
    if (pair >= this.#next[side].length) this.#next[side] = grow(this.#next[side], pair);
    this.#next[side][pair] = this.#first[side][symbol] as number;
    this.#first[side][symbol] = pair;
  }
}

function emptyList(size: number): Int32Array {
  return new Int32Array(size).fill(none);
}

function grow(from: Int32Array, index: number): Int32Array {
  const to = emptyList(Math.max(index + 1, from.length * 2));
  to.set(from);
  return to;
}
