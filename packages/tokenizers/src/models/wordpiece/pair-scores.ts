/**
 * The scores of pairs (see trainer.ts), and upper bounds of them that stay valid while counts fall.
 *
 * A merge lowers the counts of its two symbols and so raises the scores of all other pairs of theirs:
 * thousands, for a frequent symbol. A bound is computed with symbol counts lowered by up to 1/64 in
 * advance (`floors`); only when a count falls below its floor are the bounds of its pairs renewed.
 */
import type { MergeGraph } from "../../training/merge-graph.ts";
import { xLogX } from "../../training/portable-math.ts";

const slack = 1 / 64; // counts below 64 have none: their bounds are exact

export interface PairScore {
  /** The score by the counts of now. */
  score(pair: number): number;
  /** At least the score of now, and any later one until `update` tells of one of its symbols. */
  bound(pair: number): number;
  /** By how much rounding may put a bound below the score. */
  readonly margin: number;
  /** Takes in the changed count of a symbol; true when bounds of its pairs no longer hold. */
  update(symbol: number): boolean;
}

/** Symbol -> the count that bounds are computed with. */
class Floors {
  #floors = new Float64Array(1024);

  of(symbol: number): number {
    return this.#floors[symbol] as number;
  }

  update(symbol: number, count: number): boolean {
    if (symbol >= this.#floors.length) this.#floors = enlarge(this.#floors, symbol * 2);
    const fell = count < this.of(symbol);
    if (fell || this.of(symbol) === 0) this.#floors[symbol] = Math.ceil(count * (1 - slack));
    return fell;
  }
}

/** k / (c(a) c(b)). */
export class PointwiseMutualInformation implements PairScore {
  readonly margin = 0; // products and quotients round monotonically
  readonly #graph: MergeGraph;
  readonly #floors = new Floors();

  constructor(graph: MergeGraph, symbolCount: number) {
    this.#graph = graph;
    for (let symbol = 0; symbol < symbolCount; symbol++) this.update(symbol);
  }

  score(pair: number): number {
    const { symbolCounts } = this.#graph;
    const left = symbolCounts[this.#graph.leftOf(pair)] as number;
    return this.#graph.countOf(pair) / (left * (symbolCounts[this.#graph.rightOf(pair)] as number));
  }

  bound(pair: number): number {
    const left = this.#floors.of(this.#graph.leftOf(pair));
    return this.#graph.countOf(pair) / (left * this.#floors.of(this.#graph.rightOf(pair)));
  }

  update(symbol: number): boolean {
    return this.#floors.update(symbol, this.#graph.symbolCounts[symbol] as number);
  }
}

const tableSize = 1 << 14;

/**
 * The gain in log-likelihood, nats. It rises as symbol counts fall, and falls as the total falls. In k it
 * is convex with 0 at k = 0: when k falls it stays below the larger of 0 and its value.
 */
export class LikelihoodGain implements PairScore {
  readonly #graph: MergeGraph;
  readonly #floors = new Floors();
  /** x(n) of small numbers, and of the counts of symbols. */
  readonly #table = new Float64Array(tableSize);
  #symbols = new Float64Array(1024);
  #total = 0;

  constructor(graph: MergeGraph, symbolCount: number) {
    this.#graph = graph;
    for (let n = 1; n < tableSize; n++) this.#table[n] = xLogX(n);
    for (let symbol = 0; symbol < symbolCount; symbol++) this.update(symbol);
  }

  get margin(): number {
    return this.#total * 2 ** -46;
  }

  score(pair: number): number {
    const graph = this.#graph;
    const left = graph.leftOf(pair);
    const right = graph.rightOf(pair);
    const a = graph.symbolCounts[left] as number;
    const k = graph.countOf(pair);
    const xA = this.#symbols[left] as number;
    if (left === right) return this.#twins(k, a, xA);
    const b = graph.symbolCounts[right] as number;
    return this.#gain(k, a, b, xA + (this.#symbols[right] as number));
  }

  bound(pair: number): number {
    const graph = this.#graph;
    const left = graph.leftOf(pair);
    const right = graph.rightOf(pair);
    const k = graph.countOf(pair);
    const a = Math.max(k, this.#floors.of(left));
    if (left === right) return Math.max(0, this.#twins(k, a, this.#x(a)));
    const b = Math.max(k, this.#floors.of(right));
    return Math.max(0, this.#gain(k, a, b, this.#x(a) + this.#x(b)));
  }

  update(symbol: number): boolean {
    const count = this.#graph.symbolCounts[symbol] as number;
    if (symbol >= this.#symbols.length) this.#symbols = enlarge(this.#symbols, symbol * 2);
    this.#symbols[symbol] = this.#x(count);
    this.#total = this.#x(this.#graph.total);
    return this.#floors.update(symbol, count);
  }

  #gain(k: number, a: number, b: number, before: number): number {
    const after = this.#x(k) + this.#x(a - k) + this.#x(b - k);
    return after - before + this.#total - this.#x(this.#graph.total - k);
  }

  /** A pair (a, a). "aaa" counts it twice but can be merged once: k may exceed what a merge takes. */
  #twins(count: number, a: number, before: number): number {
    const k = Math.min(count, Math.floor(a / 2));
    const after = this.#x(k) + this.#x(a - 2 * k);
    return after - before + this.#total - this.#x(this.#graph.total - k);
  }

  #x(n: number): number {
    return n < tableSize ? (this.#table[n] as number) : xLogX(n);
  }
}

function enlarge(from: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(size);
  to.set(from);
  return to;
}
