/** From texts to word counts: normalizer and pre-tokenizer run as they will when text is encoded. */
import { OptionError } from "@seq/core";
import type { PreTokenizer } from "../stages.types.ts";
import { type VisitStages, visitWords, type WordVisitor } from "../visit-words.ts";
import { pacer, type TrainingControl, type TrainingRun, throwIfAborted } from "./progress.ts";
import { WordCounter, type WordCounts } from "./word-counts.ts";

/** A text, or a text that occurs so many times (as the lines of a TSV file say). */
export type CorpusItem = string | readonly [text: string, count: number];

/** A text, many texts, or finished word counts (which no normalizer or pre-tokenizer sees again). */
export type Corpus = string | Iterable<CorpusItem> | WordCounts;

/** The same, also as it arrives. */
export type AsyncCorpus = Corpus | AsyncIterable<CorpusItem>;

const textsBetweenPauses = 256;

export function isWordCounts(corpus: AsyncCorpus): corpus is WordCounts {
  return typeof corpus === "object" && "begins" in corpus && "counts" in corpus;
}

/** Counts the words of texts. Memory grows with the number of distinct words only. */
export class CorpusCounter implements WordVisitor {
  readonly words = new WordCounter();
  readonly #stages: VisitStages;
  #count = 1;
  #texts = 0;

  constructor(stages: VisitStages) {
    this.#stages = { ...stages, preTokenizer: withoutIdleStages(stages.preTokenizer) };
  }

  /** Texts counted so far. */
  get texts(): number {
    return this.#texts;
  }

  add(item: CorpusItem): void {
    const isText = typeof item === "string";
    this.#count = isText ? 1 : checkCount(item[1]);
    visitWords(isText ? item : item[0], this.#stages, this);
    this.#texts++;
  }

  word(bytes: Uint8Array, begin: number, end: number): void {
    this.words.add(bytes, begin, end, this.#count);
  }
}

/** A pre-tokenizer that only writes bytes in the byte alphabet: training wants the bytes themselves. */
function withoutIdleStages(preTokenizer: PreTokenizer | undefined): PreTokenizer | undefined {
  return preTokenizer?.keepsPieces === true ? undefined : preTokenizer;
}

function checkCount(count: number): number {
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new OptionError(
    `train: the count of a text is ${count}, expected a whole number above 0.`,
    {
      code: "OPTION_RANGE",
      details: { option: "count", value: count },
    },
  );
}

/** @throws {OptionError} when a count is no whole number above 0. */
export function* countWords(corpus: Corpus, stages: VisitStages): TrainingRun<WordCounts> {
  if (isWordCounts(corpus)) return corpus;
  const counter = new CorpusCounter(stages);
  for (const item of typeof corpus === "string" ? [corpus] : corpus) {
    counter.add(item);
    if (counter.texts % textsBetweenPauses === 0) yield { phase: "count", done: counter.texts };
  }
  return counter.words.toCounts();
}

/** The same for texts that arrive over time; gives way to other work now and then. */
export async function countWordsAsync(
  corpus: AsyncCorpus,
  stages: VisitStages,
  control: TrainingControl = {},
): Promise<WordCounts> {
  if (typeof corpus !== "string" && isWordCounts(corpus)) return corpus;
  const counter = new CorpusCounter(stages);
  const pause = pacer();
  const visit = (item: CorpusItem): Promise<void> | undefined => {
    counter.add(item);
    if (counter.texts % textsBetweenPauses !== 0) return undefined;
    throwIfAborted(control.signal);
    control.onProgress?.({ phase: "count", done: counter.texts });
    return pause();
  };
  throwIfAborted(control.signal);
  if (typeof corpus === "string") {
    visit(corpus);
  } else if (Symbol.iterator in corpus) {
    for (const item of corpus) {
      const pausing = visit(item);
      if (pausing !== undefined) await pausing;
    }
  } else {
    for await (const item of corpus) {
      const pausing = visit(item);
      if (pausing !== undefined) await pausing;
    }
  }
  return counter.words.toCounts();
}
