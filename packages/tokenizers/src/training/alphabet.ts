/**
 * Which characters become tokens of their own. A character is a Unicode code point, or a byte.
 */
import { byteToChar } from "../text/byte-alphabet.ts";
import { codePointAt, utf8Length } from "../text/utf8.ts";
import type { WordCounts } from "./word-counts.ts";

export interface AlphabetOptions {
  /** The smallest unit. Default `"char"`. */
  readonly unit?: "char" | "byte" | undefined;
  /** Unit byte: all 256 bytes are in the alphabet (default), or only those of the corpus. */
  readonly allBytes?: boolean | undefined;
  /** Characters that are kept whether the corpus has them or not. */
  readonly initialAlphabet?: readonly string[] | undefined;
  /** At most so many characters, the most frequent ones (`initialAlphabet` counts and always stays). */
  readonly limitAlphabet?: number | undefined;
  /** Share of the corpus' characters to cover, 0 to 1; the rarest are left out. Default 1. */
  readonly characterCoverage?: number | undefined;
}

export interface Alphabet {
  /** Code points in ascending order; unit byte: bytes in the order of the byte alphabet. */
  readonly characters: readonly number[];
  /** How often each occurs, in the same order. */
  readonly counts: readonly number[];
}

/**
 * Chooses the alphabet. Rare characters go first; of equally frequent ones the higher code point goes.
 * `characterCoverage` keeps the fewest most frequent characters that reach the share.
 */
export function chooseAlphabet(words: WordCounts, options: AlphabetOptions = {}): Alphabet {
  if (options.unit === "byte") return byteAlphabet(words, options.allBytes ?? true);
  const counts = countCharacters(words);
  const initial = new Set<number>();
  for (const text of options.initialAlphabet ?? []) {
    for (const character of text) initial.add(character.codePointAt(0) as number);
  }
  for (const character of initial) if (!counts.has(character)) counts.set(character, 0);

  let total = 0;
  for (const count of counts.values()) total += count;
  const wanted = (options.characterCoverage ?? 1) * total;
  const limit = options.limitAlphabet ?? Number.POSITIVE_INFINITY;
  const byFrequency = [...counts].sort(
    ([a, countA], [b, countB]) =>
      Number(initial.has(b)) - Number(initial.has(a)) || countB - countA || a - b,
  );
  const kept: [number, number][] = [];
  let covered = 0;
  for (const entry of byFrequency) {
    if (!initial.has(entry[0]) && (kept.length >= limit || covered >= wanted)) break;
    covered += entry[1];
    kept.push(entry);
  }
  kept.sort(([a], [b]) => a - b);
  return { characters: kept.map(([c]) => c), counts: kept.map(([, count]) => count) };
}

/** Character (code point or byte) -> its place in the alphabet, or -1: a table, because it is asked often. */
export function indexAlphabet({ characters }: Alphabet): Int32Array {
  // The greatest code point comes last; bytes, in the order of their own, are below 256.
  const index = new Int32Array(Math.max(256, (characters.at(-1) ?? 0) + 1)).fill(-1);
  for (let i = 0; i < characters.length; i++) index[characters[i] as number] = i;
  return index;
}

/** Token string of a character of the alphabet. */
export function spellCharacter(character: number, unit: "char" | "byte" = "char"): string {
  return unit === "byte" ? byteToChar(character) : String.fromCodePoint(character);
}

function countCharacters({ bytes, begins, counts }: WordCounts): Map<number, number> {
  const ascii = new Float64Array(128);
  const found = new Map<number, number>();
  for (let word = 0; word < counts.length; word++) {
    const end = begins[word + 1] as number;
    const count = counts[word] as number;
    for (let at = begins[word] as number; at < end; ) {
      const first = bytes[at] as number;
      if (first < 128) {
        ascii[first] = (ascii[first] as number) + count;
        at++;
      } else {
        const character = codePointAt(bytes, at);
        found.set(character, (found.get(character) ?? 0) + count);
        at += utf8Length(first);
      }
    }
  }
  for (let c = 0; c < 128; c++) if ((ascii[c] as number) > 0) found.set(c, ascii[c] as number);
  return found;
}

function byteAlphabet({ bytes, begins, counts }: WordCounts, all: boolean): Alphabet {
  const found = new Float64Array(256);
  for (let word = 0; word < counts.length; word++) {
    const end = begins[word + 1] as number;
    for (let at = begins[word] as number; at < end; at++) {
      const byte = bytes[at] as number;
      found[byte] = (found[byte] as number) + (counts[word] as number);
    }
  }
  const characters = Array.from({ length: 256 }, (_, byte) => byte)
    .filter((byte) => all || (found[byte] as number) > 0)
    .sort((a, b) => byteToChar(a).charCodeAt(0) - byteToChar(b).charCodeAt(0));
  return { characters, counts: characters.map((byte) => found[byte] as number) };
}
