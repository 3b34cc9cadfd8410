/** A tagger as files. */
import { FormatError, Rng } from "@seq/core";
import { Tagger, type TaggerOptions, weightsToSafetensors } from "@seq/models";
import {
  encodeJson,
  type Files,
  loadWeights,
  openArtifact,
  packArtifact,
  type ReadFile,
} from "../artifact/artifact-files.ts";
import { WordList } from "../words/word-list.ts";
import { SequenceTagger } from "./sequence-tagger.ts";

const identity = { kind: "tagger", formatVersion: 1 } as const;
const names = {
  config: "config.json",
  words: "words.json",
  characters: "characters.json",
  tags: "tags.json",
  weights: "weights.safetensors",
} as const;

export function taggerToFiles({ model, vocabulary }: SequenceTagger): Files {
  return packArtifact(identity, [
    [names.config, encodeJson(model.config)],
    [names.words, encodeJson(vocabulary.words.words)],
    [names.characters, encodeJson(vocabulary.characters.words)],
    [names.tags, encodeJson(vocabulary.tags.words)],
    [names.weights, weightsToSafetensors(model.parameters)],
  ]);
}

/** @throws {FormatError} for another kind or version, damaged files, or parts that do not fit together. */
export async function taggerFromFiles(read: ReadFile, where: string): Promise<SequenceTagger> {
  const artifact = await openArtifact(identity, read, where);
  const list = async (name: string) =>
    WordList.fromJson(artifact.path(name), await artifact.json(name));
  const vocabulary = {
    words: await list(names.words),
    characters: await list(names.characters),
    tags: await list(names.tags),
  };
  const config = (await artifact.json(names.config)) as TaggerOptions;
  if (config.wordVocabSize !== vocabulary.words.size || config.tagCount !== vocabulary.tags.size) {
    throw new FormatError(
      `${where}: the lists have ${vocabulary.words.size} words and ${vocabulary.tags.size} tags, the model ${config.wordVocabSize} and ${config.tagCount}; they are not of one training.`,
      { code: "TOKENIZER_MISMATCH" },
    );
  }
  const model = new Tagger(config, new Rng(0));
  await loadWeights(model, artifact, names.weights);
  return new SequenceTagger({ model, vocabulary });
}
