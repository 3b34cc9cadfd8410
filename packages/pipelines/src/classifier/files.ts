/** A classifier as files. */
import { FormatError, Rng } from "@seq/core";
import { Classifier, type ClassifierOptions, weightsToSafetensors } from "@seq/models";
import {
  encodeJson,
  type Files,
  loadWeights,
  openArtifact,
  packArtifact,
  type ReadFile,
} from "../artifact/artifact-files.ts";
import { WordList } from "../words/word-list.ts";
import { TextClassifier } from "./text-classifier.ts";

const identity = { kind: "classifier", formatVersion: 1 } as const;
const names = {
  config: "config.json",
  words: "words.json",
  labels: "labels.json",
  weights: "weights.safetensors",
} as const;

export function classifierToFiles({ model, words, labels }: TextClassifier): Files {
  return packArtifact(identity, [
    [names.config, encodeJson(model.config)],
    [names.words, encodeJson(words.words)],
    [names.labels, encodeJson(labels.words)],
    [names.weights, weightsToSafetensors(model.parameters)],
  ]);
}

/** @throws {FormatError} for another kind or version, damaged files, or parts that do not fit together. */
export async function classifierFromFiles(read: ReadFile, where: string): Promise<TextClassifier> {
  const artifact = await openArtifact(identity, read, where);
  const list = async (name: string) =>
    WordList.fromJson(artifact.path(name), await artifact.json(name));
  const words = await list(names.words);
  const labels = await list(names.labels);
  const config = (await artifact.json(names.config)) as ClassifierOptions;
  if (config.vocabSize !== words.size || config.labelCount !== labels.size) {
    throw new FormatError(
      `${where}: the lists have ${words.size} words and ${labels.size} labels, the model ${config.vocabSize} and ${config.labelCount}; they are not of one training.`,
      { code: "TOKENIZER_MISMATCH" },
    );
  }
  const model = new Classifier(config, new Rng(0));
  await loadWeights(model, artifact, names.weights);
  return new TextClassifier({ model, words, labels });
}
