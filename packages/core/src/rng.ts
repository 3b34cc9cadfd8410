/**
 * Seeded random numbers: the only source of randomness in all packages.
 *
 * xoshiro128** (Blackman & Vigna 2018, public domain) seeded by a 32-bit mixer. Every operation is an
 * IEEE or 32-bit integer operation, so a stream is the same in Node and in any browser, also for
 * `normal` (which brings its own logarithm, because `Math.log` may differ between engines).
 * Not for cryptography.
 */
import { FormatError, OptionError } from "./errors.ts";

/** What `Rng.state` gives and `Rng.fromState` takes; plain JSON. */
export interface RngState {
  readonly algorithm: "xoshiro128**";
  readonly words: readonly [number, number, number, number];
}

export class Rng {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /** @param seed - any safe integer; equal seeds give equal streams. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new OptionError(`Rng: seed is ${seed}, expected a whole number.`, {
        code: "OPTION_RANGE",
        details: { option: "seed", value: seed },
      });
    }
    const low = seed >>> 0;
    const high = Math.floor(seed / 2 ** 32) >>> 0;
    this.#seed(low, high);
  }

  #seed(low: number, high: number): void {
    const mix = mixer(low, high);
    this.#a = mix();
    this.#b = mix();
    this.#c = mix();
    this.#d = mix() | 1; // the all-zero state is the one that must not be
  }

  /** 32 random bits, 0..2^32-1. */
  nextUint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  /** Uniform in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  /** A whole number in [0, bound), each equally likely (rejection, no modulo bias). */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new OptionError(
        `Rng.integer: bound is ${bound}, expected a whole number from 1 to 2^32.`,
        { code: "OPTION_RANGE", details: { option: "bound", value: bound } },
      );
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let draw = this.nextUint32();
    while (draw >= limit) draw = this.nextUint32();
    return draw % bound;
  }

  /** Gaussian by the polar method (Marsaglia & Bray 1964); the second value of a pair is dropped. */
  normal(mean = 0, standardDeviation = 1): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        return mean + standardDeviation * u * Math.sqrt((-2 * portableLog(s)) / s);
      }
    }
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<A extends { length: number; [index: number]: unknown }>(items: A): A {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }

  /** The numbers 0..length-1 in random order. */
  permutation(length: number): Uint32Array {
    const order = new Uint32Array(length);
    for (let i = 0; i < length; i++) order[i] = i;
    return this.shuffle(order as unknown as { length: number; [i: number]: unknown }) as never;
  }

  /**
   * An independent generator; this one moves on by four words. Give each consumer its own split, so
   * that a change in one (more dropout, say) does not shift the numbers of another.
   */
  split(): Rng {
    const child = new Rng(0);
    const low = this.nextUint32() ^ rotateLeft(this.nextUint32(), 16);
    const high = this.nextUint32() ^ rotateLeft(this.nextUint32(), 16);
    child.#seed(low >>> 0, high >>> 0);
    return child;
  }

  /** The state as plain JSON; `Rng.fromState` continues the stream exactly. */
  get state(): RngState {
    return {
      algorithm: "xoshiro128**",
      words: [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0],
    };
  }

  static fromState(state: RngState): Rng {
    const words: unknown = state?.words;
    const valid =
      state?.algorithm === "xoshiro128**" &&
      Array.isArray(words) &&
      words.length === 4 &&
      words.every((w) => Number.isInteger(w) && w >= 0 && w < 2 ** 32) &&
      words.some((w) => w !== 0);
    if (!valid) {
      throw new FormatError(
        `Rng.fromState: expected { algorithm: "xoshiro128**", words: four 32-bit numbers, not all 0 }, got ${JSON.stringify(state)}.`,
        { code: "RNG_STATE", details: { state } },
      );
    }
    const rng = new Rng(0);
    [rng.#a, rng.#b, rng.#c, rng.#d] = state.words;
    return rng;
  }
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/** A stream of well-mixed words from two seed words (the finaliser of MurmurHash3 over a Weyl sequence). */
function mixer(low: number, high: number): () => number {
  let counter = low;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let z = counter ^ Math.imul(high, 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
}

/**
 * ln(x) for 0 < x < 1 by IEEE operations only: x = m 2^k with m in [sqrt(1/2), sqrt(2)), then
 * ln m = 2 atanh((m-1)/(m+1)) as a series. Accurate to about 1e-15.
 */
function portableLog(x: number): number {
  let m = x;
  let k = 0;
  while (m < Math.SQRT1_2) {
    m *= 2;
    k--;
  }
  const y = (m - 1) / (m + 1);
  const y2 = y * y;
  let sum = 0;
  for (let n = 25; n >= 1; n -= 2) sum = sum * y2 + 1 / n;
  return k * Math.LN2 + 2 * y * sum;
}
