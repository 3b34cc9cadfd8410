/**
 * Loading by URL or hub id. Nothing is fetched unless the caller gives a `fetch`; nothing is kept unless
 * the caller gives a cache. Folders are for `@seq/tokenizers/node`, which has a file system.
 */
import { checkOptions, FormatError, OptionError } from "@seq/core";
import { type LoadPreset, tokenizerFromFiles } from "./formats/from-files.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The part of the platform's `fetch` that is used. */
export type FetchLike = (
  url: string,
  init?: { readonly signal?: AbortSignal; readonly headers?: Readonly<Record<string, string>> },
) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}>;

/** Keeps files by URL; both may be asynchronous. */
export interface FileCache {
  get(url: string): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  set(url: string, bytes: Uint8Array): Promise<void> | void;
}

export interface FromPretrainedOptions {
  /** Required: without it nothing can be fetched. */
  readonly fetch?: FetchLike | undefined;
  readonly cache?: FileCache | undefined;
  /** Where hub ids live: `{id}` and `{revision}` are put in. No default: nothing is contacted unasked. */
  readonly hub?: string | undefined;
  /** Default `"main"`. */
  readonly revision?: string | undefined;
  /** Sent with every request, an authorization for instance. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly preset?: LoadPreset | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const fromPretrainedOptionNames: readonly string[] = [
  "fetch", "cache", "hub", "revision", "headers", "preset", "signal",
]; // biome-ignore format: a list

/** The files of a tokenizer in the order of preference; a group that is there ends the search. */
const groups: readonly (readonly string[])[] = [
  ["tokenizer.json"],
  ["tokenizer.model"],
  ["spiece.model"],
  ["sentencepiece.bpe.model"],
  ["vocab.json", "merges.txt"],
  ["encoder.json", "vocab.bpe"],
  ["vocab.txt"],
];
const companions = ["tokenizer_config.json", "special_tokens_map.json"];
const maxFileBytes = 256 * 1024 * 1024;

/**
 * Loads a tokenizer from a URL (of a file, or of a folder that holds its files) or by a hub id.
 *
 * @throws {OptionError} `NO_FETCH`, `NO_HUB` when a needed option is missing.
 * @throws {FormatError} `NOT_FOUND`, `FETCH`, and what the formats' readers throw.
 * @example await fromPretrained("https://example.org/models/x/", { fetch })
 */
export async function fromPretrained(
  source: string,
  options: FromPretrainedOptions = {},
): Promise<Tokenizer> {
  checkOptions("fromPretrained", options, fromPretrainedOptionNames);
  if (options.fetch === undefined) {
    throw new OptionError(
      `fromPretrained: "${source}" has to be fetched and no fetch was given; pass { fetch }, or load a folder with @seq/tokenizers/node.`,
      { code: "NO_FETCH" },
    );
  }
  const url = urlOf(source, options);
  const loader = new Loader(options);
  const files = new Map<string, Uint8Array>();
  const name = /[^/]+\.(json|model|spm|tiktoken|txt|bpe)$/.exec(url)?.[0];
  if (name !== undefined) {
    const bytes = await loader.load(url);
    if (bytes !== undefined) files.set(name, bytes);
  } else {
    await loader.folder(url.endsWith("/") ? url : `${url}/`, files);
  }
  if (files.size === 0) {
    throw new FormatError(`fromPretrained: nothing found at ${url}.`, {
      code: "NOT_FOUND",
      details: { url },
    });
  }
  return tokenizerFromFiles(files, { preset: options.preset });
}

function urlOf(source: string, { hub, revision = "main" }: FromPretrainedOptions): string {
  if (/^(https?|file|data|blob):/i.test(source)) return source;
  if (hub === undefined) {
    throw new OptionError(
      `fromPretrained: "${source}" is a hub id and no hub was given; pass { hub: "https://.../{id}/resolve/{revision}/" }.`,
      { code: "NO_HUB" },
    );
  }
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(source) || source.includes("..")) {
    throw new OptionError(
      `fromPretrained: "${source}" is no hub id, expected "name" or "owner/name".`,
      {
        code: "OPTION_RANGE",
        details: { option: "source", value: source },
      },
    );
  }
  return hub.replaceAll("{id}", source).replaceAll("{revision}", encodeURIComponent(revision));
}

class Loader {
  readonly #options: FromPretrainedOptions;

  constructor(options: FromPretrainedOptions) {
    this.#options = options;
  }

  async folder(url: string, files: Map<string, Uint8Array>): Promise<void> {
    for (const group of groups) {
      const found = await Promise.all(group.map((name) => this.load(url + name)));
      if (found.some((bytes) => bytes === undefined)) continue;
      group.forEach((name, i) => {
        files.set(name, found[i] as Uint8Array);
      });
      break;
    }
    if (files.size === 0) return;
    for (const name of companions) {
      const bytes = await this.load(url + name);
      if (bytes !== undefined) files.set(name, bytes);
    }
  }

  /** The bytes of a file, or `undefined` when there is none (404). */
  async load(url: string): Promise<Uint8Array | undefined> {
    const { fetch, cache, headers, signal } = this.#options;
    signal?.throwIfAborted();
    const kept = await cache?.get(url);
    if (kept !== undefined) return kept;
    const response = await (fetch as FetchLike)(url, {
      ...(signal ? { signal } : {}),
      ...(headers ? { headers } : {}),
    });
    if (response.status === 404) return undefined;
    if (!response.ok) {
      throw new FormatError(`fromPretrained: ${url} answered ${response.status}, expected 200.`, {
        code: "FETCH",
        details: { url, status: response.status },
      });
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length > maxFileBytes) {
      throw new FormatError(
        `fromPretrained: ${url} has ${bytes.length} bytes, expected at most ${maxFileBytes}.`,
        { code: "FETCH", details: { url, bytes: bytes.length } },
      );
    }
    await cache?.set(url, bytes);
    return bytes;
  }
}
