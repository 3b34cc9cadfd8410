/** Word counts as text: one word (or text) a line, a tab, how often it occurs. */
import { FormatError } from "@seq/core";
import { type WordCounts, wordAt } from "./word-counts.ts";

/**
 * Reads counted texts. The count follows the last tab of a line, so that texts may hold tabs; empty
 * lines are skipped.
 *
 * @throws {FormatError} `WORD_COUNTS`, naming the line.
 * @example [...parseWordCounts("hug\t10\npug\t5\n")] // [["hug", 10], ["pug", 5]]
 */
export function* parseWordCounts(
  tsv: string,
  where = "parseWordCounts",
): Iterable<[text: string, count: number]> {
  let line = 0;
  for (let begin = 0; begin < tsv.length; ) {
    line++;
    const found = tsv.indexOf("\n", begin);
    const end = found < 0 ? tsv.length : found;
    const row = tsv.slice(begin, tsv[end - 1] === "\r" ? end - 1 : end);
    begin = end + 1;
    if (row === "") continue;
    const tab = row.lastIndexOf("\t");
    const count = row.slice(tab + 1);
    if (tab < 1 || !/^[0-9]+$/.test(count) || !Number.isSafeInteger(+count) || +count === 0) {
      throw new FormatError(
        `${where}: line ${line} is ${JSON.stringify(row.slice(0, 60))}, expected a word, a tab and a whole number above 0.`,
        { code: "WORD_COUNTS", details: { line } },
      );
    }
    yield [row.slice(0, tab), +count];
  }
}

/** Writes word counts, most frequent words first, equal ones by code unit; the inverse of `parseWordCounts`. */
export function writeWordCounts(words: WordCounts): string {
  const rows = Array.from(words.counts, (count, i) => [wordAt(words, i), count] as const);
  rows.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return rows.map(([word, count]) => `${word}\t${count}\n`).join("");
}
