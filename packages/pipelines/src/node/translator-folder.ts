/** A translator in a folder of Node's file system. */
import { join } from "node:path";
import { translatorFromFiles, translatorToFiles } from "../translator/files.ts";
import type { Translator } from "../translator/translator.ts";
import { isFolder, readFileOf, writeFolderWhole } from "./folders.ts";

/** Writes `<folder>/model`, whole or not at all. */
export async function saveTranslator(translator: Translator, folder: string): Promise<void> {
  await writeFolderWhole(join(folder, "model"), translatorToFiles(translator));
}

/**
 * Loads what `saveTranslator` wrote, from the same folder or from the `model` folder within.
 *
 * `loadKernels()` must have run.
 *
 * @throws {FormatError} `FILE_MISSING`, `ARTIFACT_KIND`, `ARTIFACT_VERSION`, `ARTIFACT_CHECKSUM` ...
 */
export async function loadTranslator(folder: string): Promise<Translator> {
  const inner = join(folder, "model");
  const where = (await isFolder(inner)) ? inner : folder;
  return await translatorFromFiles((name) => readFileOf(where, name), where);
}
