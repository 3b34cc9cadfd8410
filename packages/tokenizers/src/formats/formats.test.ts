import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FormatError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import { describe, expect, test } from "vitest";
import { loadTokenizer } from "../node.ts";
import { decodeUtf8, encodeUtf8 } from "../text/utf8.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { readSentencePiece } from "./sentencepiece/read.ts";
import { writeSentencePiece } from "./sentencepiece/write.ts";
import { readTiktoken } from "./tiktoken/read.ts";
import { writeTiktoken } from "./tiktoken/write.ts";
import { readTokenizerJson } from "./tokenizer-json/read.ts";
import { writeTokenizerJson } from "./tokenizer-json/write.ts";
import { readVocabMerges, readVocabText } from "./vocab-merges/read.ts";
import { writeVocabMerges, writeVocabText } from "./vocab-merges/write.ts";

const texts = JSON.parse(
  readFileSync(sharedPath("data/tokenizers/expected/texts.json"), "utf8"),
) as string[];

function expectSameIds(a: Tokenizer, b: Tokenizer): void {
  for (const text of texts) expect([...b.encodeToIds(text)]).toEqual([...a.encodeToIds(text)]);
}

describe("what we write we read with equal ids", () => {
  const folder = sharedPath("goldens/hf");
  const names = readdirSync(folder).filter((name) => name.endsWith(".tokenizer.json"));

  test.each(names)("tokenizer.json: %s", (name) => {
    const first = readTokenizerJson(readFileSync(join(folder, name), "utf8"), name);
    const written = writeTokenizerJson(first);
    expectSameIds(first, readTokenizerJson(written, name));
    // Writing again gives the same bytes: nothing is lost or reordered.
    expect(writeTokenizerJson(readTokenizerJson(written))).toBe(written);
  });

  test.each(["bert-base-uncased", "t5-small", "falcon-7b"])("tokenizer.json of %s", (name) => {
    const path = sharedPath(`data/tokenizers/${name}/tokenizer.json`);
    const first = readTokenizerJson(readFileSync(path, "utf8"));
    expectSameIds(first, readTokenizerJson(writeTokenizerJson(first)));
  });

  test.each([
    "uni400_nmt",
    "uni1000_nfkc_bf",
    "bpe800_identity_bf",
    "word_identity",
    "char_identity",
  ])("SentencePiece model: %s", (name) => {
    const first = readSentencePiece(
      readFileSync(sharedPath(`goldens/sentencepiece/${name}.model`)),
    );
    expectSameIds(first, readSentencePiece(writeSentencePiece(first)));
  });

  test("tiktoken ranks, byte for byte", () => {
    const file = readFileSync(sharedPath("data/tokenizers/tiktoken/r50k_base.tiktoken"));
    const written = writeTiktoken(readTiktoken(file, "r50k_base"));
    expect(Buffer.compare(file, Buffer.from(written))).toBe(0);
  });

  test("tiktoken ranks as tokenizer.json", () => {
    const first = readTiktoken(
      readFileSync(sharedPath("data/tokenizers/tiktoken/r50k_base.tiktoken")),
      "r50k_base",
    );
    const second = readTokenizerJson(writeTokenizerJson(first)).with({
      specialTokensInText: "text",
    });
    expectSameIds(first, second);
  });

  test("vocab.json and merges.txt", () => {
    const vocab = readFileSync(sharedPath("data/tokenizers/gpt2/encoder.json"), "utf8");
    const merges = readFileSync(sharedPath("data/tokenizers/gpt2/vocab.bpe"), "utf8");
    const first = readVocabMerges(vocab, merges);
    const written = writeVocabMerges(first);
    expect(written.merges).toBe(merges);
    expectSameIds(first, readVocabMerges(written.vocab, written.merges));
  });

  test("vocab.txt, byte for byte", () => {
    const file = readFileSync(sharedPath("data/tokenizers/bert-base-uncased/vocab.txt"), "utf8");
    expect(writeVocabText(readVocabText(file))).toBe(file);
  });
});

describe("files that do not say all are recognised", () => {
  test.each([
    ["tiktoken/cl100k_base.tiktoken", [9906, 1917]],
    ["gpt2", [15496, 995]],
    ["bert-base-uncased/vocab.txt", [101, 7592, 2088, 102]],
    ["bert-base-multilingual-cased/vocab.txt", [101, 31178, 11356, 102]],
    ["openai-gpt", [3570, 1276]],
    ["mistral-7b-v0.1/tokenizer.model", [22557, 1526]],
    ["t5-small", [8774, 296, 1]],
  ])("%s", async (path, ids) => {
    const tokenizer = await loadTokenizer(sharedPath(`data/tokenizers/${path}`));
    expect([...tokenizer.encodeToIds("Hello world")]).toEqual(ids);
  });

  test("the slides' openai-gpt ids, whose spaces are lost", async () => {
    const gpt = await loadTokenizer(sharedPath("data/tokenizers/openai-gpt"));
    expect([...gpt.encodeToIds("i eat cake.")]).toEqual([249, 2425, 5409, 239]);
    expect([...gpt.encodeToIds(" I eat cake .")]).toEqual([249, 2425, 5409, 239]);
    expect([...gpt.encodeToIds("😂")]).toEqual([0]);
  });

  test("a preset overrides", async () => {
    const path = sharedPath("data/tokenizers/bert-base-uncased/vocab.txt");
    const cased = await loadTokenizer(path, { preset: "bert-cased" });
    expect(cased.encode("Hello", { addSpecialTokens: false }).tokens).toEqual(["[UNK]"]);
  });

  test("a folder without a tokenizer says what was expected", async () => {
    await expect(loadTokenizer(sharedPath("data/mt"))).rejects.toThrowError(
      /^No tokenizer among no files; expected/,
    );
    await expect(loadTokenizer("no-such-folder")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

const minimal = (change: object): string =>
  JSON.stringify({
    model: { type: "WordLevel", vocab: { a: 0, u: 1 }, unk_token: "u" },
    ...change,
  });

describe("bad files name the place", () => {
  test.each<[string, () => unknown, string]>([
    ["no JSON", () => readTokenizerJson("{", "f.json"), "f.json: not valid JSON"],
    ["no model", () => readTokenizerJson("{}", "f.json"), "f.json.model: expected an object, found nothing."],
    [
      "an unknown type",
      () => readTokenizerJson(minimal({ normalizer: { type: "Magic" } }), "f.json"),
      'f.json.normalizer.type: expected a known normalizer, found "Magic".',
    ],
    [
      "the same id twice",
      () => readTokenizerJson(minimal({ model: { type: "WordLevel", vocab: { a: 0, b: 0 }, unk_token: "a" } }), "f.json"),
      'f.json.model.vocab: the tokens "a" and "b" have the same id 0.',
    ],
    [
      "a huge id",
      () => readTokenizerJson(minimal({ model: { type: "WordLevel", vocab: { a: 2e9 }, unk_token: "a" } }), "f.json"),
      'f.json.model.vocab["a"]: expected a whole number from 0 to 65544, found 2000000000.',
    ],
    [
      "a merge of a token that is not there",
      () =>
        readTokenizerJson(
          minimal({ model: { type: "BPE", vocab: { a: 0 }, merges: ["a b"] } }),
          "f.json",
        ),
      'f.json.model: BPE: merge 0 joins "a" and "b", but "b" is not in the vocabulary.',
    ],
    [
      "a regular expression that cannot be read",
      () =>
        readTokenizerJson(
          minimal({ pre_tokenizer: { type: "Split", pattern: { Regex: "(a" }, behavior: "Isolated", invert: false } }),
          "f.json",
        ),
      "f.json.pre_tokenizer.pattern: the regular expression \"(a\" has a group without end at 2, which cannot be translated.",
    ],
    [
      "stages nested too deep",
      () => {
        let stage: object = { type: "Lowercase" };
        for (let i = 0; i < 40; i++) stage = { type: "Sequence", normalizers: [stage] };
        return readTokenizerJson(minimal({ normalizer: stage }), "f.json");
      },
      "expected stages nested at most 16 deep",
    ],
    ["a rank that is none", () => readTiktoken(encodeUtf8("AA== 0\nAQ== x\n"), "f.tiktoken"), "f.tiktoken: line 2: expected a rank after the space."],
    ["no base64", () => readTiktoken(encodeUtf8("!! 0\n"), "f.tiktoken"), "f.tiktoken: line 1: expected a token in base64 and a space."],
    ["a byte that is no token", () => readTiktoken(encodeUtf8("AA== 0\n"), "f.tiktoken"), "f.tiktoken: the byte 0x01 is no token, expected all 256 bytes."],
    ["merges of three", () => readVocabMerges('{"a":0}', "a b c\n"), "merges.txt: line 1: expected two tokens separated by a space"],
    ["a vocabulary without [UNK]", () => readVocabText("a\nb\n"), "vocab.txt: none of the 2 lines is [UNK], expected BERT's vocabulary."],
    ["a token twice", () => readVocabText("[UNK]\na\na\n"), 'vocab.txt: token "a" has the ids 1 and 2, expected each token once.'],
    ["a length beyond the end", () => readSentencePiece(Uint8Array.of(0x0a, 0x7f, 0x0a), "f.model"), "f.model: not a Protocol Buffers message: field 1 of 127 bytes, 1 are left at byte 0."],
    ["a number without end", () => readSentencePiece(new Uint8Array(20).fill(0xff), "f.model"), "f.model: not a Protocol Buffers message: a number of more than ten bytes at byte 0."],
    ["no pieces", () => readSentencePiece(new Uint8Array(0), "f.model"), "f.model: none of the 0 pieces is the unknown one."],
  ])("%s", (_, read, message) => {
    let error: unknown;
    try {
      read();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toContain(message);
  }); // biome-ignore format: one case a line
});

test("__proto__ and constructor are tokens like others", () => {
  const vocab = '{"__proto__":0,"constructor":1,"toString":2,"<unk>":3}';
  const tokenizer = readTokenizerJson(
    `{"model":{"type":"WordLevel","vocab":${vocab},"unk_token":"<unk>"},"pre_tokenizer":{"type":"WhitespaceSplit"}}`,
  );
  expect([...tokenizer.encodeToIds("constructor __proto__ valueOf toString")]).toEqual([
    1, 0, 3, 2,
  ]);
  expect(tokenizer.idToToken(0)).toBe("__proto__");
  const again = readTokenizerJson(writeTokenizerJson(tokenizer));
  expect(again.tokenToId("__proto__")).toBe(0);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("byte order marks and Windows line ends are read", () => {
  const tokenizer = readVocabText("[UNK]\r\nab\r\n##c\r\n");
  expect([...tokenizer.encodeToIds("abc", { addSpecialTokens: false })]).toEqual([1, 2]);
  expect(decodeUtf8(encodeUtf8("\ufeffa"))).toBe("\ufeffa");
});
