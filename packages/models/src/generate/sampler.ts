/**
 * Chooses one id from log-probabilities: greedy, temperature, top-k, top-p. Works on arrays of its own, so a step
 * allocates nothing. Cost O(V) for plain sampling and greedy, O(V + kept log V) with top-k or top-p.
 */
import { checkInteger, checkNumber, OptionError, type Rng } from "@seq/core";
import type { SamplingOptions } from "./generate.types.ts";

export class Sampler {
  readonly #heap: Uint32Array;
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
    this.#heap = new Uint32Array(vocabSize);
  }

  get isGreedy(): boolean {
    return this.#temperature === 0;
  }

  /** An id, or -1 when all are forbidden. Equal values: the lower id first. */
  choose(logProbs: Float32Array, rng: Rng | undefined): number {
    if (this.#temperature === 0) return greatest(logProbs);
    const draw = (rng as Rng).uniform();
    if (this.#topK >= logProbs.length && this.#topP === 1) return this.#fromAll(logProbs, draw);
    return this.#fromBest(logProbs, draw);
  }

  #fromAll(logProbs: Float32Array, draw: number): number {
    const highest = greatest(logProbs);
    if (highest < 0) return -1;
    const top = logProbs[highest]!;
    let sum = 0;
    for (let id = 0; id < logProbs.length; id++) {
      sum += Math.exp((logProbs[id]! - top) / this.#temperature);
    }
    let left = draw * sum;
    for (let id = 0; id < logProbs.length; id++) {
      left -= Math.exp((logProbs[id]! - top) / this.#temperature);
      if (left < 0) return id;
    }
    return highest; // rounding left a crumb
  }

  /** Takes ids off a heap, best first, until k are out or their probability reaches p. */
  #fromBest(logProbs: Float32Array, draw: number): number {
    const heap = this.#heap;
    const size = logProbs.length;
    let total = 0;
    const highest = greatest(logProbs);
    if (highest < 0) return -1;
    const top = logProbs[highest]!;
    for (let id = 0; id < size; id++) heap[id] = id;
    for (let at = (size >> 1) - 1; at >= 0; at--) sink(heap, size, at, logProbs);
    if (this.#topP < 1) total = this.#massOfTopK(logProbs, top);
    // The kept ids end up behind the shrinking heap, best last.
    let kept = 0;
    let mass = 0;
    const limit = Math.min(this.#topK, size);
    while (kept < limit) {
      const id = heap[0]!;
      const weight = Math.exp((logProbs[id]! - top) / this.#temperature);
      if (kept > 0 && (weight === 0 || (this.#topP < 1 && mass >= this.#topP * total))) break;
      kept++;
      mass += weight;
      heap[0] = heap[size - kept]!;
      heap[size - kept] = id;
      sink(heap, size - kept, 0, logProbs);
    }
    let left = draw * mass;
    for (let i = 1; i <= kept; i++) {
      const id = heap[size - i]!;
      left -= Math.exp((logProbs[id]! - top) / this.#temperature);
      if (left < 0) return id;
    }
    return highest;
  }

  /** Top-p is a share of what top-k leaves, as in the usual order of the two. */
  #massOfTopK(logProbs: Float32Array, top: number): number {
    const heap = this.#heap;
    const size = logProbs.length;
    let mass = 0;
    if (this.#topK >= size) {
      for (let id = 0; id < size; id++) mass += Math.exp((logProbs[id]! - top) / this.#temperature);
      return mass;
    }
    for (let i = 1; i <= this.#topK; i++) {
      const id = heap[0]!;
      mass += Math.exp((logProbs[id]! - top) / this.#temperature);
      heap[0] = heap[size - i]!;
      heap[size - i] = id;
      sink(heap, size - i, 0, logProbs);
    }
    for (let at = (size >> 1) - 1; at >= 0; at--) sink(heap, size, at, logProbs);
    return mass;
  }
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

function sink(heap: Uint32Array, size: number, start: number, values: Float32Array): void {
  const id = heap[start]!;
  const value = values[id]!;
  let at = start;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && before(values, heap[child + 1]!, heap[child]!)) child++;
    const other = heap[child]!;
    const goesUp = values[other]! > value || (values[other]! === value && other < id);
    if (!goesUp) break;
    heap[at] = other;
    at = child;
  }
  heap[at] = id;
}

function before(values: Float32Array, a: number, b: number): boolean {
  return values[a]! > values[b]! || (values[a]! === values[b]! && a < b);
}
