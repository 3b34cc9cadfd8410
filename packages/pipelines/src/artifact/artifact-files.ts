/** A trained thing as a handful of files with a manifest: for a folder, a download or browser storage. */
import {
  type ArtifactIdentity,
  createArtifactHeader,
  FormatError,
  parseArtifactHeader,
  verifyArtifactFile,
} from "@seq/core";
import { loadSafetensorsWeights } from "@seq/models";
import type { Variable } from "@tensorflow/tfjs-core";
import { version } from "../../package.json";

export type Files = ReadonlyMap<string, Uint8Array>;

/** Gives a file's bytes by name; throws when there is none. */
export type ReadFile = (name: string) => Promise<Uint8Array>;

const manifestName = "manifest.json";

export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function encodeJson(value: unknown): Uint8Array {
  return encodeText(`${JSON.stringify(value, null, 2)}\n`);
}

/** The files and the manifest that names their format and checksums. */
export function packArtifact(
  identity: ArtifactIdentity,
  files: Iterable<readonly [name: string, bytes: Uint8Array]>,
): Files {
  const all = new Map(files);
  const header = createArtifactHeader({ ...identity, writer: `@seq/pipelines ${version}` }, all);
  all.set(manifestName, encodeJson(header));
  return all;
}

/** The files of an artifact, checked against its manifest as they are read. */
export interface OpenArtifact {
  bytes(name: string): Promise<Uint8Array>;
  text(name: string): Promise<string>;
  json(name: string): Promise<unknown>;
  /** How messages call a file. */
  path(name: string): string;
}

/**
 * @param where - the folder, for messages.
 * @throws {FormatError} for another kind or version; on reading a file, when it is damaged.
 */
export async function openArtifact(
  identity: ArtifactIdentity,
  read: ReadFile,
  where: string,
): Promise<OpenArtifact> {
  const path = (name: string) => `${where}/${name}`;
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const manifest = decode(await read(manifestName));
  const header = parseArtifactHeader(path(manifestName), manifest, identity);
  const bytes = async (name: string) => {
    const content = await read(name);
    verifyArtifactFile(where, header, name, content);
    return content;
  };
  const text = async (name: string) => decode(await bytes(name));
  const json = async (name: string) => parseJson(path(name), await text(name));
  return { bytes, text, json, path };
}

function parseJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${where}: not valid JSON: ${(cause as Error).message}.`, {
      code: "MODEL_CONFIG",
      cause,
    });
  }
}

/** A model whose weights are about to be read. */
interface Loadable {
  readonly parameters: ReadonlyMap<string, Variable>;
  dispose(): void;
}

/** Fills a new model from its file; a model that cannot be filled is disposed. */
export async function loadWeights(
  model: Loadable,
  artifact: OpenArtifact,
  name: string,
): Promise<void> {
  try {
    loadSafetensorsWeights(model.parameters, await artifact.bytes(name), artifact.path(name));
  } catch (error) {
    model.dispose();
    throw error;
  }
}
