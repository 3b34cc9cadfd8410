import { createInterface } from "node:readline";

/**
 * Turns lines of standard input into lines of standard output. Lines are worked on together as far as
 * they have arrived, so a pipe is fast and a person at a terminal waits for one line only.
 */
export async function mapInputLines(
  run: (lines: readonly string[]) => readonly string[],
): Promise<void> {
  const most = process.stdin.isTTY ? 1 : 64;
  const flush = (lines: readonly string[]) => {
    if (lines.length === 0) return;
    process.stdout.write(
      run(lines)
        .map((line) => `${line}\n`)
        .join(""),
    );
  };
  let waiting: string[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    waiting.push(line);
    if (waiting.length >= most) {
      flush(waiting);
      waiting = [];
    }
  }
  flush(waiting);
}
