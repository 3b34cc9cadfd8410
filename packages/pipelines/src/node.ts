/** What needs Node's file system. The main entry works in browsers too. */
export {
  loadClassifier,
  loadLanguageModel,
  loadTagger,
  loadTranslator,
  saveClassifier,
  saveLanguageModel,
  saveTagger,
  saveTranslator,
} from "./node/folder-model.ts";
export { prepareFolder, writeFileWhole } from "./node/folders.ts";
