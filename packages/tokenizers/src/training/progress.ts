/**
 * Progress, cancellation and pauses of long training runs.
 *
 * A trainer is a generator: it yields where it may pause and returns its result. `runToEnd` drives it
 * without a pause; `runWithPauses` lets other work run in between, so that an abort can arrive and a
 * page stays alive.
 */
import { OptionError, SeqError } from "@seq/core";

/** Where a training run stands. */
export interface TrainingProgress {
  /** `"count"` words, `"merge"` pairs, `"seed"` pieces, `"em"` steps, `"prune"` pieces. */
  readonly phase: "count" | "merge" | "seed" | "em" | "prune";
  /** Done so far: texts, vocabulary entries, pieces. */
  readonly done: number;
  /** Wanted in the end, where it is known. */
  readonly total?: number;
  /** Log-likelihood of the corpus in nats: `em`, before the step; `prune`, before pruning. */
  readonly logLikelihood?: number;
  /** `prune`: by how much the removed pieces are estimated to lower the log-likelihood, in nats. */
  readonly loss?: number;
}

/** A training run in steps. */
export type TrainingRun<T> = Generator<TrainingProgress, T, void>;

export interface TrainingControl {
  /** Ends the training with an error of code `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

/** @throws {SeqError} `ABORTED` when the signal was aborted. */
export function runToEnd<T>(run: TrainingRun<T>, control: TrainingControl = {}): T {
  for (;;) {
    throwIfAborted(control.signal);
    const { done, value } = run.next();
    if (done) return value;
    control.onProgress?.(value);
  }
}

/** As `runToEnd`, but gives way to other work about every 30 milliseconds. */
export async function runWithPauses<T>(
  run: TrainingRun<T>,
  control: TrainingControl = {},
): Promise<T> {
  const pause = pacer();
  for (;;) {
    throwIfAborted(control.signal);
    const { done, value } = run.next();
    if (done) return value;
    control.onProgress?.(value);
    await pause();
  }
}

/** A function to await often: it gives way when 30 milliseconds passed since it last did. */
export function pacer(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < 30) return undefined;
    return new Promise((resolve) => {
      setTimeout(() => {
        last = performance.now();
        resolve();
      }, 0);
    });
  };
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new SeqError("training was aborted.", { code: "ABORTED", cause: signal.reason });
  }
}

/** The error of a strict vocabulary size that the corpus cannot fill. */
export function vocabularyTooSmall(where: string, found: number, wanted: number): OptionError {
  return new OptionError(
    `${where}: the corpus gives a vocabulary of at most ${found} tokens, vocabSize is ${wanted}; lower vocabSize to ${found}, add text, or leave strictVocabSize off.`,
    { code: "VOCAB_SIZE", details: { found, wanted } },
  );
}
