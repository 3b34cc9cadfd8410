/**
 * Tagged text in columns, one token a line, blank lines between sentences: the format of CoNLL-2003, WNUT-17, Universal NER.
 * Columns are separated by tabs, or by white space where a line has no tab.
 */
import { checkInteger, checkOptions, FormatError } from "@seq/core";
import { emptyFile, parseLines } from "./parse-lines.ts";

export interface TaggedSentence {
  readonly tokens: readonly string[];
  /** One per token: `"B-location"`, `"I-location"`, `"O"`. */
  readonly tags: readonly string[];
  /** Lines that begin with "# ", without it. */
  readonly comments: readonly string[];
}

export interface Iob2Options {
  /** Column of the token, from 0 (default 0; Universal NER 1). */
  readonly tokenColumn?: number;
  /** Column of the tag, from 0 (default 1; Universal NER 2, CoNLL-2003 3). */
  readonly tagColumn?: number;
  /** Keep tags that are no IOB2 (an I- that continues nothing, other schemes) instead of refusing them. Default false. */
  readonly anyTags?: boolean;
}

/**
 * @throws {FormatError} `LINE_FORMAT` naming the line: too few columns, or a tag that is not IOB2; `FILE_EMPTY`.
 */
export function parseIob2(
  where: string,
  text: string,
  options: Iob2Options = {},
): TaggedSentence[] {
  checkOptions("parseIob2", options, ["tokenColumn", "tagColumn", "anyTags"]);
  const tokenColumn = checkInteger("parseIob2", "tokenColumn", options.tokenColumn ?? 0, {
    min: 0,
  });
  const tagColumn = checkInteger("parseIob2", "tagColumn", options.tagColumn ?? 1, { min: 0 });
  const needed = Math.max(tokenColumn, tagColumn) + 1;
  const sentences: TaggedSentence[] = [];
  let [tokens, tags, comments]: [string[], string[], string[]] = [[], [], []];
  const flush = (): void => {
    if (tokens.length === 0) return;
    sentences.push({ tokens, tags, comments });
    [tokens, tags, comments] = [[], [], []];
  };
  parseLines(where, text).forEach((line, i) => {
    const tabbed = line.includes("\t");
    if (line.trim() === "" || line.startsWith("-DOCSTART-")) flush();
    else if (line.startsWith("# ") && !tabbed) comments.push(line.slice(2));
    else {
      const columns = tabbed ? line.split("\t") : line.trim().split(/\s+/);
      if (columns.length < needed) {
        throw badLine(where, i + 1, `${columns.length} columns, expected at least ${needed}`);
      }
      const tag = columns[tagColumn] as string;
      if (options.anyTags !== true) checkTag(where, i + 1, tag, tags.at(-1));
      tokens.push(columns[tokenColumn] as string);
      tags.push(tag);
    }
  });
  flush();
  if (sentences.length === 0) throw emptyFile(where);
  return sentences;
}

function checkTag(where: string, line: number, tag: string, previous = "O"): void {
  if (tag === "O" || /^B-./.test(tag)) return;
  if (!/^I-./.test(tag)) {
    throw badLine(where, line, `the tag is "${tag}", expected O, B-type or I-type`);
  }
  if (previous === "O" || previous.slice(2) !== tag.slice(2)) {
    const problem = `the tag "${tag}" follows "${previous}", expected B-${tag.slice(2)} at the start of a span; read with anyTags: true to keep it`;
    throw badLine(where, line, problem);
  }
}

function badLine(where: string, line: number, problem: string): FormatError {
  return new FormatError(`${where}: line ${line}: ${problem}.`, {
    code: "LINE_FORMAT",
    details: { line },
  });
}
