/** Loading from the file system, for Node; the main entry knows no file system. */
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { checkOptions, FormatError } from "@seq/core";
import { type FromFilesOptions, tokenizerFromFiles } from "./formats/from-files.ts";
import {
  type FileCache,
  type FromPretrainedOptions,
  fromPretrained as fetchPretrained,
  fromPretrainedOptionNames,
} from "./from-pretrained.ts";
import type { Tokenizer } from "./tokenizer.ts";

const tokenizerFile =
  /(\.(tiktoken|model|spm|bpe)|^(tokenizer|tokenizer_config|special_tokens_map|vocab[\w.-]*|encoder[\w.-]*)\.json|^(vocab|merges)[\w.-]*\.txt)$/i;

/** The partner of a file that says only half: `vocab.json` needs its merges, and the other way round. */
const halves = /^(vocab[\w.-]*\.json|encoder[\w.-]*\.json|merges[\w.-]*\.txt|vocab[\w.-]*\.bpe)$/i;

/**
 * Loads a tokenizer from a file of any known format, or from a folder that holds its files.
 *
 * @throws {FormatError} `NOT_FOUND`, `NO_TOKENIZER`, and what the formats' readers throw.
 * @example await loadTokenizer("models/cl100k_base.tiktoken")
 */
export async function loadTokenizer(
  path: string,
  options: FromFilesOptions = {},
): Promise<Tokenizer> {
  checkOptions("loadTokenizer", options, ["preset"]);
  const files = new Map<string, Uint8Array>();
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) {
    throw new FormatError(
      `loadTokenizer: ${path} does not exist, expected a tokenizer file or folder.`,
      {
        code: "NOT_FOUND",
        details: { path },
      },
    );
  }
  const folder = info.isDirectory() ? path : dirname(path);
  const name = basename(path);
  const names = (await readdir(folder)).sort();
  const wanted = info.isDirectory()
    ? names.filter((candidate) => tokenizerFile.test(candidate))
    : names.filter(
        (candidate) =>
          candidate === name ||
          /^(tokenizer_config|special_tokens_map)\.json$/.test(candidate) ||
          (halves.test(name) && halves.test(candidate)),
      );
  for (const candidate of wanted) files.set(candidate, await readFile(join(folder, candidate)));
  return tokenizerFromFiles(files, options);
}

/** `fromPretrained` of the main entry, for folders and files too; still nothing is fetched unasked. */
export async function fromPretrained(
  source: string,
  options: FromPretrainedOptions = {},
): Promise<Tokenizer> {
  checkOptions("fromPretrained", options, fromPretrainedOptionNames);
  const exists = await stat(source).then(
    () => true,
    () => false,
  );
  return exists
    ? loadTokenizer(source, { preset: options.preset })
    : fetchPretrained(source, options);
}

/** A cache in a folder; files are written whole or not at all. */
export function folderCache(folder: string): FileCache {
  const pathOf = (url: string): string => join(folder, encodeURIComponent(url).slice(-200));
  return {
    get: async (url) => readFile(pathOf(url)).catch(() => undefined),
    set: async (url, bytes) => {
      await mkdir(folder, { recursive: true });
      const partial = `${pathOf(url)}.${process.pid}.partial`;
      await writeFile(partial, bytes);
      await rename(partial, pathOf(url));
    },
  };
}

export { type ReadLinesOptions, readLines, readWordCounts } from "./files/read-lines.ts";
