/** Text files from Node's file system: lines, tab-separated pairs, parallel files; also gzipped. */
import { decodeUtf8, findBadByte, notUtf8 } from "../data/decode-utf8.ts";
import {
  emptyFile,
  type PairColumns,
  pairLines,
  parseLines,
  parsePairs,
  type TextPair,
} from "../data/parse-lines.ts";
import { readBytes, streamBytes } from "./read-bytes.ts";

/**
 * The whole text of a UTF-8 file.
 *
 * @throws {FormatError} `FILE_MISSING`, `FILE_UNREADABLE`, `GZIP_DAMAGED`, `NOT_UTF8`, `FILE_EMPTY`
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  if (bytes.byteLength === 0) throw emptyFile(path);
  return decodeUtf8(path, bytes);
}

/** All lines of a file, without their line breaks. Errors as `readText`. */
export async function readLines(path: string): Promise<string[]> {
  return parseLines(path, await readText(path));
}

/** Pairs from a tab-separated file, one a line. Errors as `readText`, and `LINE_FORMAT`. */
export async function readPairs(path: string, options: PairColumns = {}): Promise<TextPair[]> {
  return parsePairs(path, await readText(path), options);
}

/** Pairs from two files whose lines belong together. Errors as `readText`, and `LINE_COUNT`. */
export async function readParallel(sourcePath: string, targetPath: string): Promise<TextPair[]> {
  const [sources, targets] = await Promise.all([readLines(sourcePath), readLines(targetPath)]);
  return pairLines([sourcePath, targetPath], sources, targets);
}

/**
 * The lines of a file one by one, in memory of one chunk and one line, however large the file is.
 *
 * @throws {FormatError} as `readText`, from the iteration.
 */
export async function* streamLines(path: string): AsyncGenerator<string> {
  let rest: Uint8Array = new Uint8Array(0);
  let position = 0; // of rest's first byte in the (unpacked) file
  let line = 0;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (bytes: Uint8Array): string => {
    line++;
    const begin = line === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
    try {
      return decoder.decode(bytes.subarray(begin, end));
    } catch (cause) {
      const bad = findBadByte(bytes);
      throw notUtf8(path, line, position + bad, bytes[bad] ?? 0x0a, cause);
    }
  };
  for await (const chunk of streamBytes(path)) {
    const bytes = rest.length === 0 ? chunk : concatenate(rest, chunk);
    let begin = 0;
    // The rest holds no line break: search in the new bytes only, so that a long line costs its length once a chunk.
    let end = bytes.indexOf(0x0a, rest.length);
    const start = position;
    while (end !== -1) {
      position = start + begin;
      yield decode(bytes.subarray(begin, end));
      begin = end + 1;
      end = bytes.indexOf(0x0a, begin);
    }
    rest = bytes.slice(begin);
    position = start + begin;
  }
  if (rest.length > 0) yield decode(rest);
  if (line === 0) throw emptyFile(path);
}

function concatenate(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
