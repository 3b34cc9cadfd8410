/** A translator as files. */
import { FormatError, Rng } from "@seq/core";
import { EncoderDecoder, type EncoderDecoderOptions, weightsToSafetensors } from "@seq/models";
import { readTokenizerJson, writeTokenizerJson } from "@seq/tokenizers";
import {
  encodeJson,
  encodeText,
  type Files,
  loadWeights,
  openArtifact,
  packArtifact,
  type ReadFile,
} from "../artifact/artifact-files.ts";
import { Translator } from "./translator.ts";

const identity = { kind: "translator", formatVersion: 1 } as const;
const names = {
  config: "config.json",
  source: "source.tokenizer.json",
  target: "target.tokenizer.json",
  weights: "weights.safetensors",
} as const;

/** Everything that a translator is. */
export function translatorToFiles(translator: Translator): Files {
  const { model, sourceTokenizer, targetTokenizer } = translator;
  return packArtifact(identity, [
    [names.config, encodeJson(model.config)],
    [names.source, encodeText(writeTokenizerJson(sourceTokenizer))],
    [names.target, encodeText(writeTokenizerJson(targetTokenizer))],
    [names.weights, weightsToSafetensors(model.parameters)],
  ]);
}

/**
 * @param where - the folder, for messages.
 * @throws {FormatError} for another kind or version, damaged files, or parts that do not fit together.
 */
export async function translatorFromFiles(read: ReadFile, where: string): Promise<Translator> {
  const artifact = await openArtifact(identity, read, where);
  const sourceTokenizer = readTokenizerJson(
    await artifact.text(names.source),
    artifact.path(names.source),
  );
  const targetTokenizer = readTokenizerJson(
    await artifact.text(names.target),
    artifact.path(names.target),
  );
  const config = (await artifact.json(names.config)) as EncoderDecoderOptions;
  checkVocabularies(where, config, sourceTokenizer.vocabSize, targetTokenizer.vocabSize);
  const model = new EncoderDecoder(config, new Rng(0));
  await loadWeights(model, artifact, names.weights);
  return new Translator({ model, sourceTokenizer, targetTokenizer });
}

function checkVocabularies(
  where: string,
  config: EncoderDecoderOptions,
  source: number,
  target: number,
): void {
  if (source === config.sourceVocabSize && target === config.targetVocabSize) return;
  throw new FormatError(
    `${where}: the tokenizers have ${source} and ${target} pieces, the model ${config.sourceVocabSize} and ${config.targetVocabSize}; they are not of one training.`,
    { code: "TOKENIZER_MISMATCH" },
  );
}
