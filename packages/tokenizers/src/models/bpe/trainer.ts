/**
 * Byte-pair encoding: learns merges. While the vocabulary is smaller than wanted, the most frequent
 * pair of neighbouring symbols becomes a symbol.
 *
 * Tie rule: of equally frequent pairs the one with the smaller left id, then the smaller right id, is
 * merged first; ids are given as `segmentCorpus` says. So the result depends only on the words and
 * their counts: not on their order, not on threads. (The rule of Hugging Face's trainer: equal merges.)
 *
 * Cost: O(n log p) for n symbols in the distinct words and p pairs.
 * Gage 1994; Sennrich et al. 2016, algorithm 1.
 */
import { checkInteger, checkNumber, checkOptions, OptionError } from "@seq/core";
import { IndexedHeap } from "../../training/indexed-heap.ts";
import type { MergeGraph } from "../../training/merge-graph.ts";
import { type TrainingRun, vocabularyTooSmall } from "../../training/progress.ts";
import { type SymbolOptions, segmentCorpus, type TokenTable } from "../../training/symbols.ts";
import type { WordCounts } from "../../training/word-counts.ts";
import { type MergeLimits, TokenShapes } from "./token-shapes.ts";

export interface BpeTrainingOptions extends SymbolOptions, MergeLimits {
  /** Wanted number of tokens in all: special tokens, alphabet and merges. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not merged. Default 2. */
  readonly minFrequency?: number | undefined;
  /** When the corpus gives fewer tokens than `vocabSize`: an error (`true`) or a smaller vocabulary (default). */
  readonly strictVocabSize?: boolean | undefined;
}

/** What training gives: data only. */
export interface TrainedMerges {
  /** Token strings by id. */
  readonly tokens: readonly string[];
  /** In the order learned. */
  readonly merges: readonly (readonly [left: string, right: string])[];
}

export const bpeOptionNames = [
  "vocabSize",
  "minFrequency",
  "strictVocabSize",
  "specialTokens",
  "byteFallback",
  "unit",
  "allBytes",
  "initialAlphabet",
  "limitAlphabet",
  "characterCoverage",
  "continuingSubwordPrefix",
  "endOfWordSuffix",
  "maxTokenLength",
  "maxPieceWords",
  "wordSeparator",
] as const;

/** @throws {OptionError} `UNKNOWN_OPTION` or `OPTION_RANGE` */
export function checkMergeOptions(where: string, options: BpeTrainingOptions): void {
  checkOptions(where, options, bpeOptionNames);
  checkInteger(where, "vocabSize", options.vocabSize, { min: 1 });
  checkInteger(where, "minFrequency", options.minFrequency ?? 2, { min: 0 });
  for (const name of ["limitAlphabet", "maxTokenLength", "maxPieceWords"] as const) {
    if (options[name] !== undefined) checkInteger(where, name, options[name], { min: 1 });
  }
  checkNumber(where, "characterCoverage", options.characterCoverage ?? 1, { min: 0, max: 1 });
  const specials = options.specialTokens ?? [];
  const repeated = specials.find((token, i) => token === "" || specials.indexOf(token) !== i);
  if (repeated !== undefined) {
    throw new OptionError(
      `${where}: specialTokens has ${repeated === "" ? "an empty token" : `"${repeated}" twice`}; expected distinct tokens that are not empty.`,
      { code: "OPTION_RANGE", details: { option: "specialTokens", value: repeated } },
    );
  }
}

/**
 * Learns the merges of a corpus.
 *
 * @throws {OptionError} `OPTION_RANGE`; `VOCAB_SIZE` when `strictVocabSize` is on and the corpus gives less,
 *   or the special tokens and the alphabet alone exceed `vocabSize`.
 */
export function* learnBpe(
  words: WordCounts,
  options: BpeTrainingOptions,
): TrainingRun<TrainedMerges> {
  checkMergeOptions("BPETrainer", options);
  const { table, graph } = segmentCorpus(words, options);
  checkRoom("BPETrainer", table, options.vocabSize);
  const pairs = yield* mergeByFrequency(graph, table, options);
  if (options.strictVocabSize && table.size < options.vocabSize) {
    throw vocabularyTooSmall("BPETrainer", table.size, options.vocabSize);
  }
  return { tokens: table.tokens, merges: spellMerges(table, pairs) };
}

export function spellMerges(
  { tokens }: TokenTable,
  pairs: readonly (readonly [left: number, right: number])[],
): [left: string, right: string][] {
  return pairs.map(([left, right]) => [tokens[left] as string, tokens[right] as string]);
}

/** The alphabet must fit, or text of the corpus itself would be unknown without anyone asking for it. */
export function checkRoom(where: string, table: TokenTable, vocabSize: number): void {
  if (table.size <= vocabSize) return;
  throw new OptionError(
    `${where}: vocabSize is ${vocabSize}, but special tokens and alphabet alone are ${table.size} tokens; raise vocabSize, or lower the alphabet with limitAlphabet or characterCoverage.`,
    { code: "VOCAB_SIZE", details: { needed: table.size, vocabSize } },
  );
}

/** The merge loop with frequency as the score. Returns the merged pairs; their tokens join `table`. */
export function* mergeByFrequency(
  graph: MergeGraph,
  table: TokenTable,
  options: BpeTrainingOptions,
): TrainingRun<[left: number, right: number][]> {
  const minFrequency = Math.max(1, options.minFrequency ?? 2);
  const shapes = new TokenShapes(table, options);
  const heap = new IndexedHeap(graph.pairs);
  const merges: [number, number][] = [];
  // pair -> its token: the same string can be built in two ways, and the second way may re-form a
  // pair that was merged before; its rule exists already and applies at once, as in encoding.
  const merged = new Map<number, number>();

  const enter = (pair: number) => {
    const left = graph.leftOf(pair);
    const right = graph.rightOf(pair);
    const count = graph.countOf(pair);
    // Counts of a pair only fall (but for re-formed symbols), so a pair below the minimum stays out.
    if (count >= minFrequency && shapes.mayJoin(left, right)) {
      heap.set(pair, count, left * 2 ** 26 + right);
    }
  };
  const apply = (pair: number, symbol: number) => {
    graph.merge(pair, symbol);
    const again: number[] = [];
    for (const grown of graph.grown) {
      if (merged.has(grown)) again.push(grown);
      else enter(grown);
    }
    for (const old of again) {
      if (graph.countOf(old) > 0) apply(old, merged.get(old) as number);
    }
  };

  for (let pair = 0; pair < graph.pairs; pair++) enter(pair);
  while (table.size < options.vocabSize && heap.size > 0) {
    const priority = heap.topPriority;
    const pair = heap.pop();
    const count = graph.countOf(pair);
    if (count !== priority) {
      enter(pair); // The count fell since the pair was entered: try again with what is left.
      continue;
    }
    const left = graph.leftOf(pair);
    const right = graph.rightOf(pair);
    const known = table.idOf(table.join(left, right));
    if (known !== undefined && known < table.reserved) continue; // Text must not spell a special token.
    const symbol = table.add(table.join(left, right));
    if (known === undefined) shapes.add(left, right);
    merges.push([left, right]);
    merged.set(pair, symbol);
    apply(pair, symbol);
    if (merges.length % 64 === 0) {
      yield { phase: "merge", done: table.size, total: options.vocabSize };
    }
  }
  return merges;
}
