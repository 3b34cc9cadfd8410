/**
 * Chooses one id from log-probabilities: greedy, temperature, top-k, top-p. Works on arrays of its own, so a step
 * allocates nothing. Cost O(V) for greedy, plain sampling and small k; top-p sorts only ids that can be needed.
 */
import { checkInteger, checkNumber, OptionError, type Rng } from "@seq/core";
import type { SamplingOptions } from "./generate.types.ts";

export class Sampler {
  readonly #ids: Uint32Array;
  readonly #weights: Float64Array;
  readonly #temperature: number;
  readonly #topK: number;
  readonly #topP: number;

  /** @throws {OptionError} `OPTION_RANGE` */
  constructor(vocabSize: number, { temperature = 1, topK, topP }: SamplingOptions) {
    this.#temperature = checkNumber("sampling", "temperature", temperature, { min: 0 });
    this.#topK =
      topK === undefined ? vocabSize : checkInteger("sampling", "topK", topK, { min: 1 });
    this.#topP = topP === undefined ? 1 : checkNumber("sampling", "topP", topP, { min: 0, max: 1 });
    if (temperature === 0 && (topK !== undefined || topP !== undefined)) {
      throw new OptionError(
        "sampling: temperature 0 takes the most probable id, so topK and topP do nothing; leave them out or raise the temperature.",
        { code: "OPTION_RANGE", details: { option: "temperature" } },
      );
    }
    this.#ids = new Uint32Array(vocabSize);
    this.#weights = new Float64Array(vocabSize);
  }

  get isGreedy(): boolean {
    return this.#temperature === 0;
  }

  /** An id, or -1 when all are forbidden. Equal values: the lower id first. */
  choose(logProbs: Float32Array, rng: Rng | undefined): number {
    const highest = greatest(logProbs);
    if (this.#temperature === 0 || highest < 0) return highest;
    const draw = (rng as Rng).uniform();
    const top = logProbs[highest]!;
    if (this.#topK < logProbs.length) return this.#fromTopK(logProbs, top, draw);
    const total = this.#weigh(logProbs, top);
    if (this.#topP < 1) return this.#fromTopP(logProbs, total, draw);
    return pick(this.#weights, undefined, logProbs.length, draw * total) ?? highest;
  }

  /** exp((l - top) / temperature) of every id, and their sum. */
  #weigh(logProbs: Float32Array, top: number): number {
    let total = 0;
    for (let id = 0; id < logProbs.length; id++) {
      total += this.#weights[id] = Math.exp((logProbs[id]! - top) / this.#temperature);
    }
    return total;
  }

  /** Keeps the k best in a heap with the worst of them on top; then top-p among those. */
  #fromTopK(logProbs: Float32Array, top: number, draw: number): number {
    const ids = this.#ids;
    const k = this.#topK;
    for (let id = 0; id < k; id++) ids[id] = id;
    for (let at = (k >> 1) - 1; at >= 0; at--) sink(ids, k, at, logProbs, -1);
    for (let id = k; id < logProbs.length; id++) {
      // Of equals the lower id, which came first, stays.
      if (logProbs[id]! <= logProbs[ids[0]!]!) continue;
      ids[0] = id;
      sink(ids, k, 0, logProbs, -1);
    }
    sortDown(ids, k, logProbs);
    let total = 0;
    for (let i = 0; i < k; i++) {
      const id = ids[i]!;
      total += this.#weights[id] = Math.exp((logProbs[id]! - top) / this.#temperature);
    }
    let kept = 0;
    let mass = 0;
    while (kept < k && (kept === 0 || this.#topP === 1 || mass < this.#topP * total)) {
      mass += this.#weights[ids[kept++]!]!;
    }
    return pick(this.#weights, ids, kept, draw * mass) ?? ids[0]!;
  }

  /** Takes ids off a heap, best first, until they reach p. */
  #fromTopP(logProbs: Float32Array, total: number, draw: number): number {
    const ids = this.#ids;
    const size = logProbs.length;
    // Ids below this share of what may be left out can all be left out: together they are less than that.
    const bound = ((1 - this.#topP) * total) / size;
    let count = 0;
    for (let id = 0; id < size; id++) if (this.#weights[id]! >= bound) ids[count++] = id;
    for (let at = (count >> 1) - 1; at >= 0; at--) sink(ids, count, at, logProbs, 1);
    // The kept ids go behind the shrinking heap, best last.
    let kept = 0;
    let mass = 0;
    while (kept < count && (kept === 0 || mass < this.#topP * total)) {
      const id = ids[0]!;
      mass += this.#weights[id]!;
      kept++;
      ids[0] = ids[count - kept]!;
      ids[count - kept] = id;
      sink(ids, count - kept, 0, logProbs, 1);
    }
    const best = ids[count - 1]!;
    let left = draw * mass;
    for (let i = 1; i <= kept; i++) {
      left -= this.#weights[ids[count - i]!]!;
      if (left < 0) return ids[count - i]!;
    }
    return best; // rounding left a crumb
  }
}

/** The first of `count` ids (of all ids without a list) at which the weights pass `left`. */
function pick(
  weights: Float64Array,
  ids: Uint32Array | undefined,
  count: number,
  left: number,
): number | undefined {
  for (let i = 0; i < count; i++) {
    const id = ids === undefined ? i : ids[i]!;
    left -= weights[id]!;
    if (left < 0) return id;
  }
  return undefined;
}

/** The id of the greatest value, the lowest of equals; -1 when all are -Infinity. */
export function greatest(logProbs: Float32Array): number {
  let best = -1;
  let value = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logProbs.length; id++) {
    if (logProbs[id]! > value) {
      value = logProbs[id]!;
      best = id;
    }
  }
  return best;
}

/** Lets the id at `start` sink in a heap with the best id on top (`sign` 1), or the worst (-1). */
function sink(
  heap: Uint32Array,
  size: number,
  start: number,
  values: Float32Array,
  sign: 1 | -1,
): void {
  const id = heap[start]!;
  let at = start;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && order(values, heap[child + 1]!, heap[child]!) * sign > 0) child++;
    if (order(values, heap[child]!, id) * sign <= 0) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = id;
}

/** Heap with the worst on top to a list with the best first. */
function sortDown(heap: Uint32Array, size: number, values: Float32Array): void {
  for (let last = size - 1; last > 0; last--) {
    const worst = heap[0]!;
    heap[0] = heap[last]!;
    heap[last] = worst;
    sink(heap, last, 0, values, -1);
  }
}

/** Above 0 when a comes before b: greater value, or equal value and lower id. */
function order(values: Float32Array, a: number, b: number): number {
  const va = values[a]!;
  const vb = values[b]!;
  if (va !== vb) return va > vb ? 1 : -1;
  return b - a;
}
