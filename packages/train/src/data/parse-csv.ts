/** CSV and other delimited text with quotes (RFC 4180), by Papa Parse; widths and quotes are checked. */
import { checkOptions, FormatError, OptionError } from "@seq/core";
import Papa from "papaparse";
import { emptyFile } from "./parse-lines.ts";

/** A table of texts. */
export interface CsvTable {
  /** Names from the header, or `"0"`, `"1"` ... without one. */
  readonly columns: readonly string[];
  /** One list of cells per record, all of one width. */
  readonly rows: readonly (readonly string[])[];
}

export interface CsvOptions {
  /** Default ",". */
  readonly delimiter?: string;
  /** The first record names the columns (default true). */
  readonly header?: boolean;
}

/**
 * Quoted cells may hold delimiters, doubled quotes and line breaks; blank lines are left out.
 *
 * @throws {FormatError} `LINE_FORMAT` naming the line of a record that is broken or has another number of cells than the
 *   first; `FILE_EMPTY`.
 * @example parseCsv("x.csv", 'text,label\n"a, b",1\n').rows // [["a, b", "1"]]
 */
export function parseCsv(where: string, text: string, options: CsvOptions = {}): CsvTable {
  checkOptions("parseCsv", options, ["delimiter", "header"]);
  const { delimiter = ",", header = true } = options;
  const records: string[][] = [];
  let line = 1;
  let begin = 0;
  const result = (row: {
    data: string[];
    errors: Papa.ParseError[];
    meta: Papa.ParseMeta;
  }): void => {
    const [problem] = row.errors;
    if (problem !== undefined) throw badLine(where, line, problem.message.toLowerCase());
    const cells = row.data;
    if (cells.length > 1 || cells[0] !== "") {
      const width = records[0]?.length ?? cells.length;
      if (cells.length !== width) {
        throw badLine(
          where,
          line,
          `${cells.length} cells, expected ${width} as in the first record`,
        );
      }
      records.push(cells);
    }
    // Records may span lines: count the breaks that were passed.
    for (; begin < row.meta.cursor; begin++) if (text.charCodeAt(begin) === 10) line++;
  };
  Papa.parse<string[]>(text.startsWith("\uFEFF") ? text.slice(1) : text, {
    delimiter,
    step: result,
  });
  const [first] = records;
  if (first === undefined) throw emptyFile(where);
  if (header) return { columns: first, rows: records.slice(1) };
  return { columns: first.map((_, i) => String(i)), rows: records };
}

/**
 * All cells of one column.
 *
 * @throws {OptionError} `NO_SUCH_COLUMN` naming the columns there are.
 */
export function csvColumn(table: CsvTable, name: string): string[] {
  const index = table.columns.indexOf(name);
  if (index < 0) {
    throw new OptionError(
      `csvColumn: no column "${name}"; the table has ${table.columns.map((c) => `"${c}"`).join(", ")}.`,
      { code: "NO_SUCH_COLUMN", details: { name, columns: table.columns } },
    );
  }
  return table.rows.map((row) => row[index] as string);
}

function badLine(where: string, line: number, problem: string): FormatError {
  return new FormatError(`${where}: line ${line}: ${problem}.`, {
    code: "LINE_FORMAT",
    details: { line },
  });
}
