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
import { LikelihoodGain, type PairScore, PointwiseMutualInformation } from "./pair-scores.ts";

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
  const scores =
    score === "pmi"
      ? new PointwiseMutualInformation(graph, table.size)
      : new LikelihoodGain(graph, table.size);
  const heap = new IndexedHeap(graph.pairs); // pairs by the bounds of their scores
  const neighbours = new PairNeighbours(graph);
  const refused = new Set<number>();
  const merges: [number, number][] = [];

  const enter = (pair: number) => {
    const left = graph.leftOf(pair);
    const right = graph.rightOf(pair);
    const count = graph.countOf(pair);
    if (count < minFrequency || refused.has(pair) || !shapes.mayJoin(left, right)) {
      heap.remove(pair);
    } else {
      heap.set(pair, scores.bound(pair), left * 2 ** 26 + right);
    }
  };
  const isCandidate = (pair: number) => graph.countOf(pair) >= minFrequency;

  for (let pair = 0; pair < graph.pairs; pair++) enter(pair);
  neighbours.linkNewPairs();
  while (table.size < options.vocabSize) {
    const pair = takeBest(heap, graph, scores, isCandidate, enter);
    if (pair < 0) break;
    const left = graph.leftOf(pair);
    const right = graph.rightOf(pair);
    const token = table.join(left, right);
    const known = table.idOf(token);
    if (known !== undefined && known < table.reserved) {
      refused.add(pair); // Text must not spell a special token.
      continue;
    }
    const symbol = table.add(token);
    if (known === undefined) shapes.add(left, right);
    merges.push([left, right]);
    graph.merge(pair, symbol);
    neighbours.linkNewPairs();
    const fallen = [...new Set([left, right, symbol])].filter((each) => scores.update(each));
    for (const grown of graph.grown) enter(grown);
    for (const each of fallen) neighbours.forEach(each, enter);
    if (merges.length % 64 === 0) {
      yield { phase: "merge", done: table.size, total: options.vocabSize };
    }
  }
  return merges;
}

/**
 * Takes the pair of the highest score out of the heap, or gives -1. Bounds are looked at from the top until
 * none can hide a better score (or an equal one of smaller ids); those passed over go back.
 */
function takeBest(
  heap: IndexedHeap,
  graph: MergeGraph,
  scores: PairScore,
  isCandidate: (pair: number) => boolean,
  enter: (pair: number) => void,
): number {
  const passed: number[] = [];
  let best = -1;
  let bestScore = Number.NEGATIVE_INFINITY;
  while (heap.size > 0 && heap.topPriority >= bestScore - scores.margin) {
    const pair = heap.pop();
    if (!isCandidate(pair)) continue;
    const score = scores.score(pair);
    if (score > bestScore || (score === bestScore && comesFirst(graph, pair, best))) {
      if (best >= 0) passed.push(best);
      best = pair;
      bestScore = score;
    } else {
      passed.push(pair);
    }
  }
  for (const pair of passed) enter(pair);
  return best;
}

/** The tie rule. */
function comesFirst(graph: MergeGraph, pair: number, other: number): boolean {
  const difference = graph.leftOf(pair) - graph.leftOf(other);
  return difference < 0 || (difference === 0 && graph.rightOf(pair) < graph.rightOf(other));
}
