/**
 * Tokens and their ids, both ways, looked up by string or straight by bytes.
 *
 * All tokens lie one after the other in one byte array; an open-addressing table on typed arrays finds
 * them. In a byte-level vocabulary (GPT-2's) a token string is written in the byte alphabet ("Ġthe")
 * and the bytes are the real ones (" the"). Memory: the tokens' bytes and about 16 bytes a token.
 */
import { VocabularyError } from "@seq/core";
import { alphabetToBytes, bytesToAlphabet } from "./text/byte-alphabet.ts";
import { hashBytes, powerOfTwo } from "./text/hash.ts";
import { decodeUtf8, encodeUtf8 } from "./text/utf8.ts";

export interface VocabularyOptions {
  /** Token strings are written in GPT-2's byte alphabet. Default false. */
  readonly byteLevel?: boolean;
  /** The file, for messages. */
  readonly where?: string;
}

export class Vocabulary {
  /** Ids are 0..size-1; some may have no token. */
  readonly size: number;
  readonly byteLevel: boolean;
  /** Length of the longest token, bytes. */
  readonly maxBytes: number;
  readonly #pool: Uint8Array;
  readonly #begins: Uint32Array; // id -> begin in the pool; size + 1 items
  readonly #present: Uint8Array; // id -> 1 when the id has a token
  readonly #slots: Int32Array; // open addressing: id + 1, or 0
  readonly #mask: number;
  readonly #where: string;
  #outside: Map<string, number> | undefined; // byte-level: tokens that the byte alphabet cannot write
  #names: Map<number, string> | undefined;

  /**
   * @param pool - the bytes of all tokens in the order of their ids; kept, not copied.
   * @param begins - begin of each token in the pool, and the end of the last: size + 1 numbers.
   * @param present - 1 for ids that have a token.
   * @throws {VocabularyError} `DUPLICATE_TOKEN`
   */
  constructor(
    pool: Uint8Array,
    begins: Uint32Array,
    present: Uint8Array,
    { byteLevel = false, where = "Vocabulary" }: VocabularyOptions = {},
  ) {
    this.size = begins.length - 1;
    this.byteLevel = byteLevel;
    this.#pool = pool;
    this.#begins = begins;
    this.#present = present;
    this.#where = where;
    const slots = new Int32Array(powerOfTwo(this.size * 2));
    const mask = slots.length - 1;
    let longest = 0;
    for (let id = 0; id < this.size; id++) {
      if (present[id] === 0) continue;
      const begin = begins[id] as number;
      const end = begins[id + 1] as number;
      if (end - begin > longest) longest = end - begin;
      let slot = hashBytes(pool, begin, end) & mask;
      for (let other = slots[slot] as number; other !== 0; other = slots[slot] as number) {
        if (this.#equals(other - 1, pool, begin, end)) throw this.#duplicate(other - 1, id);
        slot = (slot + 1) & mask;
      }
      slots[slot] = id + 1;
    }
    this.#slots = slots;
    this.#mask = mask;
    this.maxBytes = longest;
  }

  /**
   * @param tokens - token of each id; `undefined` for ids without one.
   * @throws {VocabularyError} `DUPLICATE_TOKEN`
   * @example Vocabulary.of(["<unk>", "hug", "s"]).idOf("hug") // 1
   */
  static of(tokens: readonly (string | undefined)[], options: VocabularyOptions = {}): Vocabulary {
    const { byteLevel = false } = options;
    const begins = new Uint32Array(tokens.length + 1);
    const present = new Uint8Array(tokens.length);
    const outside = new Map<string, number>();
    const names = new Map<number, string>();
    let room = 64;
    for (const token of tokens) room += token === undefined ? 0 : token.length * 3;
    const scratch = new Uint8Array(room);
    let end = 0;
    for (let id = 0; id < tokens.length; id++) {
      begins[id] = end;
      const token = tokens[id];
      if (token === undefined) continue;
      const bytes = byteLevel ? alphabetToBytes(token) : encodeUtf8(token);
      if (bytes === undefined) {
        outside.set(token, id);
        names.set(id, token);
        continue;
      }

      scratch.set(bytes, end);
      end += bytes.length;
      present[id] = 1;
    }
    begins[tokens.length] = end;
    const vocabulary = new Vocabulary(scratch.slice(0, end), begins, present, options);
    if (outside.size > 0) {
      vocabulary.#outside = outside;
      vocabulary.#names = names;
    }
    return vocabulary;
  }

  /** Id of the token with these bytes, or -1. */
  find(bytes: Uint8Array, begin: number, end: number): number {
    if (end - begin > this.maxBytes) return -1;
    let slot = hashBytes(bytes, begin, end) & this.#mask;
    for (let id = this.#slots[slot] as number; id !== 0; id = this.#slots[slot] as number) {
      if (this.#equals(id - 1, bytes, begin, end)) return id - 1;
      slot = (slot + 1) & this.#mask;
    }
    return -1;
  }

  /** Id of a token, or `undefined`. */
  idOf(token: string): number | undefined {
    const outside = this.#outside?.get(token);
    if (outside !== undefined) return outside;
    const bytes = this.byteLevel ? alphabetToBytes(token) : encodeUtf8(token);
    if (bytes === undefined) return undefined;
    const id = this.find(bytes, 0, bytes.length);
    return id < 0 ? undefined : id;
  }

  /** Token of an id, or `undefined`. */
  tokenOf(id: number): string | undefined {
    const name = this.#names?.get(id);
    if (name !== undefined) return name;
    const bytes = this.bytesOf(id);
    if (bytes === undefined) return undefined;
    return this.byteLevel ? bytesToAlphabet(bytes) : decodeUtf8(bytes);
  }

  has(id: number): boolean {
    return this.#present[id] === 1 || this.#names?.has(id) === true;
  }

  /** The bytes of a token, a view that must not be written to; `undefined` when the id has none. */
  bytesOf(id: number): Uint8Array | undefined {
    if (this.#present[id] !== 1) return undefined;
    return this.#pool.subarray(this.#begins[id], this.#begins[id + 1]);
  }

  /** The bytes a text stands for here: by the byte alphabet where that is used and possible. */
  bytesOfText(text: string): Uint8Array {
    return (this.byteLevel ? alphabetToBytes(text) : undefined) ?? encodeUtf8(text);
  }

  /** Length of a token in bytes; 0 for ids without one. */
  byteLength(id: number): number {
    return (this.#begins[id + 1] as number) - (this.#begins[id] as number);
  }

  /** Copies the bytes of a token to `target` and returns the end. */
  copyBytes(id: number, target: Uint8Array, at: number): number {
    const begin = this.#begins[id] as number;
    const end = this.#begins[id + 1] as number;
    let to = at;
    for (let i = begin; i < end; i++) target[to++] = this.#pool[i] as number;
    return to;
  }

  /** All tokens by id; ids without a token are left out. */
  *entries(): IterableIterator<[id: number, token: string]> {
    for (let id = 0; id < this.size; id++) {
      const token = this.tokenOf(id);
      if (token !== undefined) yield [id, token];
    }
  }

  #equals(id: number, bytes: Uint8Array, begin: number, end: number): boolean {
    const at = this.#begins[id] as number;
    const length = end - begin;
    if ((this.#begins[id + 1] as number) - at !== length) return false;
    const pool = this.#pool;
    for (let i = 0; i < length; i++) if (pool[at + i] !== bytes[begin + i]) return false;
    return true;
  }

  #duplicate(first: number, second: number): VocabularyError {
    const token = JSON.stringify(this.tokenOf(first));
    return new VocabularyError(
      `${this.#where}: token ${token} has the ids ${first} and ${second}, expected each token once.`,
      { code: "DUPLICATE_TOKEN", details: { token, first, second } },
    );
  }
}
