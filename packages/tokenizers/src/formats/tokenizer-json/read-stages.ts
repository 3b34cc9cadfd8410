/** The stages of a `tokenizer.json` but the model: one function a component type. */
import type { FormatError } from "@seq/core";
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
import { recogniseGptPattern } from "../../pre-tokenizers/gpt-patterns.ts";
import { GptSplit } from "../../pre-tokenizers/gpt-split.ts";
import { Metaspace, type PrependScheme } from "../../pre-tokenizers/metaspace.ts";
import { PreTokenizerSequence } from "../../pre-tokenizers/sequence.ts";
import { Split } from "../../pre-tokenizers/split.ts";
import type { SplitBehavior } from "../../pre-tokenizers/split-behavior.ts";
import { UnicodeScripts } from "../../pre-tokenizers/unicode-scripts.ts";
import type { Decoder, Normalizer, PreTokenizer } from "../../stages.types.ts";
import { decodeBase64 } from "../../text/base64.ts";
import { CharsMap } from "../../text/charsmap.ts";
import { translateRegex } from "../../text/foreign-regex.ts";
import {
  asBoolean,
  asList,
  asNatural,
  asObject,
  asString,
  bad,
  type JsonObject,
  optional,
  required,
} from "../json.ts";

/** Sequences inside sequences may go so deep. */
const maxDepth = 16;

function typeOf(value: unknown, where: string, depth: number): [JsonObject, string] {
  if (depth > maxDepth) throw bad(where, `stages nested at most ${maxDepth} deep`, value);
  const object = asObject(value, where);
  return [object, required(object, "type", where, asString)];
}

function stages<T>(
  object: JsonObject,
  name: string,
  where: string,
  read: (value: unknown, where: string, depth: number) => T,
  depth: number,
): T[] {
  const list = required(object, name, where, asList);
  return list.map((item, i) => read(item, `${where}.${name}[${i}]`, depth + 1));
}

export function readNormalizer(value: unknown, where: string, depth = 0): Normalizer {
  const [object, type] = typeOf(value, where, depth);
  switch (type) {
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      return new UnicodeNormalizer(type);
    case "Lowercase":
      return new Lowercase();
    case "StripAccents":
      return new StripAccents();
    case "Nmt":
      return new Nmt();
    case "ByteLevel":
      return new ByteLevelNormalizer();
    case "Strip":
      return new Strip({
        left: required(object, "strip_left", where, asBoolean),
        right: required(object, "strip_right", where, asBoolean),
      });
    case "BertNormalizer":
      return new BertNormalizer({
        cleanText: required(object, "clean_text", where, asBoolean),
        handleChineseCharacters: required(object, "handle_chinese_chars", where, asBoolean),
        stripAccents: optional(object, "strip_accents", where, asBoolean),
        lowercase: required(object, "lowercase", where, asBoolean),
      });
    case "Replace":
      return readReplace(object, where);
    case "Prepend":
      return new Prepend({ prepend: required(object, "prepend", where, asString) });
    case "Precompiled": {
      const place = `${where}.precompiled_charsmap`;
      const text = required(object, "precompiled_charsmap", where, asString);
      return new Precompiled(new CharsMap(decodeBase64(text, place), place));
    }
    case "Sequence":
      return new NormalizerSequence(stages(object, "normalizers", where, readNormalizer, depth));
    default:
      throw unknownType(where, "normalizer", type);
  }
}

export function readPreTokenizer(value: unknown, where: string, depth = 0): PreTokenizer {
  const [object, type] = typeOf(value, where, depth);
  switch (type) {
    case "ByteLevel":
      return new ByteLevel({
        addPrefixSpace: required(object, "add_prefix_space", where, asBoolean),
        trimOffsets: required(object, "trim_offsets", where, asBoolean),
        useRegex: optional(object, "use_regex", where, asBoolean) ?? true,
      });
    case "Whitespace":
      return new Whitespace();
    case "WhitespaceSplit":
      return new WhitespaceSplit();
    case "BertPreTokenizer":
      return new BertPreTokenizer();
    case "UnicodeScripts":
      return new UnicodeScripts();
    case "Metaspace":
      return new Metaspace(readMetaspace(object, where));
    case "Punctuation":
      return new Punctuation({ behavior: optional(object, "behavior", where, readBehavior) });
    case "Digits":
      return new Digits({ individual: required(object, "individual_digits", where, asBoolean) });
    case "CharDelimiterSplit":
      return new CharDelimiterSplit({
        delimiter: required(object, "delimiter", where, asCharacter),
      });
    case "FixedLength":
      return new FixedLength({ length: Math.max(1, required(object, "length", where, asNatural)) });
    case "Split":
      return readSplit(object, where);
    case "Sequence":
      return new PreTokenizerSequence(
        stages(object, "pretokenizers", where, readPreTokenizer, depth),
      );
    default:
      throw unknownType(where, "pre-tokenizer", type);
  }
}

export function readDecoder(value: unknown, where: string, depth = 0): Decoder {
  const [object, type] = typeOf(value, where, depth);
  switch (type) {
    case "ByteLevel":
      return new ByteLevelDecoder({
        addPrefixSpace: optional(object, "add_prefix_space", where, asBoolean) ?? true,
        trimOffsets: optional(object, "trim_offsets", where, asBoolean) ?? true,
        useRegex: optional(object, "use_regex", where, asBoolean) ?? true,
      });
    case "WordPiece":
      return new WordPieceDecoder({
        prefix: required(object, "prefix", where, asString),
        cleanup: required(object, "cleanup", where, asBoolean),
      });
    case "ByteFallback":
      return new ByteFallbackDecoder();
    case "Fuse":
      return new Fuse();
    case "Metaspace":
      return new MetaspaceDecoder(readMetaspace(object, where));
    case "BPEDecoder":
      return new BPEDecoder({ suffix: required(object, "suffix", where, asString) });
    case "Strip":
      return new StripDecoder({
        content: required(object, "content", where, asCharacter),
        start: required(object, "start", where, asNatural),
        stop: required(object, "stop", where, asNatural),
      });
    case "CTC":
      return new CTC({
        padToken: required(object, "pad_token", where, asString),
        wordDelimiterToken: required(object, "word_delimiter_token", where, asString),
        cleanup: required(object, "cleanup", where, asBoolean),
      });
    case "Replace":
      return readReplace(object, where);
    case "Sequence":
      return new DecoderSequence(stages(object, "decoders", where, readDecoder, depth));
    default:
      throw unknownType(where, "decoder", type);
  }
}

function unknownType(where: string, kind: string, type: string): FormatError {
  return bad(`${where}.type`, `a known ${kind}`, type);
}

/** `{"String": "x"}` or `{"Regex": "x"}`. */
function readPattern(
  value: unknown,
  where: string,
): { pattern: string | RegExp; source?: string | undefined } {
  const object = asObject(value, where);
  const literal = optional(object, "String", where, asString);
  if (literal !== undefined) return { pattern: literal };
  const source = required(object, "Regex", where, asString);
  return { pattern: translateRegex(source, "oniguruma", where), source };
}

function readReplace(object: JsonObject, where: string): Replace {
  const { pattern, source } = required(object, "pattern", where, readPattern);
  return new Replace({ pattern, source, content: required(object, "content", where, asString) });
}

function readSplit(object: JsonObject, where: string): PreTokenizer {
  const behavior = required(object, "behavior", where, readBehavior);
  const invert = optional(object, "invert", where, asBoolean) ?? false;
  const { pattern, source } = required(object, "pattern", where, readPattern);
  // The known patterns match everything, so "what does not match" is dropped or isolated all the same.
  const everything = invert
    ? behavior === "removed" || behavior === "isolated"
    : behavior === "isolated";
  const known = source !== undefined && everything ? recogniseGptPattern(source) : undefined;
  if (known !== undefined) return new GptSplit(known, source);
  return new Split({ pattern, behavior, invert, source });
}

const behaviors: Readonly<Record<string, SplitBehavior>> = {
  Removed: "removed",
  Isolated: "isolated",
  MergedWithPrevious: "merged-with-previous",
  MergedWithNext: "merged-with-next",
  Contiguous: "contiguous",
};

function readBehavior(value: unknown, where: string): SplitBehavior {
  const name = asString(value, where);
  const behavior = Object.hasOwn(behaviors, name) ? behaviors[name] : undefined;
  if (behavior === undefined) throw bad(where, `one of ${Object.keys(behaviors).join(", ")}`, name);
  return behavior;
}

function readMetaspace(
  object: JsonObject,
  where: string,
): { replacement: string; prependScheme: PrependScheme; split: boolean } {
  const scheme = optional(object, "prepend_scheme", where, asString) ?? "always";
  if (scheme !== "always" && scheme !== "never" && scheme !== "first") {
    throw bad(`${where}.prepend_scheme`, '"always", "never" or "first"', scheme);
  }
  // `add_prefix_space: false` is how older files say "never".
  const prefix = optional(object, "add_prefix_space", where, asBoolean);
  return {
    replacement: required(object, "replacement", where, asCharacter),
    prependScheme: prefix === false ? "never" : scheme,
    split: optional(object, "split", where, asBoolean) ?? true,
  };
}

function asCharacter(value: unknown, where: string): string {
  const text = asString(value, where);
  if ([...text].length !== 1) throw bad(where, "one character", text);
  return text;
}
