import { readFileSync } from "node:fs";
import { Rng } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTiktoken } from "./formats/tiktoken/read.ts";
import { readTokenizerJson } from "./formats/tokenizer-json/read.ts";
import { BPE } from "./models/bpe/model.ts";
import { Unigram } from "./models/unigram/model.ts";
import { WordLevel } from "./models/word/word-level.ts";
import { Lowercase } from "./normalizers/case.ts";
import { bertTemplate } from "./post-processors/template.ts";
import { Whitespace } from "./pre-tokenizers/characters.ts";
import { decodeUtf8, encodeUtf8 } from "./text/utf8.ts";
import { Tokenizer } from "./tokenizer.ts";

const cl100k = readTiktoken(
  readFileSync(sharedPath("data/tokenizers/tiktoken/cl100k_base.tiktoken")),
  "cl100k_base.tiktoken",
);
const bert = readTokenizerJson(
  readFileSync(sharedPath("data/tokenizers/bert-base-uncased/tokenizer.json"), "utf8"),
).with({ truncation: undefined, padding: undefined });
const t5 = readTokenizerJson(
  readFileSync(sharedPath("data/tokenizers/t5-small/tokenizer.json"), "utf8"),
).with({ truncation: undefined, padding: undefined });

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.array(fc.constantFrom("hello", " ", "  ", "\n", "don't", "É", "日本", "😀", "\u200d", "1234", "\r\n"), { maxLength: 20 }).map((p) => p.join("")),
); // biome-ignore format: short

describe("a byte-level tokenizer", () => {
  test("gives back every text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(cl100k.decode(cl100k.encodeToIds(text))).toBe(decodeUtf8(encodeUtf8(text)));
      }),
    );
  });

  test("turns a lone surrogate into U+FFFD and nothing else", () => {
    expect(cl100k.decode(cl100k.encodeToIds("a\ud800b"))).toBe("a\ufffdb");
    expect([...cl100k.encodeToIds("\udc00")]).toEqual([...cl100k.encodeToIds("\ufffd")]);
  });

  test("joins the bytes of tokens to the text", () => {
    const text = "naïve 😀 日本";
    const bytes = Array.from(cl100k.encodeToIds(text), (id) => [...cl100k.tokenBytes(id)]).flat();
    expect(decodeUtf8(Uint8Array.from(bytes))).toBe(text);
  });

  test("knows the ids of the slides", () => {
    expect([...cl100k.encodeToIds("run run RunRun")]).toEqual([6236, 1629, 6588, 6869]);
  });
});

describe.each([
  ["cl100k", cl100k],
  ["bert", bert],
  ["t5", t5],
])("both ways through %s", (_, tokenizer) => {
  test("give the same ids, and count counts them", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = [...tokenizer.encode(text).ids];
        expect([...tokenizer.encodeToIds(text)]).toEqual(ids);
        expect(tokenizer.count(text)).toBe(ids.length);
      }),
    );
  });

  test("give offsets that lie in the text and do not go back", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { offsets, specialTokensMask } = tokenizer.encode(text, { byteOffsets: true });
        let last = 0;
        for (let i = 0; i < offsets.length / 2; i++) {
          if (specialTokensMask[i] === 1) continue;
          const [begin, end] = [offsets[2 * i] as number, offsets[2 * i + 1] as number];
          expect(begin).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThanOrEqual(begin);
          expect(end).toBeLessThanOrEqual(text.length);
          last = begin;
        }
      }),
    );
  });

  test("do not depend on what was encoded before, nor on chunks", () => {
    const long = Array.from({ length: 4000 }, (_, i) => `word${i % 97} 日本${i % 13}\n\n  `).join(
      "",
    );
    const ids = tokenizer.encodeToIds(long);
    const fresh = new Tokenizer(tokenizer.parts);
    expect(fresh.encodeToIds(long)).toEqual(ids);
    expect([...fresh.encode(long).ids]).toEqual([...ids]);
  });
});

test("offsets slice the text to the tokens, in UTF-16 and in UTF-8", () => {
  const text = "Größe 😀 ok";
  const { tokens, offsets, byteOffsets } = bert.encode(text, {
    addSpecialTokens: false,
    byteOffsets: true,
  });
  const slices = tokens.map((_, i) => text.slice(offsets[2 * i], offsets[2 * i + 1]));
  const bytes = new TextEncoder().encode(text);
  const fromBytes = tokens.map((_, i) =>
    decodeUtf8(bytes.subarray(byteOffsets?.[2 * i], byteOffsets?.[2 * i + 1])),
  );
  expect(slices.join(" ")).toBe("Gr ö ße 😀 ok");
  expect(fromBytes).toEqual(slices);
});

describe("special tokens in the text", () => {
  const text = "a<|endoftext|>b";

  test("follow the policy that the call names", () => {
    const follow = [...cl100k.encodeToIds(text, { specialTokensInText: "follow" })];
    expect(follow).toEqual([64, 100257, 65]);
    const plain = [...cl100k.encodeToIds(text)];
    expect(plain).not.toContain(100257);
    expect([...cl100k.encodeToIds(text, { specialTokensInText: ["<|endoftext|>"] })]).toEqual(
      follow,
    );
    expect([...cl100k.encodeToIds(text, { specialTokensInText: ["<|fim_prefix|>"] })]).toEqual(
      plain,
    );
  });

  test("are refused with their place", () => {
    expect(() => cl100k.encode(text, { specialTokensInText: "refuse" })).toThrowError(
      'encode: the text holds the special token "<|endoftext|>" at 1; pass specialTokensInText "follow" to encode it as the token, or "text" as plain text.',
    );
  });

  test("leave the text of decode unless asked for", () => {
    expect(cl100k.decode([64, 100257])).toBe("a");
    expect(cl100k.decode([64, 100257], { skipSpecialTokens: false })).toBe("a<|endoftext|>");
  });
});

describe("decoding", () => {
  test("refuses ids without a token", () => {
    expect(() => cl100k.decode([100256])).toThrowError(
      "Tokenizer: id 100256 has no token; the vocabulary has the ids 0 to 100276.",
    );
  });

  test.each([
    ["cl100k", cl100k],
    ["bert", bert],
    ["t5", t5],
  ])("as a stream of %s gives the same text, never half a character", (_, tokenizer) => {
    const text = "Zwölf Boxkämpfer 👨‍👩‍👧‍👦 jagen 日本語 don't, ok.";
    const ids = tokenizer.encodeToIds(text);
    const stream = tokenizer.decodeStream();
    let out = "";
    for (const id of ids) {
      const part = stream.push(id);
      expect(part).not.toContain("\ufffd");
      out += part;
    }
    out += stream.flush();
    expect(out).toBe(tokenizer.decode(ids));
  });
});

describe("windows", () => {
  test("truncate with stride and pad to one length", () => {
    const options = {
      truncation: { maxLength: 6, stride: 1 },
      padding: { length: "longest", id: 0, token: "[PAD]" },
    } as const;
    const [long, short] = bert.encodeBatch(["one two three four five six seven", "one"], options);
    expect(long?.tokens).toEqual(["[CLS]", "one", "two", "three", "four", "[SEP]"]);
    expect(long?.overflowing[0]?.tokens).toEqual([
      "[CLS]",
      "four",
      "five",
      "six",
      "seven",
      "[SEP]",
    ]);
    expect(short?.tokens).toEqual(["[CLS]", "one", "[SEP]", "[PAD]", "[PAD]", "[PAD]"]);
    expect([...(short?.attentionMask ?? [])]).toEqual([1, 1, 1, 0, 0, 0]);
  });

  test("give a pair its types", () => {
    const { tokens, typeIds, sequenceIds } = bert.encodePair("one", "two");
    expect(tokens).toEqual(["[CLS]", "one", "[SEP]", "two", "[SEP]"]);
    expect([...typeIds]).toEqual([0, 0, 0, 1, 1]);
    expect([...sequenceIds]).toEqual([-1, 0, -1, 1, -1]);
  });

  test("refuse a stride that leaves no progress", () => {
    expect(() =>
      bert.encode("a b c d e", { truncation: { maxLength: 4, stride: 2 } }),
    ).toThrowError(
      "truncation: stride is 2, expected less than the 2 tokens left beside the special ones.",
    );
  });
});

describe("adding tokens", () => {
  test("gives new ids after the last and leaves the first tokenizer as it was", () => {
    const more = cl100k.addTokens([{ content: "<user>", special: true }]);
    expect(more.tokenToId("<user>")).toBe(100277);
    expect([...more.encodeToIds("<user>", { specialTokensInText: "follow" })]).toEqual([100277]);
    expect(cl100k.tokenToId("<user>")).toBeUndefined();
  });

  test("finds normalized tokens in normalized text", () => {
    const model = new WordLevel({ vocab: ["<unk>", "a"], unknownToken: "<unk>" });
    const plain = new Tokenizer({
      model,
      normalizer: new Lowercase(),
      preTokenizer: new Whitespace(),
    });
    const more = plain.addTokens([{ content: "New York" }]);
    expect([...more.encodeToIds("a NEW YORK a")]).toEqual([1, 2, 1]);
  });
});

describe("splitByTokens", () => {
  test("cuts a text into stretches that fit and join to the text", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 5 }), (text, maxTokens) => {
        const parts = cl100k.splitByTokens(text, { maxTokens });
        expect(parts.join("")).toBe(text);
      }),
    );
    expect(cl100k.splitByTokens("one two three four", { maxTokens: 2, overlap: 1 })).toEqual([
      "one two",
      " two three",
      " three four",
    ]);
  });
});

describe("chance", () => {
  const hugs = new Tokenizer({
    model: new BPE({ vocab: ["h", "u", "g", "ug", "hug"], merges: [["u", "g"], ["h", "ug"]] }),
  }); // biome-ignore format: short

  test("dropout 0 changes nothing, dropout 1 merges nothing, between them both occur", () => {
    expect(hugs.encode("hug", { rng: new Rng(1), dropout: 0 }).tokens).toEqual(["hug"]);
    expect(hugs.encode("hug", { rng: new Rng(1), dropout: 1 }).tokens).toEqual(["h", "u", "g"]);
    const rng = new Rng(7);
    const seen = new Set(
      Array.from({ length: 200 }, () => hugs.encode("hug", { rng, dropout: 0.5 }).tokens.join("|")),
    );
    expect([...seen].sort()).toEqual(["hug", "h|ug", "h|u|g"].sort());
  });

  test("a Unigram sample follows the probabilities of the segmentations", () => {
    const pieces = [["<unk>", 0], ["a", Math.log(0.5)], ["b", Math.log(0.3)], ["ab", Math.log(0.2)]] as const; // biome-ignore format: a table
    const tokenizer = new Tokenizer({ model: new Unigram({ pieces, unknownId: 0 }) });
    const rng = new Rng(3);
    let whole = 0;
    const draws = 4000;
    for (let i = 0; i < draws; i++) {
      if (tokenizer.encode("ab", { rng, alpha: 1 }).ids.length === 1) whole++;
    }
    // P(ab) : P(a)P(b) = 0.2 : 0.15
    expect(whole / draws).toBeCloseTo(0.2 / 0.35, 1);
    const best = tokenizer.nBest("ab", 5);
    expect(best.map(({ ids }) => [...ids])).toEqual([[3], [1, 2]]);
    expect(best[1]?.score).toBeCloseTo(Math.log(0.15), 10);
  });

  test("n-best is refused where there is only one way", () => {
    expect(() => hugs.nBest("hug", 2)).toThrowError(
      "nBest: the model has one segmentation for a text, expected a Unigram model.",
    );
  });
});

test("options that nobody reads are errors", () => {
  expect(() => cl100k.encode("a", { maxLength: 3 } as never)).toThrowError(
    /unknown option "maxLength"/,
  );
  expect(() => new Tokenizer({ model: cl100k.parts.model, decode: 1 } as never)).toThrowError(
    /unknown option "decode"/,
  );
  expect(() => cl100k.encode("a", { specialTokensInText: "keep" as never })).toThrowError(
    'encode: specialTokensInText is "keep", expected "follow", "text", "refuse" or a list of tokens.',
  );
});

test("a byte-level stage needs a byte-level vocabulary", () => {
  expect(() => cl100k.with({ model: new BPE({ vocab: ["a"], merges: [] }) })).toThrowError(
    /the vocabulary is not; make it with \{ byteLevel: true \}/,
  );
});

test("a template adds its tokens to the short way too", () => {
  const model = new WordLevel({ vocab: ["<unk>", "a", "[CLS]", "[SEP]"], unknownToken: "<unk>" });
  const postProcessor = bertTemplate(["[CLS]", 2], ["[SEP]", 3]);
  const tokenizer = new Tokenizer({ model, postProcessor });
  expect([...tokenizer.encodeToIds("a")]).toEqual([2, 1, 3]);
  expect([...tokenizer.encodeToIds("a", { addSpecialTokens: false })]).toEqual([1]);
  expect(tokenizer.count("a")).toBe(3);
});
