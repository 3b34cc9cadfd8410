/** What needs Node: files, terminals, worker threads. The main entry works in browsers too. */
export { type DataSet, type DataSetFile, getDataSet, listDataSets } from "./node/data-sets.ts";
export { type DownloadOptions, download } from "./node/download.ts";
export { FolderStorage } from "./node/folder-storage.ts";
export { cachedRows } from "./node/id-cache.ts";
export {
  csvLog,
  jsonLinesLog,
  type MetricLog,
  type MetricLogOptions,
  tensorBoardLog,
} from "./node/metric-logs.ts";
export { nodeWorker, nodeWorkerPort } from "./node/node-worker.ts";
export {
  readConllu,
  readCsv,
  readIob2,
  readJsonLines,
  streamJsonLines,
} from "./node/read-formats.ts";
export { readLines, readPairs, readParallel, readText, streamLines } from "./node/read-lines.ts";
export {
  formatSeconds,
  type TerminalProgress,
  type TerminalProgressOptions,
  terminalProgress,
} from "./node/terminal-progress.ts";
