/**
 * The merge rules of a BPE model: which pair of neighbours joins, in which order, to what.
 *
 * An open-addressing table on one Int32Array, four numbers an entry: left id, right id, rank, result.
 * Rules are either given (a list of merges), or follow from a vocabulary: a pair joins when its
 * concatenation is a token, and the token's rank is the rule's (tiktoken, SentencePiece). The second
 * kind fills the table as pairs are met; what does not join is kept with rank -1. The table is then
 * bounded: it starts anew at `maxLazyEntries`.
 */
import { powerOfTwo } from "../../text/hash.ts";

/** Finds the rule of a pair by its concatenation; returns the result's id, or -1. */
export type PairResolver = (left: number, right: number) => number;

const maxLazyEntries = 1 << 19;

export class MergeTable {
  /** Ranks are below this. */
  rankCount = 0;
  #data: Int32Array; // [left + 1, right, rank, result] ...
  #mask: number;
  #count = 0;
  readonly #resolve: PairResolver | undefined;
  readonly #rankOf: ((id: number) => number) | undefined;

  /** @param expected - number of rules to make room for. */
  constructor(
    expected: number,
    lazy?: { resolve: PairResolver; rankOf: (id: number) => number; rankCount: number },
  ) {
    const slots = powerOfTwo(expected * 2);
    this.#data = new Int32Array(slots * 4);
    this.#mask = slots - 1;
    this.#resolve = lazy?.resolve;
    this.#rankOf = lazy?.rankOf;
    this.rankCount = lazy?.rankCount ?? 0;
  }

  /** Adds a rule; false when the pair has one already (the first one stays). */
  add(left: number, right: number, rank: number, result: number): boolean {
    if ((this.#count + 1) * 2 > this.#mask + 1) this.#grow();
    const data = this.#data;
    let slot = hashPair(left, right) & this.#mask;
    for (; data[slot * 4] !== 0; slot = (slot + 1) & this.#mask) {
      if (data[slot * 4] === left + 1 && data[slot * 4 + 1] === right) return false;
    }
    data[slot * 4] = left + 1;
    data[slot * 4 + 1] = right;
    data[slot * 4 + 2] = rank;
    data[slot * 4 + 3] = result;
    this.#count++;
    if (rank >= this.rankCount) this.rankCount = rank + 1;
    return true;
  }

  /**
   * Finds the rule of a pair: its rank, or -1 when the pair does not join. The rule's result is in
   * `result` until the next call.
   */
  rank(left: number, right: number): number {
    const data = this.#data;
    let slot = hashPair(left, right) & this.#mask;
    for (; data[slot * 4] !== 0; slot = (slot + 1) & this.#mask) {
      if (data[slot * 4] === left + 1 && data[slot * 4 + 1] === right) {
        this.result = data[slot * 4 + 3] as number;
        return data[slot * 4 + 2] as number;
      }
    }
    return this.#resolve === undefined ? -1 : this.#learn(left, right);
  }

  /** The token that the pair last found becomes. */
  result = -1;

  #learn(left: number, right: number): number {
    const result = (this.#resolve as PairResolver)(left, right);
    const rank = result < 0 ? -1 : (this.#rankOf as (id: number) => number)(result);
    if (this.#count >= maxLazyEntries) {
      this.#data.fill(0);
      this.#count = 0;
    }
    this.add(left, right, rank, result);
    this.result = result;
    return rank;
  }

  #grow(): void {
    const old = this.#data;
    this.#data = new Int32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    this.#count = 0;
    for (let i = 0; i < old.length; i += 4) {
      const left = old[i] as number;
      if (left === 0) continue;
      this.add(left - 1, old[i + 1] as number, old[i + 2] as number, old[i + 3] as number);
    }
  }
}

function hashPair(left: number, right: number): number {
  const h = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return h ^ (h >>> 15);
}
