/** What becomes of a delimiter, and splitting by any rule that finds delimiters (Hugging Face's five ways). */
import { BoundsBuilder, type Pieces } from "../pieces.ts";

/**
 * `"removed"` dropped; `"isolated"` a piece of its own; `"merged-with-previous"` and `"merged-with-next"`
 * part of a neighbour; `"contiguous"` neighbouring delimiters are one piece.
 */
export type SplitBehavior =
  | "removed"
  | "isolated"
  | "merged-with-previous"
  | "merged-with-next"
  | "contiguous";

/** Finds delimiters in text [begin, end): interleaved begins and ends, in order, none empty. */
export type DelimiterFinder = (text: string, begin: number, end: number) => readonly number[];

export function splitPieces(
  pieces: Pieces,
  behavior: SplitBehavior,
  find: DelimiterFinder,
): Pieces {
  const out = new BoundsBuilder();
  for (let i = 0; i < pieces.bounds.length; i += 2) {
    const begin = pieces.bounds[i] as number;
    const end = pieces.bounds[i + 1] as number;
    splitOne(find(pieces.source.text, begin, end), begin, end, behavior, out);
  }
  return pieces.with(out.finish());
}

function splitOne(
  found: readonly number[],
  begin: number,
  end: number,
  behavior: SplitBehavior,
  out: BoundsBuilder,
): void {
  if (behavior === "removed" || behavior === "isolated") {
    let at = begin;
    for (let i = 0; i < found.length; i += 2) {
      out.add(at, found[i] as number);
      at = found[i + 1] as number;
      if (behavior === "isolated") out.add(found[i] as number, at);
    }
    out.add(at, end);
    return;
  }
  for (const [from, to] of merged(allParts(found, begin, end), behavior)) out.add(from, to);
}

type Part = [begin: number, end: number, delimiter: boolean];

function allParts(found: readonly number[], begin: number, end: number): Part[] {
  const parts: Part[] = [];
  let at = begin;
  for (let i = 0; i < found.length; i += 2) {
    const from = found[i] as number;
    if (from > at) parts.push([at, from, false]);
    at = found[i + 1] as number;
    parts.push([from, at, true]);
  }
  if (end > at) parts.push([at, end, false]);
  return parts;
}

function merged(parts: readonly Part[], behavior: SplitBehavior): [number, number][] {
  const out: [number, number][] = [];
  let previous = false;
  const fromEnd = behavior === "merged-with-next";
  for (const [begin, end, delimiter] of fromEnd ? [...parts].reverse() : parts) {
    const last = out[out.length - 1];
    const joins = behavior === "contiguous" ? delimiter === previous : delimiter && !previous;
    if (joins && last !== undefined) {
      if (fromEnd) last[0] = begin;
      else last[1] = end;
    } else {
      out.push([begin, end]);
    }
    previous = delimiter;
  }
  return fromEnd ? out.reverse() : out;
}

/** A finder for single characters (code points) that a test accepts. */
export function findCharacters(accepts: (codePoint: number) => boolean): DelimiterFinder {
  return (text, begin, end) => {
    const found: number[] = [];
    for (let at = begin; at < end; ) {
      const codePoint = text.codePointAt(at) as number;
      const width = codePoint > 0xffff ? 2 : 1;
      if (accepts(codePoint)) found.push(at, at + width);
      at += width;
    }
    return found;
  };
}

/** A finder for the matches of a global regular expression. */
export function findMatches(regex: RegExp): DelimiterFinder {
  return (text, begin, end) => {
    const part = begin === 0 && end === text.length ? text : text.slice(begin, end);
    const found: number[] = [];
    regex.lastIndex = 0;
    for (let match = regex.exec(part); match !== null; match = regex.exec(part)) {
      const length = match[0].length;
      if (length > 0) found.push(begin + match.index, begin + match.index + length);
      else regex.lastIndex += (part.codePointAt(match.index) ?? 0) > 0xffff ? 2 : 1;
    }
    return found;
  };
}
