import { describe, expect, test } from "vitest";
import { corpusFromSequences, corpusFromText } from "./corpus.ts";
import { splitWords, WordVocabulary } from "./word-vocabulary.ts";

describe("corpusFromText", () => {
  test("gives words ids in the order in which they come, after the three marks", () => {
    const corpus = corpusFromText("the cat\n__proto__ the\n\nconstructor");
    expect(corpus.vocabulary.tokens).toEqual([
      "<unk>",
      "<s>",
      "</s>",
      "the",
      "cat",
      "__proto__",
      "constructor",
    ]);
    expect([...corpus.ids]).toEqual([3, 4, 5, 3, 6]);
    expect([...corpus.starts]).toEqual([0, 2, 4, 4, 5]);
  });

  test("refuses marks in the text with the line, skips them, or keeps <unk>", () => {
    const text = "a b\n<s> a <unk> </s>\n";
    expect(() => corpusFromText(text)).toThrow(
      'corpusFromText: line 2 holds "<s>", which marks a special token; expected words only. Set specialSymbols to "skip" or "keep".',
    );
    expect([...corpusFromText(text, { specialSymbols: "skip" }).ids]).toEqual([3, 4, 3]);
    expect([...corpusFromText(text, { specialSymbols: "keep" }).ids]).toEqual([3, 4, 3, 0]);
  });

  test("with a vocabulary makes other words unknown", () => {
    const vocabulary = new WordVocabulary(["<s>", "</s>", "<unk>", "b"]);
    const corpus = corpusFromText("a b b\n", { vocabulary });
    expect([...corpus.ids]).toEqual([2, 3, 3]);
    expect(corpus).toMatchObject({ beginId: 0, endId: 1, unknownId: 2, vocabSize: 4 });
  });
});

describe("corpusFromSequences", () => {
  test("stands a begin mark of no token before each sequence unless one is given", () => {
    expect(corpusFromSequences([[0, 1]], { vocabSize: 2 }).beginId).toBe(2);
  });

  test("refuses ids outside of the vocabulary, naming the place", () => {
    expect(() => corpusFromSequences([[0], [1, 7]], { vocabSize: 3 })).toThrow(
      "corpusFromSequences: sequence 1 has id 7 at 1, expected 0..2.",
    );
    expect(() => corpusFromSequences([[0, 2]], { vocabSize: 3, beginId: 2 })).toThrow(
      "corpusFromSequences: sequence 0 has id 2 at 1, expected 0..2 but not beginId 2.",
    );
  });

  test("refuses one id as begin and end", () => {
    expect(() => corpusFromSequences([[0]], { vocabSize: 3, beginId: 2, endId: 2 })).toThrow(
      "corpusFromSequences: beginId and endId are both 2",
    );
  });
});

describe("WordVocabulary", () => {
  test("refuses a token that stands twice, and a missing mark", () => {
    expect(() => new WordVocabulary(["<unk>", "<s>", "</s>", "a", "a"])).toThrow(
      'WordVocabulary: "a" stands at 3 and at 4; expected each token once.',
    );
    expect(() => new WordVocabulary(["<unk>", "<s>"])).toThrow(
      'WordVocabulary: no "</s>" among 2 tokens; add it.',
    );
  });

  test("splits at the white space that lmplz knows and at no other", () => {
    expect(splitWords(" a\tb\u00a0c\r\n d\0e ")).toEqual(["a", "b\u00a0c", "d", "e"]);
  });
});
