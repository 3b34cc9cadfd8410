/** The corpus of Unigram training: distinct words as runs of characters, each with its count. */

import { codePointAt, utf8Length } from "../../text/utf8.ts";
import { type Alphabet, indexAlphabet, spellCharacter } from "../../training/alphabet.ts";
import type { WordCounts } from "../../training/word-counts.ts";

export interface TrainingText {
  /** All runs one after the other; each item is an index into `alphabet`. */
  readonly text: Int32Array;
  /** Characters from here to the end of the run, this one included. */
  readonly remaining: Int32Array;
  /** Run r is `text[starts[r]] .. text[starts[r + 1] - 1]`. */
  readonly starts: Int32Array;
  /** How often each run occurs. */
  readonly counts: Float64Array;
  /** The strings of the characters. */
  readonly alphabet: readonly string[];
}

/** A character outside the alphabet ends a run: no piece can contain it. */
export function cutRuns(
  { bytes, begins, counts }: WordCounts,
  alphabet: Alphabet,
  unit: "char" | "byte" = "char",
): TrainingText {
  const { characters } = alphabet;
  const index = indexAlphabet(alphabet);
  const text = new Int32Array(bytes.length);
  const starts: number[] = [0];
  const runCounts: number[] = [];
  let size = 0;
  for (let word = 0; word < counts.length; word++) {
    const end = begins[word + 1] as number;
    for (let at = begins[word] as number; at < end; ) {
      const first = bytes[at] as number;
      const plain = unit === "byte" || first < 128;
      const known = index[plain ? first : codePointAt(bytes, at)] ?? -1;
      at += plain ? 1 : utf8Length(first);
      if (known >= 0) text[size++] = known;
      if (known >= 0 && at < end) continue;
      if (size > (starts[starts.length - 1] as number)) {
        starts.push(size);
        runCounts.push(counts[word] as number);
      }
    }
  }
  const remaining = new Int32Array(size);
  for (let run = 0; run < runCounts.length; run++) {
    const end = starts[run + 1] as number;
    for (let at = starts[run] as number; at < end; at++) remaining[at] = end - at;
  }
  return {
    text: text.slice(0, size),
    remaining,
    starts: Int32Array.from(starts),
    counts: Float64Array.from(runCounts),
    alphabet: characters.map((character) => spellCharacter(character, unit)),
  };
}

/** The string of the characters at [begin, begin + length). */
export function spellPiece(
  { text, alphabet }: TrainingText,
  begin: number,
  length: number,
): string {
  let piece = "";
  for (let i = begin; i < begin + length; i++) piece += alphabet[text[i] as number] as string;
  return piece;
}
