/**
 * Reading corpora from files, for Node only: `@seq/tokenizers/files`. Files are read in pieces, so a
 * corpus may be larger than memory.
 */
import { SeqError } from "@seq/core";
import { nodeModule } from "../platform.ts";
import { decodeUtf8 as decode } from "../text/utf8.ts";
import { parseWordCounts } from "../training/tsv.ts";

export interface ReadLinesOptions {
  /** Lines keep their "\n" (as Hugging Face's trainers read files). Default false. */
  readonly keepLineEnds?: boolean | undefined;
  /** Bytes of the file to read, by default all: lines that begin in [begin, end). */
  readonly begin?: number | undefined;
  readonly end?: number | undefined;
}

type FileSystem = typeof import("node:fs");

function fileSystem(): FileSystem {
  const fs = nodeModule<FileSystem>("node:fs");
  if (fs !== undefined) return fs;
  throw new SeqError("files can be read in Node only; fetch the text and pass it on instead.", {
    code: "FILE_READ",
  });
}

const chunkBytes = 1 << 20;
const lineFeed = 10;

/**
 * The lines of UTF-8 files, one file after the other. Bytes that are no UTF-8 become U+FFFD; a byte
 * order mark is text. A last line without "\n" is a line, an empty rest is none.
 *
 * @throws {SeqError} `FILE_READ` when a file cannot be read.
 * @example trainTokenizer(readLines("corpus.txt"), { preset: "gpt2", vocabSize: 8000 })
 */
export function* readLines(
  paths: string | readonly string[],
  options: ReadLinesOptions = {},
): Iterable<string> {
  for (const path of typeof paths === "string" ? [paths] : paths) {
    yield* linesOfFile(path, options);
  }
}

function* linesOfFile(path: string, options: ReadLinesOptions): Iterable<string> {
  const { keepLineEnds = false, begin = 0, end = Number.POSITIVE_INFINITY } = options;
  const fs = fileSystem();
  const file = reading(path, () => fs.openSync(path, "r"));
  try {
    // A line that begins before `begin` belongs to the range before, so start one byte early and skip.
    let position = Math.max(0, begin - 1);
    let isSkipping = begin > 0;
    let buffer = new Uint8Array(chunkBytes);
    let filled = 0;
    let lineBegin = position; // of the first byte in the buffer
    for (;;) {
      if (filled === buffer.length) {
        const larger = new Uint8Array(buffer.length * 2);
        larger.set(buffer);
        buffer = larger;
      }
      const room = buffer.subarray(filled);
      const read = reading(path, () => fs.readSync(file, room, 0, room.length, position));
      position += read;
      const known = filled + read;
      let from = 0;
      for (
        let at = buffer.indexOf(lineFeed, filled);
        at >= 0 && at < known;
        at = buffer.indexOf(lineFeed, from)
      ) {
        if (!isSkipping) {
          if (lineBegin >= end) return;
          yield decode(buffer.subarray(from, keepLineEnds ? at + 1 : at));
        }
        isSkipping = false;
        lineBegin += at + 1 - from;
        from = at + 1;
      }
      if (read === 0) {
        const isLine = known > from && !isSkipping && lineBegin < end;
        if (isLine) yield decode(buffer.subarray(from, known));
        return;
      }
      buffer.copyWithin(0, from, known);
      filled = known - from;
    }
  } finally {
    fs.closeSync(file);
  }
}

/**
 * Counted texts from a file of lines "text, tab, count".
 *
 * @throws {SeqError} `FILE_READ`; {FormatError} `WORD_COUNTS`, naming the line.
 */
export function readWordCounts(path: string): [text: string, count: number][] {
  const text = decode(reading(path, () => fileSystem().readFileSync(path)));
  return [...parseWordCounts(text, path)];
}

function reading<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    throw new SeqError(`cannot read ${path}: ${(cause as Error).message}.`, {
      code: "FILE_READ",
      details: { path },
      cause,
    });
  }
}
