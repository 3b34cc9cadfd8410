/** A translator as a handful of files, for a folder, a download or browser storage. */
import {
  createArtifactHeader,
  FormatError,
  parseArtifactHeader,
  Rng,
  verifyArtifactFile,
} from "@seq/core";
import { EncoderDecoder, loadSafetensorsWeights, weightsToSafetensors } from "@seq/models";
import { tokenizerFromJson, tokenizerToJson } from "@seq/tokenizers";
import { version } from "../../package.json";
import { Translator, translatorIdentity } from "./translator.ts";

export type Files = ReadonlyMap<string, Uint8Array>;

const fileNames = {
  manifest: "manifest.json",
  config: "config.json",
  source: "source.tokenizer.json",
  target: "target.tokenizer.json",
  weights: "weights.safetensors",
} as const;

/** Everything that a translator is; the manifest names the format and the checksums of the rest. */
export function translatorToFiles(translator: Translator): Files {
  const encode = (text: string) => new TextEncoder().encode(text);
  const files = new Map<string, Uint8Array>([
    [fileNames.config, encode(`${JSON.stringify(translator.model.config, null, 2)}\n`)],
    [fileNames.source, encode(tokenizerToJson(translator.sourceTokenizer))],
    [fileNames.target, encode(tokenizerToJson(translator.targetTokenizer))],
    [fileNames.weights, weightsToSafetensors(translator.model.parameters)],
  ]);
  const header = createArtifactHeader(
    { ...translatorIdentity, writer: `@seq/pipelines ${version}` },
    files,
  );
  files.set(fileNames.manifest, encode(`${JSON.stringify(header, null, 2)}\n`));
  return files;
}

/**
 * @param read - gives a file's bytes by name; throws when there is none.
 * @param where - the folder, for messages.
 * @throws {FormatError} for another kind or version, damaged files, or weights that do not fit.
 */
export async function translatorFromFiles(
  read: (name: string) => Promise<Uint8Array>,
  where: string,
): Promise<Translator> {
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const manifest = decode(await read(fileNames.manifest));
  const header = parseArtifactHeader(
    `${where}/${fileNames.manifest}`,
    manifest,
    translatorIdentity,
  );
  const file = async (name: string) => {
    const bytes = await read(name);
    verifyArtifactFile(where, header, name, bytes);
    return bytes;
  };
  const sourceTokenizer = tokenizerFromJson(decode(await file(fileNames.source)));
  const targetTokenizer = tokenizerFromJson(decode(await file(fileNames.target)));
  const config = parseConfig(`${where}/${fileNames.config}`, decode(await file(fileNames.config)));
  const model = new EncoderDecoder(config as never, new Rng(0));
  try {
    if (
      sourceTokenizer.vocabSize !== model.config.sourceVocabSize ||
      targetTokenizer.vocabSize !== model.config.targetVocabSize
    ) {
      throw new FormatError(
        `${where}: the tokenizers have ${sourceTokenizer.vocabSize} and ${targetTokenizer.vocabSize} pieces, the model ${model.config.sourceVocabSize} and ${model.config.targetVocabSize}; they are not of one training.`,
        { code: "TOKENIZER_MISMATCH" },
      );
    }
    const weights = await file(fileNames.weights);
    loadSafetensorsWeights(model.parameters, weights, `${where}/${fileNames.weights}`);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return new Translator({ model, sourceTokenizer, targetTokenizer });
}

function parseConfig(where: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new FormatError(`${where}: not valid JSON: ${(cause as Error).message}.`, {
      code: "MODEL_CONFIG",
      cause,
    });
  }
}
