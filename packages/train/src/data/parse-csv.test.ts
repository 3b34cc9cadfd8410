import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvColumn, parseCsv } from "./parse-csv.ts";

function corpus(name: string): string {
  const bytes = readFileSync(sharedPath(`data/${name}`));
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

describe("parseCsv", () => {
  test("gives back any table that was written with quotes", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r\n", " ", "é") });
    const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 });
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(table, (rows) => {
        const text = rows.map((row) => row.map(quote).join(",")).join("\n");
        expect(parseCsv("x", text, { header: false }).rows).toEqual(rows);
      }),
    );
  });

  test("reads Banking77", () => {
    const table = parseCsv("banking", corpus("classification/banking77/train.csv"));
    expect(table.columns).toEqual(["text", "category"]);
    expect(table.rows.length).toBe(10003);
    expect(new Set(csvColumn(table, "category")).size).toBe(77);
    expect(() => csvColumn(table, "label")).toThrow(
      'csvColumn: no column "label"; the table has "text", "category".',
    );
  });

  test("names the line of a record that is broken, also after cells of several lines", () => {
    expect(() => parseCsv("x", 'a,b\n"1\n2",3\n4\n')).toThrow(
      "x: line 4: 1 cells, expected 2 as in the first record.",
    );
    expect(() => parseCsv("x", 'a,b\n1,"2\n3,4\n')).toThrow(
      "x: line 2: quoted field unterminated.",
    );
    expect(() => parseCsv("x", "")).toThrow("x: the file is empty; expected at least one line.");
  });

  test("other delimiters, a byte-order mark, and no header", () => {
    expect(parseCsv("x", "\uFEFFa;b\n1;2\n", { delimiter: ";" })).toEqual({
      columns: ["a", "b"],
      rows: [["1", "2"]],
    });
    expect(parseCsv("x", "1,2\n\n3,4\n", { header: false })).toEqual({
      columns: ["0", "1"],
      rows: [
        ["1", "2"],
        ["3", "4"],
      ],
    });
  });
});
