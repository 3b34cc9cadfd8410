/**
 * Byte-pair encoding (Gage 1994; Sennrich et al. 2016): a word is cut into its smallest symbols and the
 * merge rules join neighbours, the rule learned first before all others. Symbols are bytes when the
 * vocabulary is byte-level, else characters.
 *
 * What tools vary, as options: a prefix on every symbol but the first ("##"), a suffix on the last
 * ("</w>"), bytes for unknown characters, one or many unknown tokens for a run, whole words first.
 */
import { checkNumber, checkOptions, OptionError, VocabularyError } from "@seq/core";
import type { Model, RandomOptions } from "../../stages.types.ts";
import { encodeUtf8, utf8Length } from "../../text/utf8.ts";
import type { TokenBuffer } from "../../token-buffer.ts";
import { Vocabulary } from "../../vocabulary.ts";
import { byteTokenIds } from "../byte-tokens.ts";
import { mergeWithDropout } from "./dropout.ts";
import { mergeSymbols, Symbols } from "./merge-symbols.ts";
import { MergeTable } from "./merges.ts";

export interface BPEOptions {
  /** Tokens by id, or a finished vocabulary (byte-level ones know that they are). */
  readonly vocab: Vocabulary | readonly (string | undefined)[];
  /**
   * The rules in the order they were learned. Left out: a pair joins when its concatenation is a token,
   * lower ids first (tiktoken's files).
   */
  readonly merges?: Iterable<readonly [left: string, right: string]> | undefined;
  /** Token for what the vocabulary lacks. Without it such characters are dropped, as in Hugging Face. */
  readonly unknownToken?: string | undefined;
  /** Stands before every symbol but the first of a word: `"##"`. */
  readonly continuingSubwordPrefix?: string | undefined;
  /** Stands after the last symbol of a word: `"</w>"`. */
  readonly endOfWordSuffix?: string | undefined;
  /** One unknown token for a run of unknown characters. Default false. */
  readonly fuseUnknown?: boolean | undefined;
  /** Unknown characters become tokens of their bytes, `<0xE2>`, when the vocabulary has them. */
  readonly byteFallback?: boolean | undefined;
  /** A word that is a token is that token, whatever the merges say. Default: true without merges. */
  readonly ignoreMerges?: boolean | undefined;
  /** Chance to skip a merge, 0 to 1, applied when the call brings an `rng`. Default 0. */
  readonly dropout?: number | undefined;
}

const optionNames = [
  "vocab", "merges", "unknownToken", "continuingSubwordPrefix", "endOfWordSuffix", "fuseUnknown",
  "byteFallback", "ignoreMerges", "dropout",
]; // biome-ignore format: a list

export class BPE implements Model {
  readonly type = "BPE";
  readonly vocab: Vocabulary;
  readonly unknownId: number | undefined;
  readonly unknownToken: string | undefined;
  readonly continuingSubwordPrefix: string | undefined;
  readonly endOfWordSuffix: string | undefined;
  readonly fuseUnknown: boolean;
  readonly byteFallback: boolean;
  readonly ignoreMerges: boolean;
  readonly dropout: number;
  /** False when rules follow from the vocabulary's ids. */
  readonly hasMerges: boolean;
  readonly #table: MergeTable;
  readonly #mergeIds: Int32Array; // left, right of each rule, in order
  readonly #byteIds: Int32Array | undefined; // byte -> id of its symbol, or of its <0x..> token
  readonly #symbols = new Symbols();
  readonly #scratch: Uint8Array;

  /** @throws {VocabularyError} when a rule names a token that does not exist. */
  constructor(options: BPEOptions) {
    checkOptions("BPE", options, optionNames);
    const { vocab, merges } = options;
    this.vocab = vocab instanceof Vocabulary ? vocab : Vocabulary.of(vocab, { where: "BPE" });
    this.unknownToken = options.unknownToken;
    this.unknownId = idOfUnknown(this.vocab, options.unknownToken);
    this.continuingSubwordPrefix = options.continuingSubwordPrefix;
    this.endOfWordSuffix = options.endOfWordSuffix;
    this.fuseUnknown = options.fuseUnknown ?? false;
    this.byteFallback = options.byteFallback ?? false;
    this.dropout = checkNumber("BPE", "dropout", options.dropout ?? 0, { min: 0, max: 1 });
    this.hasMerges = merges !== undefined;
    this.ignoreMerges = options.ignoreMerges ?? !this.hasMerges;
    this.#scratch = new Uint8Array(this.vocab.maxBytes * 2 + 64);
    this.#mergeIds = merges === undefined ? new Int32Array(0) : this.#readMerges(merges);
    this.#table = merges === undefined ? this.#lazyTable() : this.#givenTable();
    if (this.vocab.byteLevel) this.#byteIds = symbolIds(this.vocab);
    else if (this.byteFallback) this.#byteIds = byteTokenIds(this.vocab);
  }

  tokenize(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void {
    if (this.ignoreMerges) {
      const id = this.vocab.find(bytes, begin, end);
      if (id >= 0) {
        out.push(id, 0, end - begin);
        return;
      }
    }
    const symbols = this.#symbols;
    this.#cut(bytes, begin, end, symbols);
    mergeSymbols(symbols, this.#table);
    emit(symbols, out);
  }

  tokenizeRandomly(
    bytes: Uint8Array,
    begin: number,
    end: number,
    out: TokenBuffer,
    options: RandomOptions,
  ): void {
    const dropout = options.dropout ?? this.dropout;
    if (dropout === 0) {
      this.tokenize(bytes, begin, end, out);
      return;
    }
    const symbols = this.#symbols;
    this.#cut(bytes, begin, end, symbols);
    mergeWithDropout(symbols, this.#table, dropout, options.rng);
    emit(symbols, out);
  }

  /** The rules in order, as pairs of tokens; none when rules follow from the vocabulary's ids. */
  *merges(): IterableIterator<[left: string, right: string]> {
    for (let i = 0; i < this.#mergeIds.length; i += 2) {
      const left = this.vocab.tokenOf(this.#mergeIds[i] as number) as string;
      yield [left, this.vocab.tokenOf(this.#mergeIds[i + 1] as number) as string];
    }
  }

  /** What two neighbouring tokens become and the rank of that rule, or `undefined`: for traces. */
  ruleOf(left: number, right: number): { rank: number; result: number } | undefined {
    const rank = this.#table.rank(left, right);
    return rank < 0 ? undefined : { rank, result: this.#table.result };
  }

  /** The symbols a word starts from, before any merge. */
  initialSymbols(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void {
    this.#cut(bytes, begin, end, this.#symbols);
    emit(this.#symbols, out);
  }

  #cut(bytes: Uint8Array, begin: number, end: number, symbols: Symbols): void {
    symbols.clear();
    if (this.vocab.byteLevel) this.#cutBytes(bytes, begin, end, symbols);
    else this.#cutCharacters(bytes, begin, end, symbols);
  }

  #cutBytes(bytes: Uint8Array, begin: number, end: number, symbols: Symbols): void {
    const byteIds = this.#byteIds as Int32Array;
    const { continuingSubwordPrefix: prefix, endOfWordSuffix: suffix } = this;
    if (prefix || suffix) {
      this.#cutCharacters(bytes, begin, end, symbols);
      return;
    }
    symbols.reserve(end - begin);
    for (let at = begin; at < end; at++) {
      const id = byteIds[bytes[at] as number] as number;
      if (id >= 0) symbols.push(id, 1);
      else
        this.#pushUnknown(
          symbols,
          1,
          at > begin && (byteIds[bytes[at - 1] as number] as number) < 0,
        );
    }
  }

  /** Characters, each looked up with the prefix or suffix its place asks for. */
  #cutCharacters(bytes: Uint8Array, begin: number, end: number, symbols: Symbols): void {
    const single = this.vocab.byteLevel;
    let afterUnknown = false;
    let at = begin;
    while (at < end) {
      const length = single ? 1 : Math.min(utf8Length(bytes[at] as number), end - at);
      const id = this.#find(bytes, at, at + length, at === begin, at + length === end);
      if (id >= 0) {
        symbols.push(id, length);
        afterUnknown = false;
      } else if (
        !this.#pushBytes(bytes, at, at + length, at === begin, at + length === end, symbols)
      ) {
        this.#pushUnknown(symbols, length, afterUnknown);
        afterUnknown = true;
      }
      at += length;
    }
  }

  #pushUnknown(symbols: Symbols, length: number, afterUnknown: boolean): void {
    if (this.unknownId === undefined) return;
    if (this.fuseUnknown && afterUnknown && symbols.count > 0) {
      const last = symbols.count - 1;
      symbols.lengths[last] = (symbols.lengths[last] as number) + length;
    } else {
      symbols.push(this.unknownId, length);
    }
  }

  #find(bytes: Uint8Array, begin: number, end: number, first: boolean, last: boolean): number {
    const { continuingSubwordPrefix: prefix, endOfWordSuffix: suffix } = this;
    if ((first || !prefix) && (!last || !suffix)) return this.vocab.find(bytes, begin, end);
    const affixed = this.#affixed(bytes, begin, end, first, last);
    return affixed === undefined ? -1 : this.vocab.find(affixed, 0, affixed.length);
  }

  #affixed(
    bytes: Uint8Array,
    begin: number,
    end: number,
    first: boolean,
    last: boolean,
  ): Uint8Array {
    const prefix = first ? [] : encodeUtf8(this.continuingSubwordPrefix ?? "");
    const suffix = last ? encodeUtf8(this.endOfWordSuffix ?? "") : [];
    return Uint8Array.of(...prefix, ...bytes.subarray(begin, end), ...suffix);
  }

  #pushBytes(
    bytes: Uint8Array,
    begin: number,
    end: number,
    first: boolean,
    last: boolean,
    symbols: Symbols,
  ): boolean {
    if (!this.byteFallback || this.#byteIds === undefined || this.vocab.byteLevel) return false;
    const ids = this.#byteIds;
    const affixed = this.#affixed(bytes, begin, end, first, last);
    if (affixed.some((byte) => (ids[byte] as number) < 0)) return false;
    for (const byte of affixed) symbols.push(ids[byte] as number, 1);
    return true;
  }

  #readMerges(merges: Iterable<readonly [string, string]>): Int32Array {
    let ids = new Int32Array(1024);
    let length = 0;
    for (const [left, right] of merges) {
      const leftId = this.vocab.idOf(left);
      const rightId = this.vocab.idOf(right);
      if (leftId === undefined || rightId === undefined) {
        const missing = leftId === undefined ? left : right;
        throw new VocabularyError(
          `BPE: merge ${length / 2} joins ${JSON.stringify(left)} and ${JSON.stringify(right)}, but ${JSON.stringify(missing)} is not in the vocabulary.`,
          { code: "UNKNOWN_TOKEN", details: { merge: length / 2, token: missing } },
        );
      }
      if (length === ids.length) {
        const grown = new Int32Array(length * 2);
        grown.set(ids);
        ids = grown;
      }
      ids[length++] = leftId;
      ids[length++] = rightId;
    }
    return ids.slice(0, length);
  }

  #givenTable(): MergeTable {
    const ids = this.#mergeIds;
    const table = new MergeTable(ids.length / 2);
    for (let i = 0; i < ids.length; i += 2) {
      const left = ids[i] as number;
      const right = ids[i + 1] as number;
      // Tokens that the byte alphabet cannot write never occur in text, nor do their merges.
      const never = [left, right].some((id) => this.vocab.bytesOf(id) === undefined);
      if (never) continue;
      const result = this.#join(left, right);
      if (result < 0) {
        const tokens = [left, right].map((id) => JSON.stringify(this.vocab.tokenOf(id)));
        throw new VocabularyError(
          `BPE: merge ${i / 2} joins ${tokens.join(" and ")} to a token that is not in the vocabulary.`,
          { code: "UNKNOWN_TOKEN", details: { merge: i / 2 } },
        );
      }
      table.add(left, right, i / 2, result);
    }
    return table;
  }

  #lazyTable(): MergeTable {
    return new MergeTable(4096, {
      resolve: (left, right) => this.#join(left, right),
      rankOf: (id) => id,
      rankCount: this.vocab.size,
    });
  }

  /** Id of the token that two tokens form, or -1; the right one loses its continuing prefix. */
  #join(left: number, right: number): number {
    const { vocab } = this;
    const prefix = this.continuingSubwordPrefix;
    const skip = prefix ? encodeUtf8(prefix).length : 0;
    const length = vocab.byteLength(left) + Math.max(0, vocab.byteLength(right) - skip);
    if (length > vocab.maxBytes) return -1;
    const scratch = this.#scratch;
    let end = vocab.copyBytes(left, scratch, 0);
    if (skip === 0) {
      end = vocab.copyBytes(right, scratch, end);
    } else {
      const tail = (vocab.bytesOf(right) as Uint8Array).subarray(skip);
      scratch.set(tail, end);
      end += tail.length;
    }
    return vocab.find(scratch, 0, end);
  }
}

function emit(symbols: Symbols, out: TokenBuffer): void {
  let at = 0;
  out.reserve(out.length + symbols.count);
  for (let i = 0; i < symbols.count; i++) {
    const length = symbols.lengths[i] as number;
    out.push(symbols.ids[i] as number, at, at + length);
    at += length;
  }
}

/** Byte -> id of the token that is this one byte, or -1. */
function symbolIds(vocab: Vocabulary): Int32Array {
  const ids = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) ids[byte] = vocab.find(Uint8Array.of(byte), 0, 1);
  return ids;
}

function idOfUnknown(vocab: Vocabulary, token: string | undefined): number | undefined {
  if (token === undefined) return undefined;
  const id = vocab.idOf(token);
  if (id === undefined) {
    throw new OptionError(
      `BPE: unknownToken is ${JSON.stringify(token)}, which is not in the vocabulary.`,
      { code: "OPTION_RANGE", details: { option: "unknownToken", value: token } },
    );
  }
  return id;
}
