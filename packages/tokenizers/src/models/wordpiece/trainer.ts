/**
 * WordPiece: builds the vocabulary by merging as BPE does, but by another score. With c the current
 * counts, k = c(a, b) and N symbols in the corpus:
 *
 *   pmi        k / (c(a) c(b))            the source's p(a,b) / (p(a) p(b)); N cancels in comparisons
 *   deltaLL    L(after) - L(before)       with L = Σ c(x) ln(c(x)/N) over all symbols: the true gain in the
 *              = x(k) + x(c(a) - k) + x(c(b) - k) - x(c(a)) - x(c(b)) + x(N) - x(N - k),  x(n) = n ln n
 *              (for a = b: x(k) + x(c(a) - 2k) - x(c(a)) + x(N) - x(N - k))
 *   frequency  k                          what Hugging Face's trainer does: BPE with "##"
 *
 * The sources call pmi and the greatest likelihood the same; they are not. pmi is, nearly, the gain per
 * occurrence: it prefers rare pairs that always stand together and gives vocabularies that compress
 * badly (raise `minFrequency` with it). deltaLL is what the definition says, and close to frequency.
 *
 * Tie rule: the smaller left id, then the smaller right id (ids as in `segmentCorpus`).
 * Schuster & Nakajima 2012; the course's "Variants: WordPiece objective".
 */
import { checkOneOf } from "@seq/core";
import { IndexedHeap } from "../../training/indexed-heap.ts";
import type { MergeGraph } from "../../training/merge-graph.ts";
import { xLogX } from "../../training/portable-math.ts";
import { type TrainingRun, vocabularyTooSmall } from "../../training/progress.ts";
import { segmentCorpus, type TokenTable } from "../../training/symbols.ts";
import type { WordCounts } from "../../training/word-counts.ts";
import { TokenShapes } from "../bpe/token-shapes.ts";
import {
  type BpeTrainingOptions,
  checkMergeOptions,
  checkRoom,
  mergeByFrequency,
  spellMerges,
  type TrainedMerges,
} from "../bpe/trainer.ts";
import { PairNeighbours } from "./pair-neighbours.ts";

export type WordPieceScore = "pmi" | "deltaLL" | "frequency";

export interface WordPieceTrainingOptions extends BpeTrainingOptions {
  /** Which pair is merged next. Default `"deltaLL"`. */
  readonly score?: WordPieceScore | undefined;
}

/**
 * Learns a WordPiece vocabulary; its merges tell how it came about, encoding takes the longest match and
 * needs none. `continuingSubwordPrefix` is `"##"` unless given.
 *
 * @throws {OptionError} as `learnBpe`.
 */
export function* learnWordPiece(
  words: WordCounts,
  options: WordPieceTrainingOptions,
): TrainingRun<TrainedMerges> {
  const { score = "deltaLL", ...given } = options;
  const merging = { continuingSubwordPrefix: "##", ...given };
  checkOneOf("WordPieceTrainer", "score", score, ["pmi", "deltaLL", "frequency"]);
  checkMergeOptions("WordPieceTrainer", merging);
  const { table, graph } = segmentCorpus(words, merging);
  checkRoom("WordPieceTrainer", table, options.vocabSize);
  const pairs =
    score === "frequency"
      ? yield* mergeByFrequency(graph, table, merging)
      : yield* mergeByScore(graph, table, score, merging);
  if (options.strictVocabSize && table.size < options.vocabSize) {
    throw vocabularyTooSmall("WordPieceTrainer", table.size, options.vocabSize);
  }
  return { tokens: table.tokens, merges: spellMerges(table, pairs) };
}

function* mergeByScore(
  graph: MergeGraph,
  table: TokenTable,
  score: "pmi" | "deltaLL",
  options: BpeTrainingOptions,
): TrainingRun<[left: number, right: number][]> {
  const minFrequency = Math.max(1, options.minFrequency ?? 2);
  const shapes = new TokenShapes(table, options);
  const heap = new IndexedHeap(graph.pairs);
  const neighbours = new PairNeighbours(graph);
  const scoreOf = score === "pmi" ? pointwiseMutualInformation : likelihoodGain;
  const refused = new Set<number>();
  const merges: [number, number][] = [];

  const enter = (pair: number) => {
    const left = graph.leftOf(pair);
    const right = graph.rightOf(pair);
    const count = graph.countOf(pair);
    if (count < minFrequency || refused.has(pair) || !shapes.mayJoin(left, right)) {
      heap.remove(pair);
    } else {
      heap.set(pair, scoreOf(graph, pair), left * 2 ** 26 + right);
    }
  };

  for (let pair = 0; pair < graph.pairs; pair++) enter(pair);
  neighbours.linkNewPairs();
  while (table.size < options.vocabSize && heap.size > 0) {
    const priority = heap.topPriority;
    const pair = heap.top;
    // deltaLL falls as N falls, which no entry is told of: the top may be too high, but none too low.
    if (score === "deltaLL" && scoreOf(graph, pair) !== priority) {
      enter(pair);
      continue;
    }
    const left = graph.leftOf(pair);
    const right = graph.rightOf(pair);
    const token = table.join(left, right);
    const known = table.idOf(token);
    if (known !== undefined && known < table.reserved) {
      refused.add(pair); // Text must not spell a special token.
      heap.remove(pair);
      continue;
    }
    const symbol = table.add(token);
    if (known === undefined) shapes.add(left, right);
    merges.push([left, right]);
    graph.merge(pair, symbol);
    neighbours.linkNewPairs();
    heap.remove(pair);
    for (const changed of new Set([left, right, symbol])) neighbours.forEach(changed, enter);
    if (merges.length % 64 === 0) {
      yield { phase: "merge", done: table.size, total: options.vocabSize };
    }
  }
  return merges;
}

function pointwiseMutualInformation(graph: MergeGraph, pair: number): number {
  const left = graph.symbolCounts[graph.leftOf(pair)] as number;
  const right = graph.symbolCounts[graph.rightOf(pair)] as number;
  return graph.countOf(pair) / (left * right);
}

function likelihoodGain(graph: MergeGraph, pair: number): number {
  const left = graph.leftOf(pair);
  const right = graph.rightOf(pair);
  const a = graph.symbolCounts[left] as number;
  const b = graph.symbolCounts[right] as number;
  const n = graph.total;
  if (left === right) {
    // "aaa" counts (a, a) twice but can be merged once, so the count may exceed what a merge takes.
    const k = Math.min(graph.countOf(pair), Math.floor(a / 2));
    return xLogX(k) + xLogX(a - 2 * k) - xLogX(a) + xLogX(n) - xLogX(n - k);
  }
  const k = graph.countOf(pair);
  return xLogX(k) + xLogX(a - k) + xLogX(b - k) - xLogX(a) - xLogX(b) + xLogX(n) - xLogX(n - k);
}
