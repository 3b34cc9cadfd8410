/**
 * CoNLL-U, the format of Universal Dependencies (universaldependencies.org/format.html): ten tab-separated columns, blank
 * lines between sentences, comments with #. Columns other than form and lemma are `undefined` where the file has "_".
 */
import { FormatError } from "@seq/core";
import { emptyFile, parseLines } from "./parse-lines.ts";

export interface ConlluToken {
  /** `"1"`, a range of a multiword token `"3-4"`, or an empty node `"5.1"`. */
  readonly id: string;
  readonly form: string;
  readonly lemma: string;
  /** Universal part of speech: `"NOUN"`. */
  readonly upos: string | undefined;
  /** The treebank's own tag: `"NNS"`. */
  readonly xpos: string | undefined;
  readonly feats: ReadonlyMap<string, string>;
  /** Number of the head word, 0 for the root. */
  readonly head: number | undefined;
  readonly deprel: string | undefined;
  readonly deps: string | undefined;
  readonly misc: string | undefined;
}

export interface ConlluSentence {
  /** Without the #: `"sent_id = weblog-1"`. */
  readonly comments: readonly string[];
  /** The syntactic words 1, 2, 3 ...: what a tagger tags. */
  readonly words: readonly ConlluToken[];
  /** Multiword tokens: `"3-4"`. */
  readonly ranges: readonly ConlluToken[];
  readonly emptyNodes: readonly ConlluToken[];
  /** Line of the first word or comment, from 1. */
  readonly line: number;
}

/**
 * @param where - the file, for messages.
 * @throws {FormatError} `LINE_FORMAT` naming the line: not ten columns, ids out of order, a head outside the sentence,
 *   a column that is empty, a sentence without words; `FILE_EMPTY`.
 */
export function parseConllu(where: string, text: string): ConlluSentence[] {
  const sentences: ConlluSentence[] = [];
  let block: string[] = [];
  let first = 1;
  const lines = parseLines(where, text);
  const features: FeatureCache = new Map();
  for (let i = 0; i <= lines.length; i++) {
    const line = lines[i] ?? "";
    if (line !== "") {
      if (block.length === 0) first = i + 1;
      block.push(line);
    } else if (block.length > 0) {
      sentences.push(parseSentence(where, block, first, features));
      block = [];
    }
  }
  if (sentences.length === 0) throw emptyFile(where);
  return sentences;
}

/** Few combinations of features are ever used: each is parsed once, and shared. */
type FeatureCache = Map<string, ReadonlyMap<string, string>>;

function parseSentence(
  where: string,
  block: readonly string[],
  first: number,
  features: FeatureCache,
): ConlluSentence {
  const comments: string[] = [];
  const words: ConlluToken[] = [];
  const ranges: ConlluToken[] = [];
  const emptyNodes: ConlluToken[] = [];
  block.forEach((line, i) => {
    if (line.startsWith("#")) {
      comments.push(line.slice(1).trim());
      return;
    }
    const token = parseToken(where, first + i, line, features);
    if (token.id.includes("-")) ranges.push(token);
    else if (token.id.includes(".")) emptyNodes.push(token);
    else if (token.id === String(words.length + 1)) words.push(token);
    else throw badLine(where, first + i, `the id is "${token.id}", expected ${words.length + 1}`);
  });
  if (words.length === 0) throw badLine(where, first, "the sentence has no words");
  words.forEach((word, i) => {
    if (word.head !== undefined && word.head > words.length) {
      const problem = `the head of word ${i + 1} is ${word.head}, the sentence has ${words.length} words`;
      throw badLine(where, first, problem);
    }
  });
  return { comments, words, ranges, emptyNodes, line: first };
}

const idPattern = /^[1-9]\d*$|^[1-9]\d*-[1-9]\d*$|^\d+\.[1-9]\d*$/;

function parseToken(
  where: string,
  number: number,
  line: string,
  features: FeatureCache,
): ConlluToken {
  const columns = line.split("\t");
  if (columns.length !== 10) {
    throw badLine(where, number, `${columns.length} tab-separated columns, expected 10`);
  }
  const empty = columns.indexOf("");
  if (empty >= 0) throw badLine(where, number, `column ${empty + 1} is empty, expected "_"`);
  const [id, form, lemma, upos, xpos, feats, head, deprel, deps, misc] = columns as [
    ...[string, string, string, string, string],
    ...[string, string, string, string, string],
  ];
  if (!idPattern.test(id)) throw badLine(where, number, `"${id}" is no id`);
  if (head !== "_" && !/^\d+$/.test(head)) throw badLine(where, number, `"${head}" is no head`);
  const given = (value: string): string | undefined => (value === "_" ? undefined : value);
  let parsed = features.get(feats);
  if (parsed === undefined) {
    parsed = parseFeatures(where, number, feats);
    features.set(feats, parsed);
  }
  return {
    id,
    form,
    lemma,
    upos: given(upos),
    xpos: given(xpos),
    feats: parsed,
    head: head === "_" ? undefined : Number(head),
    deprel: given(deprel),
    deps: given(deps),
    misc: given(misc),
  };
}

function parseFeatures(where: string, number: number, text: string): Map<string, string> {
  if (text === "_") return new Map();
  return new Map(
    text.split("|").map((part): [string, string] => {
      const cut = part.indexOf("=");
      if (cut < 1) throw badLine(where, number, `"${part}" is no feature, expected Name=Value`);
      return [part.slice(0, cut), part.slice(cut + 1)];
    }),
  );
}

function badLine(where: string, line: number, problem: string): FormatError {
  return new FormatError(`${where}: line ${line}: ${problem}.`, {
    code: "LINE_FORMAT",
    details: { line },
  });
}
