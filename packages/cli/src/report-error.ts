import { SeqError } from "@seq/core";

/** Thrown by a command that was interrupted and has saved its work. */
export class Interrupted extends Error {}

/**
 * Prints an error as one line and says the exit status: 130 after Ctrl-C (128 + SIGINT), 1 for an error
 * that a user can mend. A fault of our own keeps its stack, so that it can be reported.
 */
export function report(error: unknown, stream: { write(text: string): unknown }): number {
  if (error instanceof Interrupted) {
    stream.write(`seq: ${error.message}\n`);
    return 130;
  }
  if (SeqError.is(error)) {
    stream.write(`seq: ${error.message.replaceAll("\n", " ")}\n`);
    return 1;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stream.write(`seq: unexpected error, please report it: ${text}\n`);
  return 70; // EX_SOFTWARE
}
