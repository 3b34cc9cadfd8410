/** The rank file itself: a token in base64, a space, its rank, a line each. */
import { FormatError } from "@seq/core";
import { base64Values } from "../../text/base64.ts";
import { Vocabulary } from "../../vocabulary.ts";

/** Reads the ranks alone. */
export function readRanks(file: Uint8Array, where: string): Vocabulary {
  return readCountedRanks(file, where).vocab;
}

/** The same with the number of tokens. */
export function readCountedRanks(
  file: Uint8Array,
  where: string,
): { vocab: Vocabulary; count: number } {
  const reader = new RankReader(file, where);
  while (reader.at < file.length) reader.line();
  const { count, top } = reader;
  if (count === 0) throw badLine(where, 1, "at least one token");
  // A table by rank must not be larger than the file explains.
  if (top >= count * 8 + 65536) {
    throw badLine(
      where,
      reader.lines,
      `a rank below ${count * 8 + 65536} in a file of ${count} tokens`,
    );
  }
  return { vocab: byRank(reader, where), count };
}

/** Reads line by line; tokens lie in `pool` in the order of the file. */
class RankReader {
  at = 0;
  lines = 0;
  count = 0;
  /** The highest rank. */
  top = -1;
  /** Every rank so far was above the one before. */
  ascending = true;
  readonly pool: Uint8Array;
  end = 0;
  begins = new Uint32Array(4096);
  ranks = new Uint32Array(4096);
  readonly #file: Uint8Array;
  readonly #where: string;
  readonly #values = base64Values();

  constructor(file: Uint8Array, where: string) {
    this.#file = file;
    this.#where = where;
    this.pool = new Uint8Array(file.length); // base64 is longer than what it stands for
  }

  line(): void {
    const file = this.#file;
    this.lines++;
    if (this.#lineEnd()) return;
    const begin = this.end;
    this.#token();
    if (this.end === begin || file[this.at] !== 0x20) {
      throw badLine(this.#where, this.lines, "a token in base64 and a space");
    }
    this.at++;
    const rank = this.#rank();
    if (rank < 0 || !(this.#lineEnd() || this.at >= file.length)) {
      throw badLine(this.#where, this.lines, "a rank after the space");
    }
    if (this.count === this.ranks.length) {
      this.begins = grow(this.begins);
      this.ranks = grow(this.ranks);
    }
    this.begins[this.count] = begin;
    this.ranks[this.count++] = rank;
    if (rank <= this.top) this.ascending = false;
    else this.top = rank;
  }

  #token(): void {
    const file = this.#file;
    const values = this.#values;
    const length = file.length;
    let { at, end } = this;
    let bits = 0;
    let count = 0;
    for (; at < length; at++) {
      const value = values[file[at] as number] as number;
      if (value < 0) break;
      bits = (bits << 6) | value;
      count += 6;
      if (count >= 8) {
        count -= 8;
        this.pool[end++] = bits >> count;
      }
    }
    while (file[at] === 0x3d) at++;
    this.at = at;
    this.end = end;
  }

  /** A number of at most nine digits, or -1. */
  #rank(): number {
    const file = this.#file;
    const begin = this.at;
    let at = begin;
    let rank = 0;
    for (; at < file.length; at++) {
      const digit = (file[at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      rank = rank * 10 + digit;
    }
    this.at = at;
    return at === begin || at - begin > 9 ? -1 : rank;
  }

  /** Steps over a line end, if one is here. */
  #lineEnd(): boolean {
    const file = this.#file;
    const at = file[this.at] === 13 ? this.at + 1 : this.at;
    if (file[at] !== 10) return false;
    this.at = at + 1;
    return true;
  }
}

function byRank(reader: RankReader, where: string): Vocabulary {
  const { top, ascending, count } = reader;
  const pool = reader.pool.subarray(0, reader.end);
  const begins = reader.begins.subarray(0, count);
  const ranks = reader.ranks.subarray(0, count);
  const order = ascending
    ? undefined
    : Uint32Array.from(ranks, (_, i) => i).sort(
        (a, b) => (ranks[a] as number) - (ranks[b] as number),
      );
  const sorted = order === undefined ? pool : new Uint8Array(pool.length);
  const byId = new Uint32Array(top + 2);
  const present = new Uint8Array(top + 1);
  let end = 0;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const item = order === undefined ? i : (order[i] as number);
    const rank = ranks[item] as number;
    if (present[rank] === 1) {
      throw new FormatError(`${where}: two tokens have the rank ${rank}, expected each once.`, {
        code: "TIKTOKEN",
        details: { rank },
      });
    }
    for (; next <= rank; next++) byId[next] = end;
    present[rank] = 1;
    const begin = begins[item] as number;
    const length = (item + 1 < count ? (begins[item + 1] as number) : pool.length) - begin;
    if (order !== undefined) sorted.set(pool.subarray(begin, begin + length), end);
    end += length;
  }
  for (; next < byId.length; next++) byId[next] = end;
  let vocab: Vocabulary;
  try {
    vocab = new Vocabulary(sorted.slice(), byId, present, { byteLevel: true, where });
  } catch (error) {
    throw new FormatError((error as Error).message, { code: "TIKTOKEN", cause: error });
  }
  for (let byte = 0; byte < 256; byte++) {
    if (vocab.find(Uint8Array.of(byte), 0, 1) < 0) {
      throw new FormatError(
        `${where}: the byte 0x${byte.toString(16).padStart(2, "0")} is no token, expected all 256 bytes.`,
        { code: "TIKTOKEN", details: { byte } },
      );
    }
  }
  return vocab;
}

function badLine(where: string, line: number, expected: string): FormatError {
  return new FormatError(`${where}: line ${line}: expected ${expected}.`, {
    code: "TIKTOKEN",
    details: { line },
  });
}

function grow(list: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(list.length * 2);
  larger.set(list);
  return larger;
}
