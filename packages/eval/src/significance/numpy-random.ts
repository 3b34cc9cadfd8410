/**
 * The random numbers of NumPy's `default_rng(seed)`, so that a significance test with the seed of the
 * reference tool draws what the reference tool draws.
 *
 * PCG64 (XSL-RR 128/64), seeded by NumPy's SeedSequence. 128-bit numbers are four 32-bit words, lowest first;
 * no BigInt, which would be ten times slower. For everything else use `Rng` of `@seq/core`.
 *
 * @see O'Neill 2014, "PCG"; NumPy's NEP 19; bounded numbers: Lemire 2019, "Fast Random Integer Generation in an Interval".
 */
export class NumpyRandom {
  readonly #state = new Uint32Array(4);
  readonly #increment = new Uint32Array(4);
  #low = 0; // the last 64 bits drawn
  #high = 0;
  #hasHigh = false; // 32-bit draws take the low half, then the high half
  #bits = 0;
  #bitsLeft = 0;

  /** @param seed - a whole number from 0 to 2^53 - 1. */
  constructor(seed: number) {
    const words = seedWords(seed, 8);
    // NumPy takes the words in pairs as 64-bit numbers, and the pairs highest first.
    const initial = [words[2]!, words[3]!, words[0]!, words[1]!];
    const sequence = [words[6]!, words[7]!, words[4]!, words[5]!];
    for (let i = 0; i < 4; i++) {
      this.#increment[i] = (sequence[i]! << 1) | (i === 0 ? 1 : sequence[i - 1]! >>> 31);
    }
    this.#step(); // from state 0
    let carry = 0;
    for (let i = 0; i < 4; i++) {
      carry += this.#state[i]! + initial[i]!;
      this.#state[i] = carry >>> 0;
      carry = carry > 0xffffffff ? 1 : 0;
    }
    this.#step();
  }

  /** `integers(0, limit)` for a limit of at most 2^32 - 1. */
  integer(limit: number): number {
    if (limit <= 1) return 0; // draws nothing, as NumPy
    let word = this.#nextUint32();
    let low = Math.imul(word, limit) >>> 0;
    if (low < limit) {
      const threshold = (0x100000000 - limit) % limit;
      while (low < threshold) {
        word = this.#nextUint32();
        low = Math.imul(word, limit) >>> 0;
      }
    }
    return highProduct(word, limit);
  }

  /** One of `integers(2, dtype=bool)`: bits of a 32-bit draw, lowest first. `startBits` begins a new array. */
  bit(): 0 | 1 {
    if (this.#bitsLeft === 0) {
      this.#bits = this.#nextUint32();
      this.#bitsLeft = 32;
    }
    const bit = (this.#bits & 1) as 0 | 1;
    this.#bits >>>= 1;
    this.#bitsLeft--;
    return bit;
  }

  /** Forgets unused bits, as NumPy does at the begin of each array of booleans. */
  startBits(): void {
    this.#bitsLeft = 0;
  }

  #nextUint32(): number {
    if (this.#hasHigh) {
      this.#hasHigh = false;
      return this.#high;
    }
    this.#step();
    this.#output();
    this.#hasHigh = true;
    return this.#low;
  }

  /** The two halves of the state xored, rotated right by the top six bits. */
  #output(): void {
    const [s0, s1, s2, s3] = this.#state as unknown as [number, number, number, number];
    let low = s0 ^ s2;
    let high = s1 ^ s3;
    let rotation = s3 >>> 26;
    if (rotation >= 32) {
      [low, high] = [high, low];
      rotation -= 32;
    }
    if (rotation > 0) {
      const l = (low >>> rotation) | (high << (32 - rotation));
      high = (high >>> rotation) | (low << (32 - rotation));
      low = l;
    }
    this.#low = low >>> 0;
    this.#high = high >>> 0;
  }

  /** state = state * multiplier + increment, modulo 2^128. */
  #step(): void {
    const s = this.#state;
    const c = this.#increment;
    const [s0, s1, s2, s3] = s as unknown as [number, number, number, number];
    const r0 = lowProduct(s0, m0) + c[0]!;
    const r1 = highProduct(s0, m0) + lowProduct(s0, m1) + lowProduct(s1, m0) + c[1]! + carryOf(r0);
    const r2 =
      highProduct(s0, m1) +
      highProduct(s1, m0) +
      lowProduct(s0, m2) +
      lowProduct(s1, m1) +
      lowProduct(s2, m0) +
      c[2]! +
      carryOf(r1);
    const r3 =
      highProduct(s0, m2) +
      highProduct(s1, m1) +
      highProduct(s2, m0) +
      lowProduct(s0, m3) +
      lowProduct(s1, m2) +
      lowProduct(s2, m1) +
      lowProduct(s3, m0) +
      c[3]! +
      carryOf(r2);
    s[0] = r0;
    s[1] = r1;
    s[2] = r2;
    s[3] = r3;
  }
}

// The multiplier 0x2360ed051fc65da44385df649fccf645, lowest word first.
const m0 = 0x9fccf645;
const m1 = 0x4385df64;
const m2 = 0x1fc65da4;
const m3 = 0x2360ed05;

function lowProduct(a: number, b: number): number {
  return Math.imul(a, b) >>> 0;
}

/** The upper 32 bits of a product of two 32-bit numbers; all parts stay below 2^53. */
function highProduct(a: number, b: number): number {
  const [ah, al, bh, bl] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = al * bh + ah * bl + ((al * bl) >>> 16);
  return ah * bh + Math.floor(middle / 65536);
}

function carryOf(sum: number): number {
  return Math.floor(sum / 0x100000000);
}

/** NumPy's SeedSequence(seed).generate_state(count): a pool of four words, mixed, then drawn from in turn. */
function seedWords(seed: number, count: number): Uint32Array {
  const entropy = [seed >>> 0];
  const upper = Math.floor(seed / 0x100000000);
  if (upper > 0) entropy.push(upper);

  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    let mixed = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    mixed = Math.imul(mixed, constant);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const mix = (x: number, y: number): number => {
    const mixed = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) | 0;
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const pool = [0, 1, 2, 3].map((i) => hash(entropy[i] ?? 0));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from !== to) pool[to] = mix(pool[to]!, hash(pool[from]!));
    }
  }

  const words = new Uint32Array(count);
  let state = 0x8b51f9dd;
  for (let i = 0; i < count; i++) {
    let word = pool[i % 4]! ^ state;
    state = Math.imul(state, 0x58f38ded);
    word = Math.imul(word, state);
    words[i] = word ^ (word >>> 16);
  }
  return words;
}
