import { readFileSync } from "node:fs";
import { FormatError, SeqError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseArpa } from "./arpa-read.ts";
import { formatArpa } from "./arpa-write.ts";
import { corpusFromText } from "./corpus.ts";
import { estimateKneserNey } from "./estimate.ts";
import { estimateAddK, estimateStupidBackoff } from "./fixed-form.ts";

const small = `\\data\\
ngram 1=4
ngram 2=2

\\1-grams:
-1\t<unk>\t0
0\t<s>\t-0.3
-0.5\t</s>\t0
-0.4\ta\t-0.2

\\2-grams:
-0.1\t<s> a
-0.2\ta </s>

\\end\\
`;

describe("parseArpa", () => {
  test("reads what it wrote to the same scores and the same text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom("a", "b", "__proto__", "é", "日本"), { maxLength: 7 }), {
          minLength: 1,
          maxLength: 9,
        }),
        fc.integer({ min: 1, max: 4 }),
        (sentences, order) => {
          fc.pre(sentences.some((sentence) => sentence.length > 0));
          const text = sentences.map((words) => words.join(" ")).join("\n");
          const model = estimateKneserNey(corpusFromText(text), { order, discountFallback: true });
          const arpa = formatArpa(model);
          const read = parseArpa(arpa);
          expect(formatArpa(read)).toBe(arpa);
          const probe = read.vocabulary!.encode("b a __proto__ zzz a b é 日本 a");
          expect(read.score([probe])).toEqual(
            model.score([model.vocabulary!.encode("b a __proto__ zzz a b é 日本 a")]),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test("scores by the backoff rule", () => {
    const model = parseArpa(small);
    const scores = model.explain(model.vocabulary!.encode("a a b"));
    const expected = [-0.1, -0.2 - 0.4, -0.2 - 1, 0 - 0.5]; // a </s> is listed, but b came between
    scores.forEach(({ log10Prob }, i) => {
      expect(log10Prob).toBeCloseTo(expected[i]!, 6);
    });
    expect(scores.map(({ ngramLength, unknown }) => [ngramLength, unknown])).toEqual([
      [2, false],
      [1, false],
      [1, true],
      [1, false],
    ]);
  });

  test("puts in contexts that a pruned file leaves out", () => {
    const text = `\\data\\
ngram 1=5
ngram 2=1
ngram 3=1

\\1-grams:
-1 <unk>
-99 <s> -0.3
-0.5 </s>
-0.4 a -0.2
-0.6 b -0.1

\\2-grams:
-0.7 b a

\\3-grams:
-0.05 a b a

\\end\\
`;
    const model = parseArpa(text);
    const scores = model.explain(model.vocabulary!.encode("a b a"), { begin: false, end: false });
    expect(scores.map(({ log10Prob }) => log10Prob)).toEqual([
      expect.closeTo(-0.4, 6),
      expect.closeTo(-0.2 - 0.6, 6), // "a b" is a context without a probability
      expect.closeTo(-0.05, 6),
    ]);
  });

  test("without <unk> gives unknown words probability 0", () => {
    const model = parseArpa(small.replace("-1\t<unk>\t0\n", "").replace("1=4", "1=3"));
    const [first] = model.explain(model.vocabulary!.encode("zzz"));
    expect(first).toMatchObject({ unknown: true, log10Prob: Number.NEGATIVE_INFINITY });
  });

  test.each([
    [
      "an empty file",
      "",
      'line 1 is past the end of the file, expected "\\data\\"; the file is cut off.',
    ],
    ["no counts", "\\data\\\n\n\\1-grams:\n", 'line 3 is "\\1-grams:", expected "ngram 1=COUNT".'],
    [
      "a skipped order",
      small.replace("ngram 2", "ngram 3"),
      'line 3 is "ngram 3=2", expected "ngram 2=COUNT".',
    ],
    ["too few n-grams", small.replace("1=4", "1=5"), 'line 10 is "", expected 1-gram 5 of 5.'],
    [
      "too many n-grams",
      small.replace("1=4", "1=3"),
      'line 9 is "-0.4\ta\t-0.2", expected the end of the 3 1-grams that the header promises.',
    ],
    [
      "a word in place of a number",
      small.replace("-0.4", "x4"),
      'line 9 has "x4" for a log-probability, expected a number.',
    ],
    [
      "a positive probability",
      small.replace("-0.4", "0.4"),
      "line 9 has log-probability 0.4, expected at most 0.",
    ],
    [
      "a broken backoff",
      small.replace("-0.3", "1..2"),
      'line 7 has "1..2" for a backoff, expected a number.',
    ],
    [
      "a missing word",
      small.replace("<s> a\n", "a\n"),
      "line 12 has 2 fields, expected log-probability, 2 words.",
    ],
    ["a word twice", small.replace("a\t-0.2", "<s>\t-0.2"), 'line 9 repeats the 1-gram "<s>".'],
    [
      "an unknown word",
      small.replace("<s> a", "<s> b"),
      'line 12 has the word "b", which is not among the 1-grams.',
    ],
    ["an n-gram twice", small.replace("a </s>", "<s> a"), "line 13 repeats the 2-gram of line 12."],
    [
      "no end",
      small.replace("\\end\\\n", ""),
      'line 15 is past the end of the file, expected "\\end\\"; the file is cut off.',
    ],
    ["no </s>", small.replaceAll("</s>", "z"), 'line 5 begins 1-grams without "</s>".'],
  ])("refuses %s with the line", (_, text, message) => {
    expect(() => parseArpa(text, "m.arpa")).toThrow(`m.arpa: ${message}`);
  });

  test("refuses a file cut off anywhere, and never crashes on a changed character", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: small.length - 1 }),
        fc.constantFrom("", "\t", "x", "-", "9", "\\", "\n"),
        (at, put) => {
          if (put === "") {
            if (at > small.indexOf("\\end\\") + 4) return;
            expect(() => parseArpa(small.slice(0, at))).toThrow(FormatError);
          } else {
            try {
              parseArpa(small.slice(0, at) + put + small.slice(at + 1));
            } catch (error) {
              expect(SeqError.is(error)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test("names the line at which a real file was cut off", () => {
    const text = readFileSync(sharedPath("goldens/kenlm/mini_o3.arpa"), "utf8");
    const cut = text.slice(0, text.length / 2);
    const line = cut.split("\n").length;
    expect(() => parseArpa(cut)).toThrow(new RegExp(`ARPA file: line (${line}|${line + 1}) `));
  });
});

describe("formatArpa", () => {
  test("writes the probability that a context without one of its own backs off to", () => {
    const model = estimateAddK(corpusFromText("a b\nb a\n"), { order: 3, k: 1 });
    const read = parseArpa(formatArpa(model));
    const probe = read.vocabulary!.encode("a b a");
    model.score([probe])[0]!.logProbs.forEach((value, t) => {
      expect(read.score([probe])[0]!.logProbs[t]).toBeCloseTo(value, 5);
    });
  });

  test("refuses a model that the format cannot hold", () => {
    const model = estimateStupidBackoff(corpusFromText("a b\n"), { order: 2 });
    expect(() => formatArpa(model)).toThrow(
      "arpaChunks: a stupid-backoff model weighs unseen contexts, which an ARPA file cannot say",
    );
  });
});
