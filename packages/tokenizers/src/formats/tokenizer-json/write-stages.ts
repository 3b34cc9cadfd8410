/** The stages of a pipeline as the objects of a `tokenizer.json`; the inverse of read-stages.ts. */
import { FormatError } from "@seq/core";
import {
  BPEDecoder,
  ByteFallbackDecoder,
  ByteLevelDecoder,
  CTC,
  DecoderSequence,
  Fuse,
  MetaspaceDecoder,
  StripDecoder,
  WordPieceDecoder,
} from "../../decoders/decoders.ts";
import { Prepend, Strip } from "../../normalizers/affix.ts";
import { BertNormalizer } from "../../normalizers/bert.ts";
import { ByteLevelNormalizer } from "../../normalizers/byte-level.ts";
import { Lowercase } from "../../normalizers/case.ts";
import { Nmt, StripAccents } from "../../normalizers/characters.ts";
import { Precompiled } from "../../normalizers/precompiled.ts";
import { Replace } from "../../normalizers/replace.ts";
import { NormalizerSequence } from "../../normalizers/sequence.ts";
import { UnicodeNormalizer } from "../../normalizers/unicode.ts";
import { ByteLevel } from "../../pre-tokenizers/byte-level.ts";
import {
  BertPreTokenizer,
  CharDelimiterSplit,
  Digits,
  FixedLength,
  Punctuation,
  Whitespace,
  WhitespaceSplit,
} from "../../pre-tokenizers/characters.ts";
import { gptRegexSource } from "../../pre-tokenizers/gpt-patterns.ts";
import { GptSplit } from "../../pre-tokenizers/gpt-split.ts";
import { Metaspace } from "../../pre-tokenizers/metaspace.ts";
import { PreTokenizerSequence } from "../../pre-tokenizers/sequence.ts";
import { Split } from "../../pre-tokenizers/split.ts";
import type { SplitBehavior } from "../../pre-tokenizers/split-behavior.ts";
import { UnicodeScripts } from "../../pre-tokenizers/unicode-scripts.ts";
import type { Decoder, Normalizer, PreTokenizer } from "../../stages.types.ts";
import { encodeBase64 } from "../../text/base64.ts";

export type StageJson = { readonly type: string } & Readonly<Record<string, unknown>>;

/** @throws {FormatError} `NOT_WRITABLE` for a stage that the format does not know. */
export function writeNormalizer(stage: Normalizer): StageJson {
  if (stage instanceof UnicodeNormalizer) return { type: stage.type };
  if (stage instanceof Lowercase || stage instanceof StripAccents || stage instanceof Nmt) {
    return { type: stage.type };
  }
  if (stage instanceof ByteLevelNormalizer) return { type: "ByteLevel" };
  if (stage instanceof Strip) {
    return { type: "Strip", strip_left: stage.left, strip_right: stage.right };
  }
  if (stage instanceof BertNormalizer) {
    return {
      type: "BertNormalizer",
      clean_text: stage.cleanText,
      handle_chinese_chars: stage.handleChineseCharacters,
      strip_accents: stage.stripAccents ?? null,
      lowercase: stage.lowercase,
    };
  }
  if (stage instanceof Replace) return writeReplace(stage);
  if (stage instanceof Prepend) return { type: "Prepend", prepend: stage.prepend };
  if (stage instanceof Precompiled) {
    return { type: "Precompiled", precompiled_charsmap: encodeBase64(stage.charsMap.bytes) };
  }
  if (stage instanceof NormalizerSequence) {
    return { type: "Sequence", normalizers: stage.stages.map(writeNormalizer) };
  }
  throw notWritable("normalizer", stage);
}

/** @throws {FormatError} `NOT_WRITABLE` for a stage that the format does not know. */
export function writePreTokenizer(stage: PreTokenizer): StageJson {
  if (stage instanceof ByteLevel) {
    return {
      type: "ByteLevel",
      add_prefix_space: stage.addPrefixSpace,
      trim_offsets: stage.trimOffsets,
      use_regex: stage.useRegex,
    };
  }
  const plain =
    stage instanceof Whitespace ||
    stage instanceof WhitespaceSplit ||
    stage instanceof BertPreTokenizer ||
    stage instanceof UnicodeScripts;
  if (plain) return { type: stage.type };
  if (stage instanceof Metaspace) return writeMetaspace(stage);
  if (stage instanceof Punctuation)
    return { type: "Punctuation", behavior: behaviorName(stage.behavior) };
  if (stage instanceof Digits) return { type: "Digits", individual_digits: stage.individual };
  if (stage instanceof CharDelimiterSplit) {
    return { type: "CharDelimiterSplit", delimiter: stage.delimiter };
  }
  if (stage instanceof FixedLength) return { type: "FixedLength", length: stage.length };
  if (stage instanceof GptSplit) {
    const source = stage.source ?? gptRegexSource(stage.scanner.pattern);
    return { type: "Split", pattern: { Regex: source }, behavior: "Isolated", invert: false };
  }
  if (stage instanceof Split) {
    return {
      type: "Split",
      pattern: writePattern(stage.pattern, stage.source, "pre-tokenizer Split"),
      behavior: behaviorName(stage.behavior),
      invert: stage.invert,
    };
  }
  if (stage instanceof PreTokenizerSequence) {
    return { type: "Sequence", pretokenizers: stage.stages.map(writePreTokenizer) };
  }
  throw notWritable("pre-tokenizer", stage);
}

/** @throws {FormatError} `NOT_WRITABLE` for a stage that the format does not know. */
export function writeDecoder(stage: Decoder): StageJson {
  if (stage instanceof ByteLevelDecoder) {
    const { addPrefixSpace, trimOffsets, useRegex } = stage.options;
    return {
      type: "ByteLevel",
      add_prefix_space: addPrefixSpace,
      trim_offsets: trimOffsets,
      use_regex: useRegex,
    };
  }
  if (stage instanceof WordPieceDecoder) {
    return { type: "WordPiece", prefix: stage.prefix, cleanup: stage.cleanup };
  }
  if (stage instanceof ByteFallbackDecoder || stage instanceof Fuse) return { type: stage.type };
  if (stage instanceof MetaspaceDecoder) return writeMetaspace(stage);
  if (stage instanceof BPEDecoder) return { type: "BPEDecoder", suffix: stage.suffix };
  if (stage instanceof StripDecoder) {
    return { type: "Strip", content: stage.content, start: stage.start, stop: stage.stop };
  }
  if (stage instanceof CTC) {
    return {
      type: "CTC",
      pad_token: stage.padToken,
      word_delimiter_token: stage.wordDelimiterToken,
      cleanup: stage.cleanup,
    };
  }
  if (stage instanceof Replace) return writeReplace(stage);
  if (stage instanceof DecoderSequence) {
    return { type: "Sequence", decoders: stage.stages.map(writeDecoder) };
  }
  throw notWritable("decoder", stage);
}

function writeReplace(stage: Replace): StageJson {
  const pattern = writePattern(stage.pattern, stage.source, "Replace");
  return { type: "Replace", pattern, content: stage.content };
}

function writePattern(
  pattern: string | RegExp,
  source: string | undefined,
  where: string,
): { String: string } | { Regex: string } {
  if (typeof pattern === "string") return { String: pattern };
  if (source !== undefined) return { Regex: source };
  throw new FormatError(
    `writeTokenizerJson: the ${where} has a JavaScript regular expression, expected one with a "source" in the file's dialect.`,
    { code: "NOT_WRITABLE" },
  );
}

function writeMetaspace(stage: Metaspace | MetaspaceDecoder): StageJson {
  return {
    type: "Metaspace",
    replacement: stage.replacement,
    prepend_scheme: stage.prependScheme,
    split: stage.split,
  };
}

const behaviorNames: Readonly<Record<SplitBehavior, string>> = {
  removed: "Removed",
  isolated: "Isolated",
  "merged-with-previous": "MergedWithPrevious",
  "merged-with-next": "MergedWithNext",
  contiguous: "Contiguous",
};

function behaviorName(behavior: SplitBehavior): string {
  return behaviorNames[behavior];
}

function notWritable(kind: string, stage: object): FormatError {
  const name = (stage as { type?: unknown }).type ?? stage.constructor.name;
  return new FormatError(
    `writeTokenizerJson: the ${kind} ${String(name)} is not of the format tokenizer.json; replace it by one that is.`,
    { code: "NOT_WRITABLE", details: { stage: name } },
  );
}
