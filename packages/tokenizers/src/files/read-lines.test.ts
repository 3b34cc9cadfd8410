import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeqError } from "@seq/core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLines, readWordCounts } from "./read-lines.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seq-lines-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("readLines", () => {
  test("gives the lines of several files, with and without their ends", () => {
    const paths = [file("a.txt", "one\n\ntwo"), file("b.txt", "drei\r\nvier\n"), file("c.txt", "")];
    expect([...readLines(paths)]).toEqual(["one", "", "two", "drei\r", "vier"]);
    expect([...readLines(paths, { keepLineEnds: true })]).toEqual([
      "one\n",
      "\n",
      "two",
      "drei\r\n",
      "vier\n",
    ]);
  });

  test("reads lines longer than its buffer, and characters that lie across two reads", () => {
    const long = "世界😂".repeat(300_000);
    expect([...readLines(file("long.txt", `${long}\nend`))]).toEqual([long, "end"]);
  });

  test("gives every line once when a file is read in ranges", () => {
    const text = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "\n"), maxLength: 30 }));
    fc.assert(
      fc.property(
        text,
        fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 5 }),
        (parts, cuts) => {
          const path = file("ranges.txt", parts.join("\n"));
          const size = statSync(path).size;
          const bounds = [0, ...cuts.map((cut) => Math.min(cut, size)).sort((a, b) => a - b), size];
          const inRanges = bounds.flatMap((begin, i) =>
            i === 0 ? [] : [...readLines(path, { begin: bounds[i - 1] as number, end: begin })],
          );
          expect(inRanges).toEqual([...readLines(path)]);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("shows wrong bytes as U+FFFD", () => {
    expect([...readLines(file("bad.txt", Uint8Array.of(0x61, 0xff, 0x62)))]).toEqual(["a\ufffdb"]);
  });

  test("names the file it cannot read", () => {
    try {
      [...readLines(join(folder, "missing.txt"))];
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("FILE_READ");
      expect((error as Error).message).toContain("cannot read ");
    }
  });
});

describe("readWordCounts", () => {
  test("reads words and counts; a text may hold tabs", () => {
    const path = file("counts.tsv", "hug\t10\n\npug\t5\r\na\tb\t3");
    expect(readWordCounts(path)).toEqual([
      ["hug", 10],
      ["pug", 5],
      ["a\tb", 3],
    ]);
  });

  test.each(["hug", "hug\t", "hug\t-1", "hug\t0", "\t5", "hug\t1e3"])(
    "refuses the line %j with its number",
    (line) => {
      const path = file("bad.tsv", `ok\t1\n${line}\n`);
      try {
        readWordCounts(path);
        expect.unreachable();
      } catch (error) {
        expect(SeqError.is(error) && error.code).toBe("WORD_COUNTS");
        expect((error as Error).message).toBe(
          `${path}: line 2 is ${JSON.stringify(line)}, expected a word, a tab and a whole number above 0.`,
        );
      }
    },
  );
});
