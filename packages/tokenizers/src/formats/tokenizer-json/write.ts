/** Writing Hugging Face's `tokenizer.json`. */
import { FormatError } from "@seq/core";
import type { AddedToken } from "../../added-tokens.ts";
import { BPE } from "../../models/bpe/model.ts";
import { Unigram } from "../../models/unigram/model.ts";
import { WordLevel } from "../../models/word/word-level.ts";
import { WordPiece } from "../../models/wordpiece/model.ts";
import type { Model, PostProcessor, TemplateItem } from "../../stages.types.ts";
import type { Tokenizer } from "../../tokenizer.ts";
import type { Padding, Truncation } from "../../windows.ts";
import { mergesOfRanks } from "./merges-of-ranks.ts";
import { writeDecoder, writeNormalizer, writePreTokenizer } from "./write-stages.ts";

/**
 * A tokenizer as the text of a `tokenizer.json`, which Hugging Face's tools read with equal ids.
 *
 * @throws {FormatError} `NOT_WRITABLE` naming a stage that the format does not know.
 */
export function writeTokenizerJson(tokenizer: Tokenizer): string {
  const { parts } = tokenizer;
  const head = {
    version: "1.0",
    truncation: parts.truncation ? writeTruncation(parts.truncation) : null,
    padding: parts.padding ? writePadding(parts.padding) : null,
    added_tokens: [...(parts.addedTokens ?? [])].sort((a, b) => a.id - b.id).map(writeAddedToken),
    normalizer: parts.normalizer ? writeNormalizer(parts.normalizer) : null,
    pre_tokenizer: parts.preTokenizer ? writePreTokenizer(parts.preTokenizer) : null,
    post_processor: parts.postProcessor ? writePostProcessor(parts.postProcessor) : null,
    decoder: parts.decoder ? writeDecoder(parts.decoder) : null,
  };
  // The vocabulary is written by hand: as an object its numeric tokens would move and "__proto__" vanish.
  return `${JSON.stringify(head).slice(0, -1)},"model":${writeModel(parts.model)}}`;
}

function writeModel(model: Model): string {
  if (model instanceof BPE) return writeBPE(model);
  if (model instanceof WordPiece) {
    return json(
      {
        type: "WordPiece",
        unk_token: model.unknownToken,
        continuing_subword_prefix: model.continuingSubwordPrefix,
        max_input_chars_per_word: model.maxWordLength,
      },
      vocabulary(model),
    );
  }
  if (model instanceof WordLevel) {
    return json({ type: "WordLevel", unk_token: model.unknownToken ?? "" }, vocabulary(model));
  }
  if (model instanceof Unigram) {
    const pieces = Array.from(model.scores, (score, id) => [model.vocab.tokenOf(id), score]);
    const unknown = model.unknownId ?? null;
    const head = { type: "Unigram", unk_id: unknown, byte_fallback: model.byteFallback };
    return json(head, JSON.stringify(pieces));
  }
  const name = (model as { type?: unknown }).type ?? model.constructor.name;
  throw new FormatError(
    `writeTokenizerJson: the model ${String(name)} is not of the format tokenizer.json.`,
    { code: "NOT_WRITABLE", details: { model: name } },
  );
}

function writeBPE(model: BPE): string {
  const merges = model.hasMerges ? [...model.merges()] : mergesOfRanks(model);
  const head = {
    type: "BPE",
    dropout: model.dropout > 0 ? model.dropout : null,
    unk_token: model.unknownToken ?? null,
    continuing_subword_prefix: model.continuingSubwordPrefix ?? null,
    end_of_word_suffix: model.endOfWordSuffix ?? null,
    fuse_unk: model.fuseUnknown,
    byte_fallback: model.byteFallback,
    ignore_merges: model.ignoreMerges,
  };
  return json(head, vocabulary(model), `"merges":${JSON.stringify(merges)}`);
}

function vocabulary(model: Model): string {
  const entries = [...model.vocab.entries()].map(([id, token]) => `${JSON.stringify(token)}:${id}`);
  return `{${entries.join(",")}}`;
}

function json(head: object, vocab: string, more?: string): string {
  const rest = more === undefined ? "" : `,${more}`;
  return `${JSON.stringify(head).slice(0, -1)},"vocab":${vocab}${rest}}`;
}

function writeAddedToken(token: AddedToken): object {
  return {
    id: token.id,
    content: token.content,
    single_word: token.singleWord,
    lstrip: token.lstrip,
    rstrip: token.rstrip,
    normalized: token.normalized,
    special: token.special,
  };
}

function writePostProcessor(processor: PostProcessor): object {
  const trims = processor.trimOffsets && {
    type: "ByteLevel",
    add_prefix_space: processor.trimOffsets.addPrefixSpace,
    trim_offsets: true,
    use_regex: true,
  };
  const adds = [...processor.single, ...processor.pair].some((item) => item.kind === "token");
  const template = {
    type: "TemplateProcessing",
    single: processor.single.map(writeItem),
    pair: processor.pair.map(writeItem),
    special_tokens: specialTokens(processor),
  };
  if (trims === undefined) return template;
  return adds ? { type: "Sequence", processors: [trims, template] } : trims;
}

function writeItem(item: TemplateItem): object {
  return item.kind === "sequence"
    ? { Sequence: { id: item.sequence === 0 ? "A" : "B", type_id: item.typeId } }
    : { SpecialToken: { id: item.token, type_id: item.typeId } };
}

function specialTokens(processor: PostProcessor): object {
  const entries = [...processor.single, ...processor.pair].flatMap((item) =>
    item.kind === "token"
      ? [[item.token, { id: item.token, ids: [item.id], tokens: [item.token] }] as const]
      : [],
  );
  return Object.fromEntries(entries);
}

function writeTruncation(truncation: Truncation): object {
  const strategies = {
    "longest-first": "LongestFirst",
    "only-first": "OnlyFirst",
    "only-second": "OnlySecond",
  };
  return {
    direction: truncation.direction === "left" ? "Left" : "Right",
    max_length: truncation.maxLength,
    strategy: strategies[truncation.strategy ?? "longest-first"],
    stride: truncation.stride ?? 0,
  };
}

function writePadding(padding: Padding): object {
  const { length = "longest" } = padding;
  return {
    strategy: length === "longest" ? "BatchLongest" : { Fixed: length },
    direction: padding.direction === "left" ? "Left" : "Right",
    pad_to_multiple_of: padding.multipleOf ?? null,
    pad_id: padding.id ?? 0,
    pad_type_id: padding.typeId ?? 0,
    pad_token: padding.token ?? "[PAD]",
  };
}
