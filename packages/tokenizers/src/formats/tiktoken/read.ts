/**
 * tiktoken's rank files: a token in base64, a space, its rank, a line each. Ranks are ids, and the order
 * in which tokens were learned.
 */
import { FormatError, OptionError } from "@seq/core";
import type { AddedToken } from "../../added-tokens.ts";
import { ByteLevelDecoder } from "../../decoders/decoders.ts";
import { BPE } from "../../models/bpe/model.ts";
import { ByteLevel } from "../../pre-tokenizers/byte-level.ts";
import type { GptPattern } from "../../pre-tokenizers/gpt-scanner.ts";
import { GptSplit } from "../../pre-tokenizers/gpt-split.ts";
import { PreTokenizerSequence } from "../../pre-tokenizers/sequence.ts";
import type { PreTokenizer } from "../../stages.types.ts";
import { base64Values } from "../../text/base64.ts";
import { Tokenizer } from "../../tokenizer.ts";
import { Vocabulary } from "../../vocabulary.ts";
import {
  isTiktokenPreset,
  recogniseTiktoken,
  type TiktokenPresetName,
  tiktokenPreset,
} from "./presets.ts";

export interface TiktokenOptions {
  /** Name of a known encoding; default: recognised by the file's name and size. */
  readonly preset?: TiktokenPresetName | undefined;
  /** For other encodings: how text is cut into words. */
  readonly pattern?: GptPattern | PreTokenizer | undefined;
  readonly specialTokens?: Readonly<Record<string, number>> | undefined;
}

/**
 * Reads a rank file. Special tokens in a text are text (tiktoken's `encode_ordinary`) unless asked for.
 *
 * @param where - the file's name: it names the encoding, and the place in messages.
 * @throws {FormatError} `TIKTOKEN` naming the line, or when the encoding is not known and no option says.
 * @example readTiktoken(readFileSync("cl100k_base.tiktoken"), "cl100k_base.tiktoken")
 */
export function readTiktoken(
  file: Uint8Array,
  where = "tiktoken",
  options: TiktokenOptions = {},
): Tokenizer {
  const vocab = readRanks(file, where);
  if (options.preset !== undefined && !isTiktokenPreset(options.preset)) {
    throw new OptionError(
      `${where}: preset is "${options.preset}", expected the name of an encoding.`,
      {
        code: "OPTION_RANGE",
        details: { option: "preset", value: options.preset },
      },
    );
  }
  const name =
    options.preset ?? (options.pattern ? undefined : recogniseTiktoken(where, countOf(vocab)));
  const preset = name === undefined ? undefined : tiktokenPreset(name);
  const pattern = options.pattern ?? preset?.pattern;
  if (pattern === undefined) {
    throw new FormatError(
      `${where}: ${countOf(vocab)} ranks are of no known encoding; give the option preset, or pattern and specialTokens.`,
      { code: "TIKTOKEN" },
    );
  }
  const split = "preTokenize" in pattern ? pattern : new GptSplit(pattern);
  return new Tokenizer({
    model: new BPE({ vocab }),
    preTokenizer: new PreTokenizerSequence([split, new ByteLevel({ useRegex: false })]),
    decoder: new ByteLevelDecoder(),
    addedTokens: Object.entries(options.specialTokens ?? preset?.specialTokens ?? {}).map(special),
    specialTokensInText: "text",
  });
}

function special([content, id]: [string, number]): AddedToken {
  return {
    id,
    content,
    special: true,
    singleWord: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  };
}

function countOf(vocab: Vocabulary): number {
  let count = 0;
  for (let id = 0; id < vocab.size; id++) if (vocab.has(id)) count++;
  return count;
}

/** Reads the ranks alone. */
export function readRanks(file: Uint8Array, where: string): Vocabulary {
  const values = base64Values();
  const pool = new Uint8Array(file.length); // base64 is longer than what it stands for
  let begins = new Uint32Array(4096);
  let ranks = new Uint32Array(4096);
  let count = 0;
  let end = 0;
  let line = 1;
  let ascending = true;
  let top = -1;
  for (let at = 0; at < file.length; line++) {
    if (file[at] === 10 || (file[at] === 13 && file[at + 1] === 10)) {
      at += file[at] === 10 ? 1 : 2;
      continue; // an empty line
    }
    const begin = end;
    let bits = 0;
    let bitCount = 0;
    let byte = file[at] as number;
    for (let value = values[byte] as number; value >= 0; value = values[byte] as number) {
      bits = (bits << 6) | value;
      bitCount += 6;
      if (bitCount >= 8) {
        bitCount -= 8;
        pool[end++] = bits >> bitCount;
      }
      byte = file[++at] as number;
      if (at >= file.length) break;
    }
    while (file[at] === 0x3d) at++;
    if (file[at] !== 0x20 || end === begin)
      throw badLine(where, line, "a token in base64 and a space");
    at++;
    let rank = 0;
    const digits = at;
    for (; at < file.length && (file[at] as number) >= 48 && (file[at] as number) <= 57; at++) {
      rank = rank * 10 + (file[at] as number) - 48;
    }
    const lineEnd = at >= file.length || file[at] === 10 || file[at] === 13;
    if (at === digits || at - digits > 9 || !lineEnd)
      throw badLine(where, line, "a rank after the space");
    if (file[at] === 13) at++;
    if (file[at] === 10) at++;
    if (count === ranks.length) {
      begins = grow(begins);
      ranks = grow(ranks);
    }
    begins[count] = begin;
    ranks[count++] = rank;
    if (rank <= top) ascending = false;
    top = Math.max(top, rank);
  }
  if (count === 0) throw badLine(where, 1, "at least one token");
  // A table by rank must not be larger than the file explains.
  if (top >= count * 8 + 65536) throw badLine(where, line - 1, `ranks below ${count * 8 + 65536}`);
  return byRank(
    pool.subarray(0, end),
    begins.subarray(0, count),
    ranks.subarray(0, count),
    top,
    ascending,
    where,
  );
}

function byRank(
  pool: Uint8Array,
  begins: Uint32Array,
  ranks: Uint32Array,
  top: number,
  ascending: boolean,
  where: string,
): Vocabulary {
  const count = ranks.length;
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
