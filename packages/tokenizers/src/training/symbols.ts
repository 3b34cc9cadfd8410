/**
 * The symbols that merging starts from, their ids, and the strings of the tokens that merges build.
 *
 * Ids: special tokens, then byte tokens (byte fallback), then the alphabet by code point, then the
 * marked forms ("##c", "c</w>") sorted by code point, then merges in the order they were learned. The
 * plain alphabet is in the vocabulary even where only marked forms occur, so that each character can
 * begin a word.
 */
import { byteToken } from "../models/byte-tokens.ts";
import { codePointAt, utf8Length } from "../text/utf8.ts";
import {
  type Alphabet,
  type AlphabetOptions,
  chooseAlphabet,
  indexAlphabet,
  spellCharacter,
} from "./alphabet.ts";
import { MergeGraph } from "./merge-graph.ts";
import type { WordCounts } from "./word-counts.ts";

/** How the characters of a word are marked. */
export interface MarkerOptions {
  /** Put before every symbol that does not begin a word: `"##"`. */
  readonly continuingSubwordPrefix?: string | undefined;
  /** Put after the symbol that ends a word: `"</w>"`. */
  readonly endOfWordSuffix?: string | undefined;
}

export interface SymbolOptions extends AlphabetOptions, MarkerOptions {
  readonly specialTokens?: readonly string[] | undefined;
  /** Tokens `<0x00>` to `<0xFF>` for characters outside the alphabet. */
  readonly byteFallback?: boolean | undefined;
}

/** Strings of all tokens by id, and ids by string. */
export class TokenTable {
  readonly tokens: string[] = [];
  /** How many of the first ids must never come out of a merge. */
  reserved = 0;
  readonly #ids = new Map<string, number>();
  readonly #prefix: string;

  constructor(options: MarkerOptions = {}) {
    this.#prefix = options.continuingSubwordPrefix ?? "";
  }

  get size(): number {
    return this.tokens.length;
  }

  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** The id of a token, which is made when it is new. */
  add(token: string): number {
    const known = this.#ids.get(token);
    if (known !== undefined) return known;
    this.#ids.set(token, this.tokens.length);
    return this.tokens.push(token) - 1;
  }

  /** @example "un" and "##able" (prefix "##") give "unable" */
  join(left: number, right: number): string {
    const second = this.tokens[right] as string;
    const strip = this.#prefix !== "" && second.startsWith(this.#prefix);
    return (this.tokens[left] as string) + (strip ? second.slice(this.#prefix.length) : second);
  }
}

export interface SegmentedCorpus {
  readonly table: TokenTable;
  readonly alphabet: Alphabet;
  readonly graph: MergeGraph;
}

/** Chooses the alphabet, gives out the first ids and cuts all words into symbols. */
export function segmentCorpus(words: WordCounts, options: SymbolOptions): SegmentedCorpus {
  const table = new TokenTable(options);
  for (const token of options.specialTokens ?? []) table.add(token);
  if (options.byteFallback) for (let b = 0; b < 256; b++) table.add(byteToken(b));
  table.reserved = table.size;
  const alphabet = chooseAlphabet(words, options);
  for (const character of alphabet.characters) table.add(spellCharacter(character, options.unit));
  const graph = cutWords(words, alphabet, table, options);
  return { table, alphabet, graph };
}

/** Where in a word a character stands; its form depends on it. */
const continuing = 1;
const final = 2;

/**
 * Words to symbols. A character outside the alphabet ends the run of symbols before it: no merge
 * reaches over it, as nothing will when text is encoded.
 */
function cutWords(
  { bytes, begins, counts }: WordCounts,
  alphabet: Alphabet,
  table: TokenTable,
  options: SymbolOptions,
): MergeGraph {
  const marksContinuing = (options.continuingSubwordPrefix ?? "") !== "" ? continuing : 0;
  const marksFinal = (options.endOfWordSuffix ?? "") !== "" ? final : 0;
  const isByte = options.unit === "byte";
  const index = indexAlphabet(alphabet);
  const used = new Uint8Array(alphabet.characters.length * 4);
  const forms = new Int32Array(bytes.length); // place in the alphabet * 4 + form, replaced by ids below
  const starts: number[] = [0];
  const runCounts: number[] = [];
  let size = 0;
  for (let word = 0; word < counts.length; word++) {
    const begin = begins[word] as number;
    const end = begins[word + 1] as number;
    for (let at = begin; at < end; ) {
      const first = bytes[at] as number;
      const isShort = isByte || first < 128;
      const place = (at > begin ? marksContinuing : 0) as number;
      const character = index[isShort ? first : codePointAt(bytes, at)] ?? -1;
      at += isShort ? 1 : utf8Length(first);
      if (character >= 0) {
        const form = character * 4 + place + (at === end ? marksFinal : 0);
        used[form] = 1;
        forms[size++] = form;
        if (at < end) continue;
      }
      if (size > (starts[starts.length - 1] as number)) {
        starts.push(size);
        runCounts.push(counts[word] as number);
      }
    }
  }

  const ids = new Int32Array(used.length);
  for (const mark of [0, continuing, final, continuing + final]) {
    for (let form = mark; form < used.length; form += 4) {
      if (used[form] === 0) continue;
      const character = alphabet.characters[form >> 2] as number;
      ids[form] = table.add(spellForm(character, mark, options));
    }
  }
  for (let i = 0; i < size; i++) forms[i] = ids[forms[i] as number] as number;
  return new MergeGraph(forms.subarray(0, size), starts, runCounts, table.size);
}

function spellForm(character: number, mark: number, options: SymbolOptions): string {
  const prefix = mark & continuing ? (options.continuingSubwordPrefix as string) : "";
  const suffix = mark & final ? (options.endOfWordSuffix as string) : "";
  return prefix + spellCharacter(character, options.unit) + suffix;
}
