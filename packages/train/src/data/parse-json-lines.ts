/** JSON Lines (jsonlines.org): one JSON value a line. */
import { FormatError } from "@seq/core";
import { emptyFile, parseLines } from "./parse-lines.ts";

/**
 * The values of all lines that are not blank; what they hold is for the caller to check.
 *
 * @throws {FormatError} `LINE_FORMAT` naming the line that is not JSON; `FILE_EMPTY`.
 */
export function parseJsonLines(where: string, text: string): unknown[] {
  const values: unknown[] = [];
  parseLines(where, text).forEach((line, i) => {
    if (line.trim() !== "") values.push(parseJsonLine(where, i + 1, line));
  });
  if (values.length === 0) throw emptyFile(where);
  return values;
}

/** @param number - the line, from 1, for the message. */
export function parseJsonLine(where: string, number: number, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new FormatError(`${where}: line ${number}: not JSON: ${(cause as Error).message}.`, {
      code: "LINE_FORMAT",
      details: { line: number },
      cause,
    });
  }
}
