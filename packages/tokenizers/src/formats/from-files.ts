/** A tokenizer from the files of a folder, whatever their format. */
import { checkOptions, FormatError } from "@seq/core";
import { decodeUtf8 } from "../text/utf8.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { type FileKind, recogniseFile } from "./recognise.ts";
import { readSentencePiece } from "./sentencepiece/read.ts";
import { isTiktokenPreset, type TiktokenPresetName } from "./tiktoken/presets.ts";
import { readTiktoken } from "./tiktoken/read.ts";
import { applyConfig, readConfig, type TokenizerConfig } from "./tokenizer-config.ts";
import { readTokenizerJson } from "./tokenizer-json/read.ts";
import { readVocabMerges, readVocabText } from "./vocab-merges/read.ts";

/** What files do not say; overrides what was recognised. */
export type LoadPreset = TiktokenPresetName | "gpt" | "bert-cased" | "bert-uncased";

export interface FromFilesOptions {
  readonly preset?: LoadPreset | undefined;
}

/** Files by name. */
export type TokenizerFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Builds a tokenizer from its files: `tokenizer.json`, or a SentencePiece model, or tiktoken ranks, or
 * `vocab.json` with `merges.txt`, or `vocab.txt`; the first of these that is there.
 * `tokenizer_config.json` and `special_tokens_map.json` are honoured when they are among them.
 *
 * @throws {FormatError} `NO_TOKENIZER` when no file is recognised, and what the formats' readers throw.
 */
export function tokenizerFromFiles(
  files: TokenizerFiles,
  options: FromFilesOptions = {},
): Tokenizer {
  checkOptions("tokenizerFromFiles", options, ["preset"]);
  const kinds = new Map<FileKind, string[]>();
  for (const [name, bytes] of files) {
    const kind = recogniseFile(name, bytes.subarray(0, 8192));
    kinds.set(kind, [...(kinds.get(kind) ?? []), name]);
  }
  const config = readConfig(
    textOf(files, kinds, "tokenizer-config"),
    textOf(files, kinds, "special-tokens-map"),
  );
  const tokenizer = readBest(files, kinds, options, config);
  if (tokenizer === undefined) {
    throw new FormatError(
      `No tokenizer among ${[...files.keys()].join(", ") || "no files"}; expected tokenizer.json, a SentencePiece .model, a .tiktoken file, vocab.json with merges.txt, or vocab.txt.`,
      { code: "NO_TOKENIZER", details: { files: [...files.keys()] } },
    );
  }
  return applyConfig(tokenizer, config);
}

function readBest(
  files: TokenizerFiles,
  kinds: ReadonlyMap<FileKind, readonly string[]>,
  { preset }: FromFilesOptions,
  config: TokenizerConfig,
): Tokenizer | undefined {
  const first = (kind: FileKind): [string, Uint8Array] | undefined => {
    const name = kinds.get(kind)?.[0];
    return name === undefined ? undefined : [name, files.get(name) as Uint8Array];
  };
  const json = first("tokenizer-json");
  if (json !== undefined) return readTokenizerJson(decodeText(json[1]), json[0]);
  const proto = first("sentencepiece");
  if (proto !== undefined) {
    return readSentencePiece(proto[1], proto[0], { addBos: config.addBos, addEos: config.addEos });
  }
  const ranks = first("tiktoken");
  if (ranks !== undefined) {
    const known = preset !== undefined && isTiktokenPreset(preset) ? preset : undefined;
    return readTiktoken(ranks[1], ranks[0], { preset: known });
  }
  const vocab = first("vocab-json");
  const merges = first("merges");
  if (vocab !== undefined && merges !== undefined) {
    const names = { vocabName: vocab[0], mergesName: merges[0] };
    return readVocabMerges(decodeText(vocab[1]), decodeText(merges[1]), names, {
      preset: preset === "gpt" || preset === "gpt2" ? preset : undefined,
      addPrefixSpace: config.addPrefixSpace,
    });
  }
  const lines = first("vocab-text");
  if (lines === undefined) return undefined;
  const cased = preset === "bert-cased" ? false : preset === "bert-uncased" ? true : undefined;
  return readVocabText(decodeText(lines[1]), lines[0], {
    lowercase: cased ?? config.lowercase,
    stripAccents: config.stripAccents,
    handleChineseCharacters: config.handleChineseCharacters,
  });
}

/** Text files may begin with a byte order mark. */
function decodeText(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function textOf(
  files: TokenizerFiles,
  kinds: ReadonlyMap<FileKind, readonly string[]>,
  kind: FileKind,
): [string, string] | undefined {
  const name = kinds.get(kind)?.[0];
  return name === undefined ? undefined : [name, decodeText(files.get(name) as Uint8Array)];
}
