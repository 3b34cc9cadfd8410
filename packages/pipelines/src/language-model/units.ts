/** Text to ids for language models: a tokenizer of characters, words or BPE, one end id per line. */
import { checkOneOf, OptionError } from "@seq/core";
import {
  FixedLength,
  Fuse,
  type Tokenizer,
  trainTokenizer,
  WhitespaceSplit,
  WordTrainer,
} from "@seq/tokenizers";

export type Unit = "char" | "word" | "bpe";

export const unknownToken = "<unk>";
export const endToken = "</s>";

export interface UnitOptions {
  readonly unit: Unit;
  /** Most ids of a learned vocabulary. Default: all characters, 10,000 words, 4,000 BPE tokens. */
  readonly vocabSize?: number | undefined;
  /** Words or characters seen less often are unknown. Default 1. */
  readonly minCount?: number | undefined;
}

/** Learns a tokenizer whose first ids are `<unk>` and `</s>`. */
export function learnUnits(lines: readonly string[], options: UnitOptions): Tokenizer {
  const unit = checkOneOf("trainLanguageModel", "unit", options.unit, ["char", "word", "bpe"]);
  const defaults = { char: 2 ** 20, word: 10_000, bpe: 4_000 };
  const vocabSize = options.vocabSize ?? defaults[unit];
  const specialTokens = [unknownToken, endToken];
  if (unit === "bpe") return trainTokenizer(lines, { objective: "bpe", vocabSize, specialTokens });
  const learning = { vocabSize, minFrequency: options.minCount ?? 1, specialTokens, unknownToken };
  if (unit === "char") {
    // Characters as words of length 1: a form that tokenizer.json knows.
    return trainTokenizer(lines, {
      trainer: new WordTrainer(learning),
      preTokenizer: new FixedLength({ length: 1 }),
      decoder: new Fuse(),
    });
  }
  return trainTokenizer(lines, {
    objective: "word",
    preTokenize: new WhitespaceSplit(),
    ...learning,
  });
}

/**
 * The id that ends a line, of our own tokenizers or another's.
 *
 * @throws {OptionError} `NO_END_TOKEN`
 */
export function endIdOf(tokenizer: Tokenizer): number {
  for (const name of [endToken, "<|endoftext|>", "<eos>", "[SEP]"]) {
    const id = tokenizer.tokenToId(name);
    if (id !== undefined) return id;
  }
  throw new OptionError(
    `language model: the tokenizer has none of ${endToken}, <|endoftext|>, <eos>, [SEP] to end a line with; train one with such a special token.`,
    { code: "NO_END_TOKEN" },
  );
}

/** Lines of a text, without the one that a last newline would open. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

/** Ids of a line, without its end. */
export function lineIds(tokenizer: Tokenizer, line: string): Uint32Array {
  return tokenizer.encodeToIds(line, { addSpecialTokens: false });
}

/** Ids of running text: every line followed by the end id. */
export function runningIds(tokenizer: Tokenizer, lines: readonly string[]): Int32Array {
  const endId = endIdOf(tokenizer);
  const parts = lines.map((line) => lineIds(tokenizer, line));
  const ids = new Int32Array(parts.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const part of parts) {
    ids.set(part, at);
    at += part.length;
    ids[at++] = endId;
  }
  return ids;
}
