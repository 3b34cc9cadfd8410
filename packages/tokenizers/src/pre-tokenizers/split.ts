/** Splitting at a string, or at the matches of a regular expression. */
import type { Pieces } from "../pieces.ts";
import type { PreTokenizer } from "../stages.types.ts";
import {
  type DelimiterFinder,
  findMatches,
  type SplitBehavior,
  splitPieces,
} from "./split-behavior.ts";

export interface SplitOptions {
  /** A string, or a regular expression with the flag `g`. */
  readonly pattern: string | RegExp;
  readonly behavior: SplitBehavior;
  /** What does not match is the delimiter. Default false. */
  readonly invert?: boolean | undefined;
  /** The regular expression as a file wrote it, in another dialect. */
  readonly source?: string | undefined;
}

export class Split implements PreTokenizer {
  readonly type = "Split";
  readonly pattern: string | RegExp;
  readonly behavior: SplitBehavior;
  readonly invert: boolean;
  readonly source: string | undefined;
  readonly #find: DelimiterFinder;

  constructor({ pattern, behavior, invert = false, source }: SplitOptions) {
    this.pattern = pattern;
    this.behavior = behavior;
    this.invert = invert;
    this.source = source;
    const regex = typeof pattern === "string" ? new RegExp(escapeRegex(pattern), "gu") : pattern;
    const find = pattern === "" ? () => [] : findMatches(regex);
    this.#find = invert ? inverted(find) : find;
  }

  preTokenize(pieces: Pieces): Pieces {
    return splitPieces(pieces, this.behavior, this.#find);
  }
}

function inverted(find: DelimiterFinder): DelimiterFinder {
  return (text, begin, end) => {
    const found = find(text, begin, end);
    const rest: number[] = [];
    let at = begin;
    for (let i = 0; i < found.length; i += 2) {
      if ((found[i] as number) > at) rest.push(at, found[i] as number);
      at = found[i + 1] as number;
    }
    if (end > at) rest.push(at, end);
    return rest;
  };
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
