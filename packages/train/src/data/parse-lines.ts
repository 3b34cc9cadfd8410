/** Plain text and pairs of texts from a string: the parsers behind the file readers, also for the browser. */
import { checkInteger, checkOptions, FormatError } from "@seq/core";

/** A source text and its translation (or any two texts that belong together). */
export interface TextPair {
  readonly source: string;
  readonly target: string;
}

/**
 * The lines of a text; they end at \n or \r\n, the last one also at the end. Empty lines are kept (parallel files need
 * them); a line break at the end of the text opens no line.
 *
 * @throws {FormatError} `FILE_EMPTY` when there is not one line.
 */
export function parseLines(where: string, text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw emptyFile(where);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line.endsWith("\r")) lines[i] = line.slice(0, -1);
  }
  return lines;
}

export function emptyFile(where: string): FormatError {
  return new FormatError(`${where}: the file is empty; expected at least one line.`, {
    code: "FILE_EMPTY",
  });
}

export interface PairColumns {
  /** Column of the source, from 0 (default 0). */
  readonly sourceColumn?: number;
  /** Column of the target, from 0 (default 1). */
  readonly targetColumn?: number;
}

/**
 * Pairs from tab-separated lines; columns beyond the two are not read (Tatoeba has its attribution there), lines of
 * nothing but white space are left out. A tab cannot be quoted: for files with quotes use the CSV reader.
 *
 * @throws {FormatError} `LINE_FORMAT` naming the line with too few columns or an empty side; `FILE_EMPTY`.
 */
export function parsePairs(where: string, text: string, options: PairColumns = {}): TextPair[] {
  checkOptions("parsePairs", options, ["sourceColumn", "targetColumn"]);
  const source = checkInteger("parsePairs", "sourceColumn", options.sourceColumn ?? 0, { min: 0 });
  const target = checkInteger("parsePairs", "targetColumn", options.targetColumn ?? 1, { min: 0 });
  const pairs: TextPair[] = [];
  parseLines(where, text).forEach((line, i) => {
    if (line.trim() !== "") pairs.push(parsePair(where, i + 1, line, source, target));
  });
  if (pairs.length === 0) throw emptyFile(where);
  return pairs;
}

function parsePair(
  where: string,
  number: number,
  line: string,
  source: number,
  target: number,
): TextPair {
  const columns = line.split("\t");
  const needed = Math.max(source, target) + 1;
  if (columns.length < needed) {
    throw new FormatError(
      `${where}: line ${number}: ${columns.length} tab-separated column${columns.length === 1 ? "" : "s"}, expected at least ${needed} (source, tab, target).`,
      { code: "LINE_FORMAT", details: { line: number, columns: columns.length } },
    );
  }
  const pair = { source: columns[source] as string, target: columns[target] as string };
  for (const side of ["source", "target"] as const) {
    if (pair[side].trim() === "") {
      throw new FormatError(`${where}: line ${number}: the ${side} is empty; leave the line out.`, {
        code: "LINE_FORMAT",
        details: { line: number, side },
      });
    }
  }
  return pair;
}

/**
 * Pairs the lines of two texts.
 *
 * @param wheres - the two files, for the message.
 * @throws {FormatError} `LINE_COUNT` when they differ in their number of lines.
 */
export function pairLines(
  wheres: readonly [source: string, target: string],
  sources: readonly string[],
  targets: readonly string[],
): TextPair[] {
  if (sources.length !== targets.length) {
    throw new FormatError(
      `${wheres[0]} has ${sources.length} lines, ${wheres[1]} has ${targets.length}; line i of one must be the translation of line i of the other.`,
      { code: "LINE_COUNT", details: { source: sources.length, target: targets.length } },
    );
  }
  return sources.map((source, i) => ({ source, target: targets[i] as string }));
}
