/** Language models as a handful of files: for a folder, a download, or browser storage. */
import {
  type ArtifactHeader,
  createArtifactHeader,
  FormatError,
  OptionError,
  parseArtifactHeader,
  Rng,
  verifyArtifactFile,
} from "@seq/core";
import type * as tf from "@tensorflow/tfjs-core";
import { version } from "../../package.json";
import { ngramFromTensors, ngramToTensors } from "../ngram/ngram-files.ts";
import { NgramModel } from "../ngram/ngram-model.ts";
import type { RnnLanguageModelConfig } from "../rnn-lm/config.ts";
import { RnnLanguageModel } from "../rnn-lm/rnn-language-model.ts";
import {
  WindowLanguageModel,
  type WindowLanguageModelConfig,
} from "../window-lm/window-language-model.ts";
import { decodeWeights, encodeWeights, type Precision } from "./precision.ts";

/** The kinds of models that can be saved. */
export type SavedLanguageModel = RnnLanguageModel | WindowLanguageModel | NgramModel;

export const languageModelIdentity = { kind: "language-model", formatVersion: 1 } as const;

const names = {
  manifest: "manifest.json",
  config: "config.json",
  weights: "weights.safetensors",
} as const;

export interface LanguageModelFilesOptions {
  /** Of the weights on disk; n-gram models are always float32. Default `"float32"`. */
  readonly precision?: Precision;
  /** Saved along under their names: a tokenizer, for instance. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

/**
 * Everything that a model is; the manifest names the format and the checksums of the rest.
 *
 * @throws {OptionError} for an n-gram model with a precision.
 */
export function languageModelToFiles(
  model: SavedLanguageModel,
  { precision = "float32", files = new Map() }: LanguageModelFilesOptions = {},
): Map<string, Uint8Array> {
  const isNgram = model instanceof NgramModel;
  if (isNgram && precision !== "float32") {
    throw new OptionError(
      `languageModelToFiles: precision is "${precision}", an n-gram model is saved in float32 only.`,
      { code: "OPTION_RANGE", details: { option: "precision" } },
    );
  }
  const { config, weights } = isNgram
    ? ngramToTensors(model)
    : { config: model.config, weights: encodeWeights(model.parameters, precision) };
  const text = JSON.stringify({ kind: model.kind, config }, null, 2);
  const all = new Map<string, Uint8Array>([
    [names.config, new TextEncoder().encode(`${text}\n`)],
    [names.weights, weights],
    ...files,
  ]);
  const header = createArtifactHeader(
    { ...languageModelIdentity, writer: `@seq/models ${version}` },
    all,
  );
  all.set(names.manifest, new TextEncoder().encode(`${JSON.stringify(header, null, 2)}\n`));
  return all;
}

export interface LoadedLanguageModel {
  readonly model: SavedLanguageModel;
  /** Reads a file that was saved along, checked against the manifest. */
  readonly readFile: (name: string) => Promise<Uint8Array>;
  readonly header: ArtifactHeader;
}

/**
 * Loads what `languageModelToFiles` made. `loadKernels()` must have run, but for n-gram models.
 *
 * @param read - gives a file's bytes by name; throws when there is none.
 * @param where - the folder, for messages.
 * @throws {FormatError} for another kind or version, damaged files, or weights that do not fit.
 */
export async function languageModelFromFiles(
  read: (name: string) => Promise<Uint8Array>,
  where: string,
): Promise<LoadedLanguageModel> {
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const manifest = `${where}/${names.manifest}`;
  const header = parseArtifactHeader(
    manifest,
    decode(await read(names.manifest)),
    languageModelIdentity,
  );
  const readFile = async (name: string): Promise<Uint8Array> => {
    const bytes = await read(name);
    verifyArtifactFile(where, header, name, bytes);
    return bytes;
  };
  const { kind, config } = parseConfig(
    `${where}/${names.config}`,
    decode(await readFile(names.config)),
  );
  const weights = await readFile(names.weights);
  const place = `${where}/${names.weights}`;
  if (kind === "ngram")
    return { model: ngramFromTensors(config, weights, place), readFile, header };
  const model = buildNeural(kind, config, `${where}/${names.config}`);
  try {
    decodeWeights(model.parameters as ReadonlyMap<string, tf.Variable>, weights, place);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { model, readFile, header };
}

function buildNeural(
  kind: unknown,
  config: unknown,
  where: string,
): RnnLanguageModel | WindowLanguageModel {
  if (kind === "rnn") return new RnnLanguageModel(config as RnnLanguageModelConfig, new Rng(0));
  if (kind === "window")
    return new WindowLanguageModel(config as WindowLanguageModelConfig, new Rng(0));
  throw new FormatError(
    `${where}: holds a model of kind ${JSON.stringify(kind)}, expected "ngram", "rnn" or "window".`,
    { code: "MODEL_CONFIG", details: { kind } },
  );
}

function parseConfig(where: string, json: string): { kind: unknown; config: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new FormatError(`${where}: not valid JSON: ${(cause as Error).message}.`, {
      code: "MODEL_CONFIG",
      cause,
    });
  }
  const { kind, config } = (value ?? {}) as { kind?: unknown; config?: unknown };
  if (typeof config !== "object" || config === null) {
    throw new FormatError(`${where}: has no "config", expected a saved language model's.`, {
      code: "MODEL_CONFIG",
    });
  }
  return { kind, config };
}
