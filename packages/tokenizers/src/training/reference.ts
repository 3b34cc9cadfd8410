/**
 * BPE and WordPiece training as a student would write it: count all pairs anew after every merge. Slow,
 * O(merges x corpus), and the specification of the fast trainers, which must give the same tokens.
 */

import { byteToken } from "../models/byte-tokens.ts";
import { chooseAlphabet, spellCharacter } from "./alphabet.ts";
import { type SymbolOptions, TokenTable } from "./symbols.ts";
import { type WordCounts, wordAt } from "./word-counts.ts";

export interface ReferenceOptions extends SymbolOptions {
  readonly vocabSize: number;
  readonly minFrequency?: number;
  readonly score?: "frequency" | "pmi" | "deltaLL";
  /** Makes these merges instead of choosing, so that others' choices can be weighed. */
  readonly follow?: readonly (readonly [left: string, right: string])[];
}

interface Word {
  symbols: number[];
  readonly count: number;
}

/** Unit char only; no limits on token length or words. */
export function learnMergesSlowly(words: WordCounts, options: ReferenceOptions) {
  const { score = "frequency", minFrequency = 2, vocabSize } = options;
  const prefix = options.continuingSubwordPrefix ?? "";
  const suffix = options.endOfWordSuffix ?? "";
  const table = new TokenTable(options);
  for (const token of options.specialTokens ?? []) table.add(token);
  if (options.byteFallback) for (let b = 0; b < 256; b++) table.add(byteToken(b));
  const reserved = table.size;
  const alphabet = chooseAlphabet(words, options).characters.map((c) => spellCharacter(c));
  for (const character of alphabet) table.add(character);

  // Words as lists of marked characters, cut at characters outside the alphabet.
  const kept = new Set(alphabet);
  const runs: { forms: string[]; count: number }[] = [];
  for (let i = 0; i < words.counts.length; i++) {
    const characters = [...wordAt(words, i)];
    let run: string[] = [];
    characters.forEach((c, at) => {
      const marked = (at > 0 ? prefix : "") + c + (at === characters.length - 1 ? suffix : "");
      if (kept.has(c)) run.push(marked);
      if (!kept.has(c) || at === characters.length - 1) {
        if (run.length > 0) runs.push({ forms: run, count: words.counts[i] as number });
        run = [];
      }
    });
  }
  const rank = (form: string) =>
    (prefix !== "" && form.startsWith(prefix) ? 1 : 0) +
    (suffix !== "" && form.endsWith(suffix) ? 2 : 0);
  const bare = (form: string) =>
    form.slice(rank(form) & 1 ? prefix.length : 0).codePointAt(0) as number;
  const forms = [...new Set(runs.flatMap((run) => run.forms))];
  forms.sort((a, b) => rank(a) - rank(b) || bare(a) - bare(b));
  for (const form of forms) table.add(form);

  let corpus: Word[] = runs.map(({ forms, count }) => ({
    symbols: forms.map((form) => table.idOf(form) as number),
    count,
  }));
  const merges: [string, string][] = [];
  const steps: { readonly value: number; readonly best: number }[] = []; // scores: made, and possible
  while (table.size < vocabSize) {
    let best: Candidate | undefined;
    const followed = options.follow?.[merges.length];
    let value = Number.NaN;
    for (const [left, right, k] of countPairs(corpus)) {
      const joined = table.idOf(table.join(left, right));
      if (k < Math.max(1, minFrequency) || (joined !== undefined && joined < reserved)) continue;
      const found = { left, right, value: scoreOf(score, corpus, left, right, k) };
      if (best === undefined || isBefore(found, best)) best = found;
      if (left === table.idOf(followed?.[0] ?? "") && right === table.idOf(followed?.[1] ?? "")) {
        value = found.value;
      }
    }
    if (best === undefined || (options.follow !== undefined && followed === undefined)) break;
    const left = followed === undefined ? best.left : (table.idOf(followed[0]) as number);
    const right = followed === undefined ? best.right : (table.idOf(followed[1]) as number);
    merges.push([table.tokens[left] as string, table.tokens[right] as string]);
    steps.push({ value: followed === undefined ? best.value : value, best: best.value });
    const symbol = table.add(table.join(left, right));
    corpus = corpus.map((word) => ({
      ...word,
      symbols: replacePair(word.symbols, left, right, symbol),
    }));
  }
  return { tokens: table.tokens, merges, steps };
}

interface Candidate {
  readonly left: number;
  readonly right: number;
  readonly value: number;
}

/** The tie rule: higher value, smaller left id, smaller right id. */
function isBefore(a: Candidate, b: Candidate): boolean {
  if (a.value !== b.value) return a.value > b.value;
  return a.left !== b.left ? a.left < b.left : a.right < b.right;
}

function scoreOf(
  score: "frequency" | "pmi" | "deltaLL",
  corpus: readonly Word[],
  left: number,
  right: number,
  k: number,
): number {
  if (score === "frequency") return k;
  const counts = countSymbols(corpus);
  if (score === "pmi") return k / ((counts.get(left) ?? 0) * (counts.get(right) ?? 0));
  const before = logLikelihood(counts);
  const taken = left === right ? Math.min(k, Math.floor((counts.get(left) ?? 0) / 2)) : k;
  counts.set(left, (counts.get(left) ?? 0) - taken);
  counts.set(right, (counts.get(right) ?? 0) - taken);
  counts.set(-1, taken);
  return logLikelihood(counts) - before;
}

/** Σ c(x) ln(c(x)/N): the likelihood of the corpus under the best unigram model of its symbols. */
export function logLikelihood(counts: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  let sum = 0;
  for (const count of counts.values()) if (count > 0) sum += count * Math.log(count / total);
  return sum;
}

function countSymbols(corpus: readonly Word[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { symbols, count } of corpus) {
    for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + count);
  }
  return counts;
}

function* countPairs(corpus: readonly Word[]): Iterable<[left: number, right: number, k: number]> {
  const counts = new Map<string, number>();
  for (const { symbols, count } of corpus) {
    for (let i = 1; i < symbols.length; i++) {
      const key = `${symbols[i - 1]} ${symbols[i]}`;
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  for (const [key, count] of counts) {
    const [left, right] = key.split(" ").map(Number) as [number, number];
    yield [left, right, count];
  }
}

function replacePair(
  symbols: readonly number[],
  left: number,
  right: number,
  symbol: number,
): number[] {
  const replaced: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const found = symbols[i] === left && symbols[i + 1] === right;
    replaced.push(found ? symbol : (symbols[i] as number));
    if (found) i++;
  }
  return replaced;
}
