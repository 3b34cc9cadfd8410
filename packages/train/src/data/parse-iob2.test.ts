import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { sharedPath } from "@seq-internal/test-utils";
import { describe, expect, test } from "vitest";
import { parseIob2 } from "./parse-iob2.ts";

function corpus(name: string): string {
  const bytes = readFileSync(sharedPath(`data/${name}`));
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

describe("parseIob2", () => {
  test("reads tab and space separated columns, document marks and comments", () => {
    const text =
      "-DOCSTART- -X- O O\n\n# id = 1\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n__proto__ NN I-NP O\n";
    expect(parseIob2("x", text, { tagColumn: 3 })).toEqual([
      { tokens: ["EU", "rejects"], tags: ["B-ORG", "O"], comments: ["id = 1"] },
      { tokens: ["__proto__"], tags: ["O"], comments: [] },
    ]);
  });

  test("reads WNUT-17 and Universal NER", () => {
    const wnut = parseIob2("wnut", corpus("tagging/wnut17/wnut17train.conll"));
    expect(wnut.length).toBe(3394);
    expect(wnut.reduce((sum, { tokens }) => sum + tokens.length, 0)).toBe(62730);
    const uner = parseIob2("uner", corpus("tagging/uner-english-ewt/en_ewt-ud-dev.iob2"), {
      ...{ tokenColumn: 1, tagColumn: 2 },
    });
    expect(uner.length).toBe(2001);
    expect(uner[0]?.tags.slice(6, 8)).toEqual(["B-LOC", "I-LOC"]);
  });

  test("names the line of a tag that is no IOB2, unless any tags are wanted", () => {
    const text = "a\tO\nb\tI-PER\n";
    expect(() => parseIob2("x", text)).toThrow(
      'x: line 2: the tag "I-PER" follows "O", expected B-PER at the start of a span; read with anyTags: true to keep it.',
    );
    expect(parseIob2("x", text, { anyTags: true })[0]?.tags).toEqual(["O", "I-PER"]);
    expect(() => parseIob2("x", "a\tB-LOC\nb\tI-PER\n")).toThrow(/follows "B-LOC"/);
    expect(() => parseIob2("x", "a\tS-PER\n")).toThrow(
      'x: line 1: the tag is "S-PER", expected O, B-type or I-type.',
    );
    expect(() => parseIob2("x", "a\tO\nb\n")).toThrow("x: line 2: 1 columns, expected at least 2.");
  });
});
