import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConllu, readCsv, readIob2, readJsonLines, streamJsonLines } from "./read-formats.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seq-formats-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("reads CoNLL-U, IOB2 and CSV files, also gzipped", async () => {
  const word = "1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n";
  const [sentence] = await readConllu(file("a.conllu.gz", gzipSync(word)));
  expect(sentence?.words[0]?.upos).toBe("VERB");
  const tagged = await readIob2(file("a.iob2", "Paris\tB-LOC\n"));
  expect(tagged).toEqual([{ tokens: ["Paris"], tags: ["B-LOC"], comments: [] }]);
  expect((await readCsv(file("a.csv", "a,b\n1,2\n"))).rows).toEqual([["1", "2"]]);
});

test("reads JSON Lines whole and one by one, and names file and line of what is not JSON", async () => {
  const path = file("a.jsonl", '{"id":1}\n\n{"id":2}\n');
  expect(await readJsonLines(path)).toEqual([{ id: 1 }, { id: 2 }]);
  const streamed: unknown[] = [];
  for await (const value of streamJsonLines(path)) streamed.push(value);
  expect(streamed).toEqual([{ id: 1 }, { id: 2 }]);
  const bad = file("b.jsonl", '{"id":1}\n\nnot json\n');
  const drain = async () => {
    for await (const _ of streamJsonLines(bad));
  };
  await expect(drain()).rejects.toThrow(`${bad}: line 3: not JSON: `);
});
