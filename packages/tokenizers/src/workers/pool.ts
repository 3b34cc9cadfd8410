/**
 * Counting words on several threads. Each worker counts its share with the same normalizer and
 * pre-tokenizer; counts add up, so the result is that of one thread, whatever the shares were.
 */
import { checkInteger, SeqError } from "@seq/core";
import { writeNormalizer, writePreTokenizer } from "../formats/tokenizer-json/write-stages.ts";
import { nodeModule } from "../platform.ts";
import { type AsyncCorpus, type CorpusItem, isWordCounts } from "../training/count-words.ts";
import { type TrainingControl, throwIfAborted } from "../training/progress.ts";
import { WordCounter, type WordCounts } from "../training/word-counts.ts";
import type { VisitStages } from "../visit-words.ts";
import type { FromWorker, ToWorker } from "./messages.types.ts";
import { availableThreads, startWorker, type WorkerHandle } from "./port.ts";

/** Files that the workers read themselves (Node only). */
export interface CorpusFiles {
  readonly files: readonly string[];
  /** Lines keep their "\n". Default false. */
  readonly keepLineEnds?: boolean | undefined;
}

export type ParallelCorpus = AsyncCorpus | CorpusFiles;

export interface PoolOptions extends TrainingControl {
  /** Number of worker threads. Default: as many as the machine runs at once, at most 8. */
  readonly workers?: number | undefined;
  /** Where the worker's script lies, for bundlers that move it. Default: beside this module. */
  readonly workerUrl?: URL | undefined;
}

/** About so many code units go to a worker at a time, so many batches ahead. */
const batchUnits = 1 << 18;
const batchesAhead = 3;
const rangeBytes = 4 << 20;

/**
 * Counts the words of a corpus on a pool of threads.
 *
 * @throws {SeqError} `ABORTED`; `FILE_READ`; `WORKER` when a worker cannot start or fails.
 */
export async function countWordsInParallel(
  corpus: ParallelCorpus,
  stages: VisitStages,
  options: PoolOptions = {},
): Promise<WordCounts> {
  if (typeof corpus !== "string" && !("files" in corpus) && isWordCounts(corpus)) return corpus;
  throwIfAborted(options.signal);
  const size = checkInteger(
    "countWordsInParallel",
    "workers",
    options.workers ?? Math.min(8, availableThreads()),
    { min: 1, max: 256 },
  );
  const pool = new Pool(size, stages, options);
  try {
    if (typeof corpus !== "string" && "files" in corpus) await pool.countFiles(corpus);
    else await pool.countTexts(corpus as Exclude<AsyncCorpus, WordCounts>);
    return await pool.finish();
  } finally {
    pool.close();
  }
}

/** One worker and how many of its batches are not yet counted. */
interface Member {
  readonly worker: WorkerHandle;
  waiting: number;
}

class Pool {
  readonly #members: Member[];
  readonly #control: TrainingControl;
  readonly #words = new WordCounter();
  #texts = 0;
  #finished = 0;
  #failure: unknown;
  /** Wakes whoever waits for a message. */
  #wake: () => void = () => {};

  constructor(size: number, stages: VisitStages, options: PoolOptions) {
    const url = options.workerUrl ?? new URL("./count-worker.js", import.meta.url);
    this.#control = options;
    const start: ToWorker = {
      kind: "start",
      normalizer: stages.normalizer && writeNormalizer(stages.normalizer),
      preTokenizer: stages.preTokenizer && writePreTokenizer(stages.preTokenizer),
    };
    this.#members = Array.from({ length: size }, () => {
      const member: Member = { worker: startWorker(url), waiting: 0 };
      member.worker.onMessage((message) => this.#receive(member, message));
      member.worker.onError((error) => this.#fail(workerError(error)));
      member.worker.post(start);
      return member;
    });
    options.signal?.addEventListener("abort", this.#abort);
  }

  async countTexts(corpus: Exclude<AsyncCorpus, WordCounts>): Promise<void> {
    let items: CorpusItem[] = [];
    let units = 0;
    const add = (item: CorpusItem): Promise<void> | undefined => {
      items.push(item);
      units += (typeof item === "string" ? item : item[0]).length;
      if (units < batchUnits) return undefined;
      const batch = items;
      items = [];
      units = 0;
      return this.#send({ kind: "texts", items: batch });
    };
    if (typeof corpus === "string") {
      await add(corpus);
    } else if (Symbol.iterator in corpus) {
      for (const item of corpus) {
        const sending = add(item);
        if (sending !== undefined) await sending;
      }
    } else {
      for await (const item of corpus) {
        const sending = add(item);
        if (sending !== undefined) await sending;
      }
    }
    if (items.length > 0) await this.#send({ kind: "texts", items });
  }

  async countFiles({ files, keepLineEnds = false }: CorpusFiles): Promise<void> {
    for (const path of files) {
      const size = fileSize(path);
      for (let begin = 0; begin < size; begin += rangeBytes) {
        const end = Math.min(size, begin + rangeBytes);
        await this.#send({ kind: "lines", path, begin, end, keepLineEnds });
      }
    }
  }

  /** Waits for all workers and adds up what they counted. */
  async finish(): Promise<WordCounts> {
    for (const { worker } of this.#members) worker.post({ kind: "finish" });
    while (this.#finished < this.#members.length) await this.#message();
    this.#throwFailure();
    return this.#words.toCounts();
  }

  close(): void {
    this.#control.signal?.removeEventListener("abort", this.#abort);
    for (const { worker } of this.#members) worker.terminate();
  }

  /** Gives a batch to the worker with the least to do; waits while all have enough. */
  async #send(message: ToWorker): Promise<void> {
    for (;;) {
      this.#throwFailure();
      const idlest = this.#members.reduce((a, b) => (b.waiting < a.waiting ? b : a));
      if (idlest.waiting < batchesAhead) {
        idlest.waiting++;
        idlest.worker.post(message);
        return;
      }
      await this.#message();
    }
  }

  #message(): Promise<void> {
    this.#throwFailure();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #receive(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case "counted":
        member.waiting--;
        this.#texts += message.texts;
        this.#control.onProgress?.({ phase: "count", done: this.#texts });
        break;
      case "words":
        this.#words.merge(message.words);
        this.#finished++;
        break;
      case "failed":
        this.#fail(
          new SeqError(message.message, {
            code: message.code ?? "WORKER",
            details: { name: message.name },
          }),
        );
    }
    this.#wake();
  }

  readonly #abort = (): void => {
    try {
      throwIfAborted(this.#control.signal);
    } catch (error) {
      this.#fail(error);
    }
  };

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function workerError(cause: unknown): SeqError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SeqError(
    `countWordsInParallel: a worker failed: ${reason}; if its script is missing, give workerUrl.`,
    { code: "WORKER", cause },
  );
}

function fileSize(path: string): number {
  const fs = nodeModule<typeof import("node:fs")>("node:fs");
  try {
    if (fs !== undefined) return fs.statSync(path).size;
  } catch (cause) {
    throw new SeqError(`cannot read ${path}: ${(cause as Error).message}.`, {
      code: "FILE_READ",
      details: { path },
      cause,
    });
  }
  throw new SeqError("files can be read in Node only; pass the texts instead.", {
    code: "FILE_READ",
  });
}
