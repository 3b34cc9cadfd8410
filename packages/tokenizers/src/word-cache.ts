/**
 * Remembers the tokens of short words. Words repeat, so most of encoding is a look-up here: hash the
 * bytes, probe, compare. Bounded: at `maxWords` it starts anew, so memory stays below about 12 MB
 * whatever the text. All on typed arrays.
 */
import type { TokenBuffer } from "./token-buffer.ts";

/** Longer words are not kept. Bytes; lengths and spans fit in a byte each. */
export const maxCachedBytes = 255;

const maxWords = 1 << 17;
const maxKeyBytes = 1 << 22;
const stride = 4; // hash, begin of the key, length | tokens << 8, id or begin of the values

export class WordCache {
  #slots = new Int32Array(1024 * stride);
  #mask = 1023;
  #count = 0;
  #keys = new Uint8Array(8192);
  #keyEnd = 1;
  #ids = new Uint32Array(1024);
  #spans = new Uint8Array(2048);
  #valueEnd = 0;

  /** Entry of a word, or -1. @param hash - `hashBytes` of it. */
  find(bytes: Uint8Array, begin: number, end: number, hash: number): number {
    const slots = this.#slots;
    const length = end - begin;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * stride;
      const keyBegin = slots[at + 1] as number;
      if (keyBegin === 0) return -1;
      if (slots[at] === hash && ((slots[at + 2] as number) & 0xff) === length) {
        const keys = this.#keys;
        let i = 0;
        while (i < length && keys[keyBegin + i] === bytes[begin + i]) i++;
        if (i === length) return at;
      }
    }
  }

  /** Number of tokens of an entry. */
  count(entry: number): number {
    return Math.max(1, (this.#slots[entry + 2] as number) >>> 8);
  }

  /** Id of the one token that is the whole word, or -1. */
  single(entry: number): number {
    const slots = this.#slots;
    return (slots[entry + 2] as number) >>> 8 === 0 ? (slots[entry + 3] as number) : -1;
  }

  /** Copies the ids of an entry and returns the end; for entries of several tokens. */
  copyIds(entry: number, target: Uint32Array, at: number): number {
    const count = (this.#slots[entry + 2] as number) >>> 8;
    const begin = this.#slots[entry + 3] as number;
    for (let i = 0; i < count; i++) target[at + i] = this.#ids[begin + i] as number;
    return at + count;
  }

  /** Appends the tokens of an entry with their spans. */
  copyTokens(entry: number, out: TokenBuffer): void {
    const info = this.#slots[entry + 2] as number;
    const value = this.#slots[entry + 3] as number;
    if (info >>> 8 === 0) {
      out.push(value, 0, info & 0xff);
      return;
    }
    for (let i = value; i < value + (info >>> 8); i++) {
      const begin = this.#spans[2 * i] as number;
      out.push(this.#ids[i] as number, begin, this.#spans[2 * i + 1] as number);
    }
  }

  /** Keeps the tokens [from, out.length) of a word that is not in yet. */
  add(
    bytes: Uint8Array,
    begin: number,
    end: number,
    hash: number,
    out: TokenBuffer,
    from: number,
  ): void {
    const length = end - begin;
    const count = out.length - from;
    if (length > maxCachedBytes || count === 0 || count > 255) return;
    if (this.#count >= maxWords || this.#keyEnd > maxKeyBytes) this.clear();
    if ((this.#count + 1) * 2 > this.#mask + 1) this.#grow();
    const slots = this.#slots;
    let slot = hash & this.#mask;
    while (slots[slot * stride + 1] !== 0) slot = (slot + 1) & this.#mask;
    const at = slot * stride;
    slots[at] = hash;
    slots[at + 1] = this.#keyEnd;
    this.#keepKey(bytes, begin, end);
    const whole = count === 1 && out.spans[2 * from] === 0 && out.spans[2 * from + 1] === length;
    slots[at + 2] = whole ? length : length | (count << 8);
    slots[at + 3] = whole ? (out.ids[from] as number) : this.#keepTokens(out, from);
    this.#count++;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#count = 0;
    this.#keyEnd = 1;
    this.#valueEnd = 0;
  }

  #keepKey(bytes: Uint8Array, begin: number, end: number): void {
    if (this.#keyEnd + (end - begin) > this.#keys.length) {
      const keys = new Uint8Array(this.#keys.length * 2);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    for (let i = begin; i < end; i++) this.#keys[this.#keyEnd++] = bytes[i] as number;
  }

  #keepTokens(out: TokenBuffer, from: number): number {
    const first = this.#valueEnd;
    const count = out.length - from;
    if (first + count > this.#ids.length) {
      const ids = new Uint32Array(this.#ids.length * 2);
      ids.set(this.#ids);
      this.#ids = ids;
      const spans = new Uint8Array(this.#ids.length * 2);
      spans.set(this.#spans);
      this.#spans = spans;
    }
    for (let i = 0; i < count; i++) {
      this.#ids[first + i] = out.ids[from + i] as number;
      this.#spans[2 * (first + i)] = out.spans[2 * (from + i)] as number;
      this.#spans[2 * (first + i) + 1] = out.spans[2 * (from + i) + 1] as number;
    }
    this.#valueEnd += count;
    return first;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = this.#mask * 2 + 1;
    for (let i = 0; i < old.length; i += stride) {
      if (old[i + 1] === 0) continue;
      let slot = (old[i] as number) & mask;
      while (slots[slot * stride + 1] !== 0) slot = (slot + 1) & mask;
      for (let k = 0; k < stride; k++) slots[slot * stride + k] = old[i + k] as number;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}
