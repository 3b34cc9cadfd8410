/** What the language-model benchmarks share: the corpora, words as ids, simple tables. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** A file of the shared data, by its path below `data/lm`; `.gz` is unpacked. */
export function corpusText(name) {
  const root = process.env.SEQ_SHARED ?? resolve(repository, "../shared");
  const path = join(root, "data/lm", name);
  if (!existsSync(path)) {
    throw new Error(`${path} does not exist; set SEQ_SHARED to the folder that holds data/.`);
  }
  const bytes = readFileSync(path);
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

/** Lines with words; WikiText's empty lines are left out. */
export function textLines(text) {
  return text.split("\n").filter((line) => line.trim() !== "");
}

/** Seconds of processor time that a call takes, all threads together, and its result. */
export function cpuSeconds(body) {
  const before = process.cpuUsage();
  const begin = performance.now();
  const result = body();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, wall: (performance.now() - begin) / 1e3, result };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Rows of cells, first column left, others right. */
export function printTable(rows) {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => String(row[c]).length)));
  for (const row of rows) {
    const cells = row.map((cell, c) =>
      c === 0 ? String(cell).padEnd(widths[c]) : String(cell).padStart(widths[c]),
    );
    console.log(cells.join("  "));
  }
}
