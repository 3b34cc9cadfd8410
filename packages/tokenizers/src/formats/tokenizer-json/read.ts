/** Hugging Face's `tokenizer.json`, all of its component types. */
import type { AddedToken } from "../../added-tokens.ts";
import { Tokenizer } from "../../tokenizer.ts";
import type { Padding, Truncation } from "../../windows.ts";
import {
  asBoolean,
  asList,
  asNatural,
  asObject,
  asString,
  bad,
  field,
  optional,
  parseJson,
  required,
} from "../json.ts";
import { readModel } from "./read-model.ts";
import { readPostProcessor } from "./read-post-processor.ts";
import { readDecoder, readNormalizer, readPreTokenizer } from "./read-stages.ts";

/**
 * Reads a `tokenizer.json`.
 *
 * @param source - the text of the file, or what `JSON.parse` made of it.
 * @param where - the file name, for messages.
 * @throws {FormatError} naming the place in the file.
 * @example readTokenizerJson(readFileSync("tokenizer.json", "utf8"), "tokenizer.json")
 */
export function readTokenizerJson(source: unknown, where = "tokenizer.json"): Tokenizer {
  const json = asObject(typeof source === "string" ? parseJson(source, where) : source, where);
  const normalizer = optional(json, "normalizer", where, readNormalizer);
  const preTokenizer = optional(json, "pre_tokenizer", where, readPreTokenizer);
  const byteLevel = normalizer?.byteLevel === true || preTokenizer?.byteLevel === true;
  const model = readModel(field(json, "model"), byteLevel, `${where}.model`);
  const list = optional(json, "added_tokens", where, asList) ?? [];
  const limit = model.vocab.size + list.length * 8 + 65536;
  return new Tokenizer({
    normalizer,
    preTokenizer,
    model,
    postProcessor: optional(json, "post_processor", where, readPostProcessor),
    decoder: optional(json, "decoder", where, readDecoder),
    addedTokens: list.map((token, i) =>
      readAddedToken(token, `${where}.added_tokens[${i}]`, limit),
    ),
    truncation: optional(json, "truncation", where, readTruncation),
    padding: optional(json, "padding", where, readPadding),
    specialTokensInText: "follow",
  });
}

export function readAddedToken(value: unknown, where: string, maxId: number): AddedToken {
  const object = asObject(value, where);
  const special = optional(object, "special", where, asBoolean) ?? false;
  const flag = (name: string): boolean => optional(object, name, where, asBoolean) ?? false;
  return {
    id: asNatural(field(object, "id"), `${where}.id`, maxId),
    content: required(object, "content", where, asString),
    special,
    singleWord: flag("single_word"),
    lstrip: flag("lstrip"),
    rstrip: flag("rstrip"),
    normalized: optional(object, "normalized", where, asBoolean) ?? !special,
  };
}

const strategies = {
  LongestFirst: "longest-first",
  OnlyFirst: "only-first",
  OnlySecond: "only-second",
} as const;

function readTruncation(value: unknown, where: string): Truncation {
  const object = asObject(value, where);
  const strategy = optional(object, "strategy", where, asString) ?? "LongestFirst";
  if (!Object.hasOwn(strategies, strategy)) {
    throw bad(`${where}.strategy`, `one of ${Object.keys(strategies).join(", ")}`, strategy);
  }
  return {
    maxLength: required(object, "max_length", where, asNatural),
    strategy: strategies[strategy as keyof typeof strategies],
    stride: optional(object, "stride", where, asNatural) ?? 0,
    direction: readDirection(field(object, "direction"), `${where}.direction`),
    overflow: "reached",
  };
}

function readPadding(value: unknown, where: string): Padding {
  const object = asObject(value, where);
  const strategy = field(object, "strategy") ?? "BatchLongest";
  const multipleOf = optional(object, "pad_to_multiple_of", where, asNatural);
  return {
    length:
      strategy === "BatchLongest"
        ? "longest"
        : required(
            asObject(strategy, `${where}.strategy`),
            "Fixed",
            `${where}.strategy`,
            asPadLength,
          ),
    direction: readDirection(field(object, "direction"), `${where}.direction`),
    ...(multipleOf === undefined ? {} : { multipleOf }),
    id: required(object, "pad_id", where, asNatural),
    typeId: required(object, "pad_type_id", where, (v, w) => asNatural(v, w, 255)),
    token: required(object, "pad_token", where, asString),
  };
}

/** Padding to more tokens than any model takes is a damaged file. */
function asPadLength(value: unknown, where: string): number {
  return asNatural(value, where, 1 << 24);
}

function readDirection(value: unknown, where: string): "left" | "right" {
  if (value === undefined || value === "Right") return "right";
  if (value === "Left") return "left";
  throw bad(where, '"Left" or "Right"', value);
}
