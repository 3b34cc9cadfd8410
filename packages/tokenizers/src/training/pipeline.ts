/**
 * From the four columns of the course's table (objective, spaces in tokens, pre-tokenization, smallest
 * unit) to the stages of a tokenizer and its trainer.
 *
 * | spaces | preTokenize | unit | words | way back |
 * |---|---|---|---|---|
 * | in tokens | yes | byte | a GPT pattern, then bytes | bytes |
 * | in tokens | no | byte | the whole text | bytes |
 * | in tokens | yes | char | split before white space and punctuation | join |
 * | in tokens | no | char | the whole text | join |
 * | removed | yes | char | words and punctuation, tokens marked by `##` or `</w>` | marks to spaces |
 *
 * Unigram, and BPE with `escapeSpaces`, write a space as "▁" (SentencePiece). Spaces removed without
 * pre-tokenization contradict each other, and bytes without spaces have no way back: both are errors.
 */
import { OptionError } from "@seq/core";
import {
  BPEDecoder,
  ByteFallbackDecoder,
  ByteLevelDecoder,
  DecoderSequence,
  Fuse,
  MetaspaceDecoder,
  StripDecoder,
  WordPieceDecoder,
} from "../decoders/decoders.ts";
import { Replace } from "../normalizers/replace.ts";
import { ByteLevel } from "../pre-tokenizers/byte-level.ts";
import { BertPreTokenizer, Punctuation } from "../pre-tokenizers/characters.ts";
import { cl100kPattern, o200kPattern } from "../pre-tokenizers/gpt-patterns.ts";
import type { GptPattern } from "../pre-tokenizers/gpt-scanner.ts";
import { GptSplit } from "../pre-tokenizers/gpt-split.ts";
import { Metaspace } from "../pre-tokenizers/metaspace.ts";
import { PreTokenizerSequence } from "../pre-tokenizers/sequence.ts";
import { Split } from "../pre-tokenizers/split.ts";
import type { Decoder, PreTokenizer } from "../stages.types.ts";

export type Objective = "bpe" | "wordpiece" | "unigram" | "word" | "char";

export interface PipelineOptions {
  readonly objective: Objective;
  /** Are spaces part of the tokens? Default: true, for `wordpiece` and `word` false. */
  readonly spaces?: boolean | undefined;
  /**
   * Are texts split into words first, which no token crosses? Default: true, for `unigram` and `char`
   * false. A named pattern, or a pre-tokenizer of your own, is a yes.
   */
  readonly preTokenize?: boolean | "gpt2" | "cl100k" | "o200k" | PreTokenizer | undefined;
  /** The smallest unit. Default: `"byte"` for `bpe`, else `"char"`. */
  readonly unit?: "char" | "byte" | undefined;
  /** `unigram`, or with `escapeSpaces`: without pre-tokenization, may pieces cross spaces? Default false. */
  readonly crossSpaces?: boolean | undefined;
  /** `bpe`, unit char: write spaces as "▁". Default false; `unigram` always does. */
  readonly escapeSpaces?: boolean | undefined;
  /** Spaces removed: mark of tokens that continue a word: `"##"`, `"#"`, `"@@"`. Default for WordPiece `"##"`. */
  readonly continuingSubwordPrefix?: string | undefined;
  /** Spaces removed: mark of tokens that end a word. Default for BPE `"</w>"`. */
  readonly endOfWordSuffix?: string | undefined;
  readonly byteFallback?: boolean | undefined;
}

/** The stages that the four columns stand for, and the marks the trainer needs to know. */
export interface Pipeline {
  readonly preTokenizer: PreTokenizer | undefined;
  readonly decoder: Decoder | undefined;
  readonly unit: "char" | "byte";
  readonly continuingSubwordPrefix: string | undefined;
  readonly endOfWordSuffix: string | undefined;
  /** How a space is written in a token. */
  readonly wordSeparator: string;
}

export const pipelineOptionNames = [
  "objective",
  "spaces",
  "preTokenize",
  "crossSpaces",
  "escapeSpaces",
] as const;

const escapedSpace = "▁";

/** @throws {OptionError} `OPTION_CONFLICT` for combinations that cannot be. */
export function buildPipeline(options: PipelineOptions): Pipeline {
  const { objective } = options;
  const spaces = options.spaces ?? !(objective === "wordpiece" || objective === "word");
  const split = options.preTokenize ?? !(objective === "unigram" || objective === "char");
  const unit = options.unit ?? (objective === "bpe" ? "byte" : "char");
  checkCombination(options, spaces, split, unit);
  if (unit === "byte") return bytePipeline(split);
  if (!spaces) return spacelessPipeline(options, split);
  if (objective === "unigram" || options.escapeSpaces) return escapedPipeline(options, split);
  return plainPipeline(options, split);
}

function checkCombination(
  options: PipelineOptions,
  spaces: boolean,
  split: PipelineOptions["preTokenize"],
  unit: "char" | "byte",
): void {
  const { objective } = options;
  const marks = options.continuingSubwordPrefix || options.endOfWordSuffix;
  const conflicts: [boolean, string][] = [
    [
      !spaces && split === false,
      "spaces: false removes white space, which is pre-tokenization; set preTokenize: true",
    ],
    [
      unit === "byte" && objective !== "bpe",
      `unit "byte" is possible with objective "bpe" only, not "${objective}"; use unit "char", with byteFallback for unknown characters`,
    ],
    [unit === "byte" && !spaces, 'unit "byte" keeps spaces; set spaces: true, or unit "char"'],
    [
      unit === "byte" && (options.byteFallback ?? false),
      'byteFallback has no use with unit "byte", which knows every byte; leave it out',
    ],
    [
      objective === "unigram" && !spaces,
      'objective "unigram" writes spaces as "▁" and keeps them; leave spaces: false out',
    ],
    [
      spaces && objective === "bpe" && marks !== undefined && marks !== "",
      "continuingSubwordPrefix and endOfWordSuffix mark words whose spaces are gone; set spaces: false",
    ],
    [
      options.crossSpaces === true && !(objective === "unigram" || options.escapeSpaces === true),
      'crossSpaces is for "▁"-escaped spaces (objective "unigram" or escapeSpaces: true); set preTokenize: false instead',
    ],
    [
      options.escapeSpaces === true && (unit === "byte" || objective !== "bpe"),
      'escapeSpaces is an option of objective "bpe" with unit "char"',
    ],
  ];
  for (const [conflict, message] of conflicts) {
    if (conflict) throw new OptionError(`train: ${message}.`, { code: "OPTION_CONFLICT" });
  }
}

const noMarks = { continuingSubwordPrefix: undefined, endOfWordSuffix: undefined };

function bytePipeline(split: PipelineOptions["preTokenize"]): Pipeline {
  const decoder = new ByteLevelDecoder();
  const preTokenizer = byteLevelStage(split);
  return { preTokenizer, decoder, unit: "byte", ...noMarks, wordSeparator: "Ġ" };
}

function byteLevelStage(split: PipelineOptions["preTokenize"]): PreTokenizer {
  if (split === true || split === "gpt2") return new ByteLevel();
  const toBytes = new ByteLevel({ useRegex: false });
  if (split === false || split === undefined) return toBytes;
  const splitter = typeof split === "string" ? gptSplit(split) : split;
  return splitter.byteLevel ? splitter : new PreTokenizerSequence([splitter, toBytes]);
}

/** The patterns as Hugging Face's files write them (their dialect differs from JavaScript's in `(?i:`). */
const sources = {
  cl100k:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  o200k:
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
};

function gptSplit(name: "gpt2" | "cl100k" | "o200k"): PreTokenizer {
  if (name === "gpt2") return new ByteLevel();
  const pattern: GptPattern = name === "cl100k" ? cl100kPattern : o200kPattern;
  return new GptSplit(pattern, sources[name]);
}

/** Words lose their spaces; marks on the tokens tell where the words were. */
function spacelessPipeline(
  options: PipelineOptions,
  split: PipelineOptions["preTokenize"],
): Pipeline {
  const prefix = options.continuingSubwordPrefix ?? (options.objective === "wordpiece" ? "##" : "");
  const isMarkedByPrefix = prefix !== "" || options.objective !== "bpe";
  const suffix = options.endOfWordSuffix ?? (isMarkedByPrefix ? "" : "</w>");
  const preTokenizer = typeof split === "object" ? split : new BertPreTokenizer();
  const decoder =
    suffix !== ""
      ? new BPEDecoder({ suffix })
      : prefix !== ""
        ? new WordPieceDecoder({ prefix, cleanup: false })
        : undefined; // whole words: joined by spaces
  return {
    preTokenizer,
    decoder,
    unit: "char",
    continuingSubwordPrefix: prefix || undefined,
    endOfWordSuffix: suffix || undefined,
    wordSeparator: " ",
  };
}

/** SentencePiece's way: a space is "▁" and begins a word. */
function escapedPipeline(
  options: PipelineOptions,
  split: PipelineOptions["preTokenize"],
): Pipeline {
  const crosses = options.crossSpaces ?? false;
  const metaspace = new Metaspace({ split: !crosses });
  const further = typeof split === "object" ? split : new Punctuation({ behavior: "isolated" });
  const isSplit = split !== false && !(options.objective === "bpe" && split === true);
  return {
    preTokenizer: isSplit ? new PreTokenizerSequence([metaspace, further]) : metaspace,
    decoder: escapedDecoder(crosses, options.byteFallback ?? false),
    unit: "char",
    ...noMarks,
    wordSeparator: escapedSpace,
  };
}

function escapedDecoder(crosses: boolean, byteFallback: boolean): Decoder {
  if (!crosses && !byteFallback) return new MetaspaceDecoder();
  // The Metaspace decoder drops every "▁" of the first token, which here may hold several words.
  return new DecoderSequence([
    new Replace({ pattern: escapedSpace, content: " " }),
    ...(byteFallback ? [new ByteFallbackDecoder()] : []),
    new Fuse(),
    new StripDecoder({ content: " ", start: 1, stop: 0 }),
  ]);
}

/** Spaces stay as they are; tokens are joined to the text they came from. */
function plainPipeline(options: PipelineOptions, split: PipelineOptions["preTokenize"]): Pipeline {
  const prefix =
    options.objective === "wordpiece" ? (options.continuingSubwordPrefix ?? "##") : undefined;
  const source = `^${escapeRegex(prefix ?? "")}`;
  const unmark = new Replace({ pattern: new RegExp(source, "gu"), content: "", source });
  const bytes = options.byteFallback ? [new ByteFallbackDecoder()] : [];
  const stages = [...(prefix ? [unmark] : []), ...bytes, new Fuse()];
  return {
    preTokenizer:
      typeof split === "object" ? split : split ? beforeSpaceAndPunctuation() : undefined,
    decoder: stages.length === 1 ? stages[0] : new DecoderSequence(stages),
    unit: "char",
    continuingSubwordPrefix: prefix,
    endOfWordSuffix: undefined,
    wordSeparator: " ",
  };
}

/** The course's "split before whitespace/punctuation": " hugs." gives " hugs" and ".". */
function beforeSpaceAndPunctuation(): PreTokenizer {
  const source = "[\\s\\p{P}]?[^\\s\\p{P}]+|[\\s\\p{P}]";
  // JavaScript's \s is not the Unicode property (it has U+FEFF and lacks U+0085), other engines' is.
  const pattern = new RegExp(source.replaceAll("\\s", "\\p{White_Space}"), "gu");
  return new Split({ pattern, behavior: "isolated", source });
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
