/** Files of tagged text, JSON Lines and CSV from Node's file system; also gzipped. Errors as `readText` and the parsers. */
import { type ConlluSentence, parseConllu } from "../data/parse-conllu.ts";
import { type CsvOptions, type CsvTable, parseCsv } from "../data/parse-csv.ts";
import { type Iob2Options, parseIob2, type TaggedSentence } from "../data/parse-iob2.ts";
import { parseJsonLine, parseJsonLines } from "../data/parse-json-lines.ts";
import { readText, streamLines } from "./read-lines.ts";

/** Sentences of a CoNLL-U file (Universal Dependencies). */
export async function readConllu(path: string): Promise<ConlluSentence[]> {
  return parseConllu(path, await readText(path));
}

/** Tagged sentences in columns (CoNLL-2003, WNUT-17, Universal NER). */
export async function readIob2(path: string, options: Iob2Options = {}): Promise<TaggedSentence[]> {
  return parseIob2(path, await readText(path), options);
}

/** One JSON value a line. */
export async function readJsonLines(path: string): Promise<unknown[]> {
  return parseJsonLines(path, await readText(path));
}

/** One JSON value a line, one by one, however large the file is. */
export async function* streamJsonLines(path: string): AsyncGenerator<unknown> {
  let number = 0;
  for await (const line of streamLines(path)) {
    number++;
    if (line.trim() !== "") yield parseJsonLine(path, number, line);
  }
}

/** A table of texts. */
export async function readCsv(path: string, options: CsvOptions = {}): Promise<CsvTable> {
  return parseCsv(path, await readText(path), options);
}
