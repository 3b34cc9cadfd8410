/** The model of a `tokenizer.json`. */
import { FormatError, SeqError } from "@seq/core";
import { BPE } from "../../models/bpe/model.ts";
import { Unigram } from "../../models/unigram/model.ts";
import { WordLevel } from "../../models/word/word-level.ts";
import { WordPiece } from "../../models/wordpiece/model.ts";
import type { Model } from "../../stages.types.ts";
import { Vocabulary } from "../../vocabulary.ts";
import {
  asBoolean,
  asList,
  asNatural,
  asNumber,
  asObject,
  asString,
  bad,
  field,
  type JsonObject,
  optional,
  required,
  tokensById,
} from "../json.ts";

/** @param byteLevel - the pipeline writes words in the byte alphabet, so tokens stand for bytes. */
export function readModel(value: unknown, byteLevel: boolean, where: string): Model {
  const object = asObject(value, where);
  try {
    switch (optional(object, "type", where, asString) ?? guessType(object)) {
      case "BPE":
        return readBPE(object, byteLevel, where);
      case "WordPiece":
        return readWordPiece(object, byteLevel, where);
      case "WordLevel":
        return new WordLevel({
          vocab: readVocabulary(object, byteLevel, where),
          unknownToken: required(object, "unk_token", where, asString),
        });
      case "Unigram":
        return readUnigram(object, byteLevel, where);
      default:
        throw bad(`${where}.type`, "BPE, WordPiece, WordLevel or Unigram", field(object, "type"));
    }
  } catch (error) {
    if (error instanceof FormatError || !SeqError.is(error)) throw error;
    // What contradicts itself is the file's fault, not an option's.
    throw new FormatError(`${where}: ${error.message}`, {
      code: "TOKENIZER_FILE",
      details: error.details,
      cause: error,
    });
  }
}

/** Older files do not name the type. */
function guessType(object: JsonObject): string {
  if (Object.hasOwn(object, "merges")) return "BPE";
  if (Array.isArray(field(object, "vocab"))) return "Unigram";
  return Object.hasOwn(object, "continuing_subword_prefix") ? "WordPiece" : "WordLevel";
}

function readVocabulary(object: JsonObject, byteLevel: boolean, where: string): Vocabulary {
  const place = `${where}.vocab`;
  const tokens = tokensById(required(object, "vocab", where, asObject), place);
  return Vocabulary.of(tokens, { byteLevel, where: place });
}

function readBPE(object: JsonObject, byteLevel: boolean, where: string): BPE {
  const unknownToken = optional(object, "unk_token", where, asString);
  const vocab = readVocabulary(object, byteLevel, where);
  return new BPE({
    vocab,
    merges: readMerges(required(object, "merges", where, asList), `${where}.merges`),
    // An unknown token that the vocabulary lacks can only be met by unknown text: as if it had none.
    unknownToken:
      unknownToken !== undefined && vocab.idOf(unknownToken) === undefined
        ? undefined
        : unknownToken,
    continuingSubwordPrefix:
      optional(object, "continuing_subword_prefix", where, asString) || undefined,
    endOfWordSuffix: optional(object, "end_of_word_suffix", where, asString) || undefined,
    fuseUnknown: optional(object, "fuse_unk", where, asBoolean),
    byteFallback: optional(object, "byte_fallback", where, asBoolean),
    ignoreMerges: optional(object, "ignore_merges", where, asBoolean) ?? false,
    dropout: optional(object, "dropout", where, asNumber),
  });
}

/** Pairs of tokens, or strings with the two separated by a space. */
function* readMerges(list: readonly unknown[], where: string): IterableIterator<[string, string]> {
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    if (typeof item === "string") {
      const space = item.indexOf(" ");
      if (space < 0 || item.indexOf(" ", space + 1) >= 0) {
        throw bad(`${where}[${i}]`, "two tokens separated by one space", item);
      }
      yield [item.slice(0, space), item.slice(space + 1)];
      continue;
    }
    const pair = asList(item, `${where}[${i}]`);
    if (pair.length !== 2) throw bad(`${where}[${i}]`, "two tokens", item);
    yield [asString(pair[0], `${where}[${i}][0]`), asString(pair[1], `${where}[${i}][1]`)];
  }
}

function readWordPiece(object: JsonObject, byteLevel: boolean, where: string): WordPiece {
  return new WordPiece({
    vocab: readVocabulary(object, byteLevel, where),
    unknownToken: required(object, "unk_token", where, asString),
    continuingSubwordPrefix: required(object, "continuing_subword_prefix", where, asString),
    maxWordLength: required(object, "max_input_chars_per_word", where, asNatural),
  });
}

function readUnigram(object: JsonObject, byteLevel: boolean, where: string): Unigram {
  const list = required(object, "vocab", where, asList);
  const pieces = list.map((item, i): [string, number] => {
    const pair = asList(item, `${where}.vocab[${i}]`);
    const piece = asString(pair[0], `${where}.vocab[${i}][0]`);
    return [piece, asNumber(pair[1], `${where}.vocab[${i}][1]`)];
  });
  return new Unigram({
    pieces,
    byteLevel,
    unknownId: optional(object, "unk_id", where, asNatural),
    byteFallback: optional(object, "byte_fallback", where, asBoolean),
  });
}
