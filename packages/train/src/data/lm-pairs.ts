/** The input/output pairs of a language model, as a table: what each step sees and what it should say. */
import { checkOptions } from "@seq/core";

export interface LmPair {
  /** All tokens before the target, the start token first. */
  readonly context: readonly string[];
  /** The last token of the context: what a recurrent model reads at this step. */
  readonly input: string;
  readonly target: string;
}

export interface LmPairsOptions {
  readonly startToken?: string;
  readonly stopToken?: string;
  /** Default: words, numbers, and every other sign by itself. */
  readonly tokenize?: (text: string) => readonly string[];
}

/**
 * One pair per token and one for the stop token.
 *
 * @example makeLmPairs("I went to the park.").map(({ input, target }) => `${input} -> ${target}`)
 * // START -> I, I -> went, went -> to, to -> the, the -> park, park -> ., . -> STOP
 */
export function makeLmPairs(text: string, options: LmPairsOptions = {}): LmPair[] {
  checkOptions("makeLmPairs", options, ["startToken", "stopToken", "tokenize"]);
  const { startToken = "START", stopToken = "STOP", tokenize = splitWords } = options;
  const row = [startToken, ...tokenize(text), stopToken];
  return row.slice(1).map((target, i) => ({
    context: row.slice(0, i + 1),
    input: row[i] as string,
    target,
  }));
}

function splitWords(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? [];
}
