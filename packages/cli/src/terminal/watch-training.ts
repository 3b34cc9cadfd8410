import type { StepEvent } from "@seq/train";
import { terminalProgress } from "@seq/train/node";

/** What a training under way can be told and can tell. */
export interface TrainingWatch {
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly onProgress: (event: StepEvent) => void;
  /** Prints a line above the progress bar. */
  readonly line: (text: string) => void;
}

/**
 * Runs a training with a progress bar on standard error. The first Ctrl-C ends it in good order, a second
 * one at once.
 *
 * @param maxSteps - of the whole run, for the bar.
 */
export async function watchTraining<T>(
  maxSteps: number | undefined,
  run: (watch: TrainingWatch) => Promise<T>,
): Promise<T> {
  const progress = terminalProgress(maxSteps === undefined ? {} : { maxSteps });
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once("SIGINT", onSignal);
  try {
    return await run({
      signal: interrupt.signal,
      onProgress: progress.step,
      line: (text) => {
        progress.stop();
        process.stderr.write(`${text}\n`);
      },
    });
  } finally {
    process.off("SIGINT", onSignal);
    progress.stop();
  }
}
