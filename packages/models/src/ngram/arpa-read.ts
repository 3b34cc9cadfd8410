/**
 * Reads n-gram models in the ARPA format (lmplz, SRILM, IRSTLM). Contexts that a pruned file leaves out are put in
 * without a probability of their own. One pass over the text, then radix sorts.
 */
import { FormatError } from "@seq/core";
import { type ArpaSection, linkSections } from "./arpa-sections.ts";
import { lines } from "./corpus.ts";
import { NgramModel } from "./ngram-model.ts";
import { splitWords, WordVocabulary } from "./word-vocabulary.ts";

/**
 * @param text - the file, or its lines.
 * @param where - its name, for messages.
 * @throws {FormatError} `ARPA`, naming the line.
 */
export function parseArpa(text: string | Iterable<string>, where = "ARPA file"): NgramModel {
  const reader = new ArpaReader(typeof text === "string" ? lines(text) : text, where);
  const counts = reader.header();
  const sections: ArpaSection[] = [];
  const tokens: string[] = [];
  const ids = new Map<string, number>();
  counts.forEach((count, i) => {
    sections.push(reader.section(i + 1, counts.length, count, tokens, ids));
  });
  reader.end();
  if (!ids.has("<unk>") && !ids.has("<UNK>")) addUnknown(sections[0]!, tokens);
  for (const mark of ["<s>", "</s>"]) {
    if (!ids.has(mark)) reader.fail(`begins 1-grams without "${mark}"`, sections[0]!.firstLine - 1);
  }
  const vocabulary = new WordVocabulary(tokens);
  return new NgramModel({
    trie: {
      levels: linkSections(sections, tokens.length, (what, line) => reader.fail(what, line)),
    },
    vocabSize: vocabulary.size,
    beginId: vocabulary.beginId,
    endId: vocabulary.endId,
    unknownId: vocabulary.unknownId,
    vocabulary,
    method: "arpa",
  });
}

/** A closed vocabulary: unknown words have probability 0. */
function addUnknown(unigrams: ArpaSection, tokens: string[]): void {
  const id = tokens.length;
  tokens.push("<unk>");
  unigrams.ids = Int32Array.from([...unigrams.ids, id]);
  unigrams.logProbs = Float32Array.from([...unigrams.logProbs, Number.NEGATIVE_INFINITY]);
  unigrams.backoffs = Float32Array.from([...unigrams.backoffs, 0]);
  unigrams.length++;
}

class ArpaReader {
  readonly #lines: Iterator<string>;
  readonly #where: string;
  #line = 0;
  #text: string | undefined;

  constructor(source: Iterable<string>, where: string) {
    this.#lines = source[Symbol.iterator]();
    this.#where = where;
    this.#next();
  }

  fail(what: string, line = this.#line): never {
    throw new FormatError(`${this.#where}: line ${line} ${what}.`, {
      code: "ARPA",
      details: { line },
    });
  }

  #next(): void {
    const { done, value } = this.#lines.next();
    this.#text = done ? undefined : (value as string);
    this.#line++;
  }

  #skipBlank(): void {
    while (this.#text !== undefined && this.#text.trim() === "") this.#next();
  }

  #expect(mark: string): void {
    this.#skipBlank();
    if (this.#text?.trim() !== mark) this.#failExpected(`"${mark}"`);
    this.#next();
  }

  #failExpected(expected: string): never {
    const text = this.#text;
    if (text === undefined)
      this.fail(`is past the end of the file, expected ${expected}; the file is cut off`);
    this.fail(`is "${text.length > 60 ? `${text.slice(0, 60)}...` : text}", expected ${expected}`);
  }

  /** The number of n-grams of each order. */
  header(): number[] {
    this.#expect("\\data\\");
    const counts: number[] = [];
    for (this.#skipBlank(); this.#text?.startsWith("ngram "); this.#next()) {
      const match = /^ngram\s+(\d+)\s*=\s*(\d+)\s*$/.exec(this.#text);
      if (match === null || Number(match[1]) !== counts.length + 1) {
        this.#failExpected(`"ngram ${counts.length + 1}=COUNT"`);
      }
      counts.push(Number(match[2]));
    }
    if (counts.length === 0) this.#failExpected('"ngram 1=COUNT"');
    if (counts.length > 16) this.fail(`is after ${counts.length} orders, expected at most 16`);
    return counts;
  }

  section(
    order: number,
    highest: number,
    count: number,
    tokens: string[],
    known: Map<string, number>,
  ): ArpaSection {
    this.#expect(`\\${order}-grams:`);
    const section: ArpaSection = {
      order,
      firstLine: this.#line,
      ids: new Int32Array(count * order),
      logProbs: new Float32Array(count),
      backoffs: new Float32Array(order < highest ? count : 0),
      length: count,
    };
    for (let i = 0; i < count; i++) {
      const text = this.#text;
      if (text === undefined || text.trim() === "" || text.startsWith("\\")) {
        this.#failExpected(`${order}-gram ${i + 1} of ${count}`);
      }
      this.#entry(text, section, i, highest, tokens, known);
      this.#next();
    }
    this.#skipBlank();
    if (this.#text !== undefined && !this.#text.startsWith("\\")) {
      this.#failExpected(`the end of the ${count} ${order}-grams that the header promises`);
    }
    return section;
  }

  #entry(
    text: string,
    section: ArpaSection,
    i: number,
    highest: number,
    tokens: string[],
    known: Map<string, number>,
  ): void {
    const { order } = section;
    const fields = splitWords(text);
    const hasBackoff = fields.length === order + 2;
    if (fields.length !== order + 1 && !(hasBackoff && order < highest)) {
      this.fail(
        `has ${fields.length} fields, expected log-probability, ${order} word${order > 1 ? "s" : ""}${order < highest ? " and perhaps a backoff" : ""}`,
      );
    }
    const logProb = this.#number(fields[0]!, "log-probability");
    if (logProb > 0) this.fail(`has log-probability ${fields[0]}, expected at most 0`);
    section.logProbs[i] = logProb;
    if (hasBackoff) section.backoffs[i] = this.#number(fields[order + 1]!, "backoff");
    for (let k = 0; k < order; k++) {
      const word = fields[k + 1]!;
      let id = known.get(word);
      if (order === 1) {
        if (id !== undefined) this.fail(`repeats the 1-gram "${word}"`);
        id = tokens.length;
        const own = [...word].join(""); // not a slice of the file
        tokens.push(own);
        known.set(own, id);
      } else if (id === undefined) {
        this.fail(`has the word "${word}", which is not among the 1-grams`);
      }
      section.ids[i * order + k] = id as number;
    }
  }

  #number(field: string, what: string): number {
    if (/^-inf(inity)?$/i.test(field)) return Number.NEGATIVE_INFINITY;
    const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(field) ? Number(field) : Number.NaN;
    if (Number.isNaN(value)) this.fail(`has "${field}" for a ${what}, expected a number`);
    return value;
  }

  end(): void {
    this.#expect("\\end\\");
  }
}
