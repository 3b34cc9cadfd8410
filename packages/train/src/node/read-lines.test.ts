import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLines, readPairs, readParallel, streamLines } from "./read-lines.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seq-train-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe("readLines", () => {
  test("splits at line breaks of both kinds, keeps empty lines, drops a byte-order mark", async () => {
    const path = file("lines.txt", "\uFEFFone\r\n\ntwo \nthree");
    expect(await readLines(path)).toEqual(["one", "", "two ", "three"]);
    expect(await collect(streamLines(path))).toEqual(["one", "", "two ", "three"]);
  });

  test("unpacks gzip, recognised by its content", async () => {
    const path = file("no-suffix", gzipSync("a\nb\n"));
    expect(await readLines(path)).toEqual(["a", "b"]);
    expect(await collect(streamLines(path))).toEqual(["a", "b"]);
  });

  test("streaming gives the same lines as reading whole, also across chunks and in gzip", async () => {
    const line = fc
      .string({ unit: "binary", maxLength: 40 })
      .map((s) => s.replace(/[\r\n\uFEFF]/g, ""));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        async (lines, zip) => {
          const text = `${lines.map((l, i) => l.repeat(i === 3 ? 9000 : 1)).join("\n")}\n`;
          const path = file("property.txt", zip ? gzipSync(text) : text);
          expect(await collect(streamLines(path))).toEqual(await readLines(path));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("names a missing, an empty and an unreadable file", async () => {
    const missing = join(folder, "nothing.txt");
    const wanted = { message: `${missing}: no such file; check the path.`, code: "FILE_MISSING" };
    await expect(readLines(missing)).rejects.toMatchObject(wanted);
    await expect(collect(streamLines(missing))).rejects.toMatchObject(wanted);
    const empty = file("empty.txt", "");
    const emptyError = {
      message: `${empty}: the file is empty; expected at least one line.`,
      code: "FILE_EMPTY",
    };
    await expect(readLines(empty)).rejects.toMatchObject(emptyError);
    await expect(collect(streamLines(empty))).rejects.toMatchObject(emptyError);
    await expect(readLines(folder)).rejects.toMatchObject({
      message: `${folder}: is a folder, expected a file.`,
      code: "FILE_UNREADABLE",
    });
  });

  test("names line and byte of what is not UTF-8, for every kind of broken sequence", async () => {
    const bad: readonly [bytes: number[], offset: number][] = [
      [[0xff], 0],
      [[0x80], 0], // a continuation byte without a lead
      [[0xc0, 0xaf], 0], // overlong
      [[0xe0, 0x80, 0x80], 1], // overlong
      [[0xed, 0xa0, 0x80], 1], // a surrogate
      [[0xf4, 0x90, 0x80, 0x80], 1], // above U+10FFFF
      [[0xe2, 0x82, 0x41], 2], // cut off by a letter
    ];
    for (const [bytes, offset] of bad) {
      const before = [...new TextEncoder().encode("früh\nzwei ")];
      const path = file("bad.txt", Uint8Array.from([...before, ...bytes, 0x0a]));
      const position = before.length + offset;
      const value = bytes[offset]!.toString(16);
      const message = `${path}: line 2, byte ${position}: 0x${value} is not valid UTF-8; convert the file to UTF-8 first.`;
      await expect(readLines(path)).rejects.toMatchObject({ message, code: "NOT_UTF8" });
      await expect(collect(streamLines(path))).rejects.toMatchObject({ message });
    }
  });

  test("damaged gzip is named as such", async () => {
    const whole = gzipSync("a line that is long enough to be packed\n".repeat(50));
    const path = file("cut.gz", whole.subarray(0, whole.length - 12));
    const wanted = { code: "GZIP_DAMAGED" };
    await expect(readLines(path)).rejects.toMatchObject(wanted);
    await expect(collect(streamLines(path))).rejects.toMatchObject(wanted);
  });
});

describe("readPairs and readParallel", () => {
  test("reads two columns and leaves further ones and blank lines alone", async () => {
    const path = file("pairs.tsv", "Go.\tVa !\tCC-BY 2.0\n\nHi.\tSalut !\tCC-BY 2.0\n");
    expect(await readPairs(path)).toEqual([
      { source: "Go.", target: "Va !" },
      { source: "Hi.", target: "Salut !" },
    ]);
    const turned = await readPairs(path, { sourceColumn: 1, targetColumn: 0 });
    expect(turned[0]).toEqual({ source: "Va !", target: "Go." });
  });

  test("names the line with too few columns or an empty side", async () => {
    const few = file("few.tsv", "a\tb\nonly one\n");
    await expect(readPairs(few)).rejects.toMatchObject({
      message: `${few}: line 2: 1 tab-separated column, expected at least 2 (source, tab, target).`,
      code: "LINE_FORMAT",
    });
    const blank = file("blank.tsv", "a\tb\n \tc\n");
    await expect(readPairs(blank)).rejects.toMatchObject({
      message: `${blank}: line 2: the source is empty; leave the line out.`,
    });
  });

  test("pairs line by line and refuses unequal numbers of lines", async () => {
    const [en, fr, short] = [
      file("a.en", "one\n\nthree\n"),
      file("a.fr", "un\n\ntrois\n"),
      file("b.fr", "un\n"),
    ];
    expect(await readParallel(en, fr)).toEqual([
      { source: "one", target: "un" },
      { source: "", target: "" },
      { source: "three", target: "trois" },
    ]);
    await expect(readParallel(en, short)).rejects.toMatchObject({
      message: `${en} has 3 lines, ${short} has 1; line i of one must be the translation of line i of the other.`,
      code: "LINE_COUNT",
    });
  });
});
