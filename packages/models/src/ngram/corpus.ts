/** A training corpus for n-gram models: sentences of ids, flat. */
import { checkOneOf, FormatError, OptionError, VocabularyError } from "@seq/core";
import { splitWords, WordVocabulary } from "./word-vocabulary.ts";

export interface NgramCorpus {
  /** All sentences one after another, without begin and end marks. */
  readonly ids: Int32Array;
  /** Sentence i is `ids[starts[i]..starts[i + 1])`; one more than there are sentences. */
  readonly starts: Uint32Array;
  /** Ids are 0..vocabSize-1. */
  readonly vocabSize: number;
  /** Stands before each sentence, is never predicted. May be `vocabSize`: a mark of no token. */
  readonly beginId: number;
  /** Is predicted after each sentence; `undefined` for running text. */
  readonly endId?: number | undefined;
  /** Takes the place of ids that a query does not know. */
  readonly unknownId?: number | undefined;
  /** The words, when the corpus came from text: what an ARPA file needs. */
  readonly vocabulary?: WordVocabulary | undefined;
}

export interface SequenceCorpusOptions {
  readonly vocabSize: number;
  readonly beginId?: number;
  readonly endId?: number;
  readonly unknownId?: number;
}

/**
 * A corpus of sequences of ids.
 *
 * @throws {VocabularyError} `UNKNOWN_ID`, naming sequence and position.
 * @throws {OptionError} `EMPTY_CORPUS`
 */
export function corpusFromSequences(
  sequences: readonly ArrayLike<number>[],
  { vocabSize, beginId = vocabSize, endId, unknownId }: SequenceCorpusOptions,
): NgramCorpus {
  if (beginId === endId) {
    throw new OptionError(
      `corpusFromSequences: beginId and endId are both ${beginId}; the begin mark is never predicted, so expected two ids (leave beginId out for a mark of its own).`,
      { code: "OPTION_RANGE", details: { option: "beginId", value: beginId } },
    );
  }
  const starts = new Uint32Array(sequences.length + 1);
  for (let i = 0; i < sequences.length; i++) starts[i + 1] = starts[i]! + sequences[i]!.length;
  const ids = new Int32Array(starts[sequences.length]!);
  for (let i = 0; i < sequences.length; i++) ids.set(sequences[i]!, starts[i]!);
  for (let i = 0, at = 0; at < ids.length; at++) {
    while (at >= starts[i + 1]!) i++;
    const id = ids[at]!;
    if (id < 0 || id >= vocabSize || id === beginId) {
      throw new VocabularyError(
        `corpusFromSequences: sequence ${i} has id ${id} at ${at - starts[i]!}, expected 0..${vocabSize - 1}${beginId < vocabSize ? ` but not beginId ${beginId}` : ""}.`,
        { code: "UNKNOWN_ID", details: { sequence: i, position: at - starts[i]!, id } },
      );
    }
  }
  return refuseEmpty({ ids, starts, vocabSize, beginId, endId, unknownId });
}

export interface TextCorpusOptions {
  /** Words and ids to use; unknown words become `<unk>`. Default: all words of the text. */
  readonly vocabulary?: WordVocabulary;
  /**
   * What `<unk>`, `<s>` and `</s>` in the text are: `"refuse"` (lmplz's default), `"skip"` them as white space
   * (its `--skip_symbols`), or `"keep"` `<unk>` as a word (corpora that come with it, as WikiText) and skip
   * the others.
   */
  readonly specialSymbols?: "refuse" | "skip" | "keep";
}

/**
 * A corpus of lines of text, one sentence a line, words split at white space; empty lines are sentences too.
 *
 * @throws {FormatError} `SPECIAL_SYMBOL` with the line number.
 * @throws {OptionError} `EMPTY_CORPUS`
 */
export function corpusFromText(
  text: string | Iterable<string>,
  { vocabulary, specialSymbols = "refuse" }: TextCorpusOptions = {},
): NgramCorpus & { readonly vocabulary: WordVocabulary } {
  checkOneOf("corpusFromText", "specialSymbols", specialSymbols, ["refuse", "skip", "keep"]);
  const tokens = ["<unk>", "<s>", "</s>"];
  const found = new Map(tokens.map((token, id) => [token, id]));
  const lookUp = (word: string): number => {
    if (vocabulary !== undefined) return vocabulary.id(word);
    let id = found.get(word);
    if (id === undefined) {
      id = tokens.length;
      // A slice keeps the whole line alive; one token is all we want to keep.
      const own = [...word].join("");
      tokens.push(own);
      found.set(own, id);
    }
    return id;
  };
  const special = new Set([
    vocabulary?.unknownId ?? 0,
    vocabulary?.beginId ?? 1,
    vocabulary?.endId ?? 2,
  ]);
  const ids = new GrowingInt32();
  const starts = new GrowingInt32();
  starts.push(0);
  for (const line of typeof text === "string" ? lines(text) : text) {
    for (const word of splitWords(line)) {
      const id = lookUp(word);
      if (special.has(id) && (vocabulary === undefined || vocabulary.find(word) !== undefined)) {
        if (specialSymbols === "refuse") {
          throw new FormatError(
            `corpusFromText: line ${starts.length} holds "${word}", which marks a special token; expected words only. Set specialSymbols to "skip" or "keep".`,
            { code: "SPECIAL_SYMBOL", details: { line: starts.length, word } },
          );
        }
        if (specialSymbols === "skip" || word !== "<unk>") continue;
      }
      ids.push(id);
    }
    starts.push(ids.length);
  }
  const words = vocabulary ?? new WordVocabulary(tokens);
  return {
    ...refuseEmpty({
      ids: ids.take(),
      starts: new Uint32Array(starts.take()),
      vocabSize: words.size,
      beginId: words.beginId,
      endId: words.endId,
      unknownId: words.unknownId,
    }),
    vocabulary: words,
  };
}

function refuseEmpty(corpus: NgramCorpus): NgramCorpus {
  if (corpus.ids.length === 0) {
    throw new OptionError(
      `n-gram corpus: ${corpus.starts.length - 1} sentences without a single token; give a text that is not empty.`,
      { code: "EMPTY_CORPUS" },
    );
  }
  return corpus;
}

/** Lines without their newline; a last line without newline counts, an empty rest after it does not. */
export function* lines(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    yield end < 0 ? text.slice(start) : text.slice(start, end);
    if (end < 0) return;
    start = end + 1;
  }
}

/** An Int32Array that grows. */
export class GrowingInt32 {
  #data = new Int32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#data.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.length++] = value;
  }

  take(): Int32Array {
    return this.#data.slice(0, this.length);
  }
}
