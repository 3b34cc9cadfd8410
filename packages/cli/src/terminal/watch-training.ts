import type { TrainingProgress } from "@seq/pipelines";
import { TrainingDisplay } from "./training-display.ts";

/** What a training under way can be told and can tell. */
export interface TrainingWatch {
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  readonly onProgress: (event: TrainingProgress) => void;
  /** Prints a line above the progress bar. */
  readonly line: (text: string) => void;
}

/** Runs a training with a progress display on standard error; the first Ctrl-C ends it in good order. */
export async function watchTraining<T>(run: (watch: TrainingWatch) => Promise<T>): Promise<T> {
  const display = new TrainingDisplay(process.stderr);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once("SIGINT", onSignal);
  try {
    return await run({
      signal: interrupt.signal,
      onProgress: (event) => display.progress(event),
      line: (text) => display.line(text),
    });
  } finally {
    process.off("SIGINT", onSignal);
    display.end();
  }
}
