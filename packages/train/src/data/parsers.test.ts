import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConllu } from "./parse-conllu.ts";
import { csvColumn, parseCsv } from "./parse-csv.ts";
import { parseIob2 } from "./parse-iob2.ts";
import { parseJsonLines } from "./parse-json-lines.ts";

function corpus(name: string): string {
  const bytes = readFileSync(sharedPath(`data/${name}`));
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

describe("parseConllu", () => {
  const sample = [
    "# sent_id = a-1",
    "# text = I don't go.",
    "1\tI\tI\tPRON\tPRP\tCase=Nom|Number=Sing\t4\tnsubj\t4:nsubj\t_",
    "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_",
    "2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t4:aux\t_",
    "3\tn't\tnot\tPART\tRB\tPolarity=Neg\t4\tadvmod\t4:advmod\t_",
    "3.1\tgone\tgo\tVERB\t_\t_\t_\t_\t0:root\t_",
    "4\tgo\tgo\tVERB\tVB\t_\t0\troot\t0:root\tSpaceAfter=No",
    "",
  ].join("\n");

  test("reads words, ranges, empty nodes, features and comments", () => {
    const [sentence] = parseConllu("x", sample);
    expect(sentence?.words.map(({ form }) => form)).toEqual(["I", "do", "n't", "go"]);
    expect(sentence?.ranges.map(({ id, form }) => [id, form])).toEqual([["2-3", "don't"]]);
    expect(sentence?.emptyNodes.map(({ id }) => id)).toEqual(["3.1"]);
    expect(sentence?.comments).toEqual(["sent_id = a-1", "text = I don't go."]);
    expect(sentence?.words[0]).toEqual({
      ...{ id: "1", form: "I", lemma: "I", upos: "PRON", xpos: "PRP", head: 4, deprel: "nsubj" },
      feats: new Map([
        ["Case", "Nom"],
        ["Number", "Sing"],
      ]),
      ...{ deps: "4:nsubj", misc: undefined },
    });
  });

  test("reads the English Web Treebank with its published numbers of sentences and words", () => {
    const dev = parseConllu("dev", corpus("tagging/ud-english-ewt/en_ewt-ud-dev.conllu"));
    const train = parseConllu("train", corpus("tagging/ud-english-ewt/en_ewt-ud-train.conllu.gz"));
    expect([dev.length, train.length]).toEqual([2001, 12544]);
    for (const { words, ranges, comments } of dev) {
      // The text is the concatenation of the tokens: nothing was lost.
      const text = comments.find((c) => c.startsWith("text = "))?.slice(7);
      const inRange = new Map(ranges.map((r) => [Number(r.id.split("-")[0]), r]));
      let rebuilt = "";
      for (let i = 0; i < words.length; ) {
        const range = inRange.get(i + 1);
        rebuilt += (range ?? words[i])?.form;
        i = range === undefined ? i + 1 : Number(range.id.split("-")[1]);
      }
      expect(rebuilt.replace(/\s/g, "")).toBe(text?.replace(/\s/g, ""));
    }
  });

  test("names the line of what is broken", () => {
    const broken = (from: string, to: string) => () => parseConllu("x", sample.replace(from, to));
    expect(broken("\t4:nsubj\t_", "\t4:nsubj")).toThrow(
      "x: line 3: 9 tab-separated columns, expected 10.",
    );
    expect(broken("3\tn't", "5\tn't")).toThrow('x: line 6: the id is "5", expected 3.');
    expect(broken("I\tI\tPRON", "I\t\tPRON")).toThrow(
      'x: line 3: column 3 is empty, expected "_".',
    );
    expect(broken("\t4\tnsubj", "\t9\tnsubj")).toThrow(
      "x: line 1: the head of word 1 is 9, the sentence has 4 words.",
    );
    expect(broken("Number=Sing", "Number")).toThrow(
      'x: line 3: "Number" is no feature, expected Name=Value.',
    );
    expect(() => parseConllu("x", "# only a comment\n")).toThrow(
      "x: line 1: the sentence has no words.",
    );
    expect(() => parseConllu("x", "\n\n")).toThrow(
      "x: the file is empty; expected at least one line.",
    );
  });
});

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

describe("parseJsonLines", () => {
  test("reads one value a line and leaves blank lines out", () => {
    expect(parseJsonLines("x", '{"a":1}\n\n[2]\r\n"c"\n')).toEqual([{ a: 1 }, [2], "c"]);
  });

  test("names the line that is not JSON", () => {
    expect(() => parseJsonLines("x", '{"a":1}\n{"a":\n')).toThrow(/^x: line 2: not JSON: /);
    expect(() => parseJsonLines("x", "\n")).toThrow(
      "x: the file is empty; expected at least one line.",
    );
  });
});

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
