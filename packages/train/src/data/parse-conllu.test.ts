import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { sharedPath } from "@seq-internal/test-utils";
import { describe, expect, test } from "vitest";
import { parseConllu } from "./parse-conllu.ts";

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
