/**
 * A trie over bytes: finds all tokens that begin at a place of a text in one walk. Edges lie in one
 * open-addressing table on typed arrays, the root's in a plain table of 256.
 */
import { powerOfTwo } from "./hash.ts";

export class ByteTrie {
  #keys: Int32Array; // state * 256 + byte + 1, or 0
  #targets: Int32Array;
  #values: Int32Array; // state -> value, -1: none
  readonly #root = new Int32Array(256); // byte -> state, 0: none
  #mask: number;
  #edges = 0;
  #states = 1;

  constructor(expectedStates = 1024) {
    const slots = powerOfTwo(expectedStates * 2);
    this.#keys = new Int32Array(slots);
    this.#targets = new Int32Array(slots);
    this.#mask = slots - 1;
    this.#values = new Int32Array(expectedStates + 1).fill(-1);
  }

  /** Adds a key; a key added again gets the new value. */
  add(bytes: Uint8Array, value: number): void {
    let state = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      let next = this.next(state, byte);
      if (next === 0) {
        next = this.#newState();
        if (state === 0) this.#root[byte] = next;
        else this.#addEdge(state * 256 + byte + 1, next);
      }
      state = next;
    }
    this.#values[state] = value;
  }

  /** The state one byte further, or 0 when no key goes on so. The walk begins at state 0. */
  next(state: number, byte: number): number {
    if (state === 0) return this.#root[byte] as number;
    const key = state * 256 + byte + 1;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & this.#mask;
    for (let found = this.#keys[slot] as number; found !== 0; found = this.#keys[slot] as number) {
      if (found === key) return this.#targets[slot] as number;
      slot = (slot + 1) & this.#mask;
    }
    return 0;
  }

  /** Value of the key that ends in this state, or -1. */
  value(state: number): number {
    return this.#values[state] as number;
  }

  /** End of the longest key that begins at `begin`, or -1; its value is in `found`. */
  longest(bytes: Uint8Array, begin: number, end: number): number {
    let state = 0;
    let best = -1;
    for (let at = begin; at < end; at++) {
      state = this.next(state, bytes[at] as number);
      if (state === 0) break;
      const value = this.#values[state] as number;
      if (value >= 0) {
        best = at + 1;
        this.found = value;
      }
    }
    return best;
  }

  /** Value of what `longest` found last. */
  found = -1;

  #newState(): number {
    if (this.#states === this.#values.length) {
      const values = new Int32Array(this.#values.length * 2).fill(-1);
      values.set(this.#values);
      this.#values = values;
    }
    return this.#states++;
  }

  #addEdge(key: number, target: number): void {
    if ((this.#edges + 1) * 2 > this.#mask + 1) this.#grow();
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & this.#mask;
    while (this.#keys[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#keys[slot] = key;
    this.#targets[slot] = target;
    this.#edges++;
  }

  #grow(): void {
    const keys = this.#keys;
    const targets = this.#targets;
    this.#keys = new Int32Array(keys.length * 2);
    this.#targets = new Int32Array(keys.length * 2);
    this.#mask = this.#keys.length - 1;
    this.#edges = 0;
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] !== 0) this.#addEdge(keys[i] as number, targets[i] as number);
    }
  }
}
