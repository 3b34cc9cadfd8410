/** What needs Node's file system. The main entry works in browsers too. */
export {
  loadClassifier,
  loadTagger,
  loadTranslator,
  saveClassifier,
  saveTagger,
  saveTranslator,
} from "./node/folder-model.ts";
export { prepareFolder, writeFileWhole } from "./node/folders.ts";
