/** What needs Node's file system. The main entry works in browsers too. */
export { prepareFolder, writeFileWhole } from "./node/folders.ts";
export { loadTranslator, saveTranslator } from "./node/translator-folder.ts";
