/** Trained things in folders of Node's file system. */
import { join } from "node:path";
import type { Files, ReadFile } from "../artifact/artifact-files.ts";
import { classifierFromFiles, classifierToFiles } from "../classifier/files.ts";
import type { TextClassifier } from "../classifier/text-classifier.ts";
import { textLanguageModelFromFiles, textLanguageModelToFiles } from "../language-model/files.ts";
import type { TextLanguageModel } from "../language-model/text-language-model.ts";
import { taggerFromFiles, taggerToFiles } from "../tagger/files.ts";
import type { SequenceTagger } from "../tagger/sequence-tagger.ts";
import { translatorFromFiles, translatorToFiles } from "../translator/files.ts";
import type { Translator } from "../translator/translator.ts";
import { isFolder, readFileOf, writeFolderWhole } from "./folders.ts";

/** Writes `<folder>/model`, whole or not at all. */
async function save(files: Files, folder: string): Promise<void> {
  await writeFolderWhole(join(folder, "model"), files);
}

/** Reads what `save` wrote, from the same folder or from the `model` folder within. */
async function load<T>(
  fromFiles: (read: ReadFile, where: string) => Promise<T>,
  folder: string,
): Promise<T> {
  const inner = join(folder, "model");
  const where = (await isFolder(inner)) ? inner : folder;
  return await fromFiles((name) => readFileOf(where, name), where);
}

export const saveTranslator = (translator: Translator, folder: string): Promise<void> =>
  save(translatorToFiles(translator), folder);

export const saveTagger = (tagger: SequenceTagger, folder: string): Promise<void> =>
  save(taggerToFiles(tagger), folder);

export const saveClassifier = (classifier: TextClassifier, folder: string): Promise<void> =>
  save(classifierToFiles(classifier), folder);

/**
 * `loadKernels()` must have run.
 *
 * @throws {FormatError} `FILE_MISSING`, `ARTIFACT_KIND`, `ARTIFACT_VERSION`, `ARTIFACT_CHECKSUM` ...
 */
export const loadTranslator = (folder: string): Promise<Translator> =>
  load(translatorFromFiles, folder);

/** As `loadTranslator`. */
export const loadTagger = (folder: string): Promise<SequenceTagger> =>
  load(taggerFromFiles, folder);

/** As `loadTranslator`. */
export const loadClassifier = (folder: string): Promise<TextClassifier> =>
  load(classifierFromFiles, folder);

export const saveLanguageModel = (
  model: TextLanguageModel,
  folder: string,
  options?: Parameters<typeof textLanguageModelToFiles>[1],
): Promise<void> => save(textLanguageModelToFiles(model, options), folder);

/** As `loadTranslator`; an n-gram model needs no kernels. */
export const loadLanguageModel = (folder: string): Promise<TextLanguageModel> =>
  load(textLanguageModelFromFiles, folder);
