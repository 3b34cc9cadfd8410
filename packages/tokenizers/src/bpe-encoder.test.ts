import { readFileSync } from "node:fs";
import { sharedPath } from "@seq-internal/test-utils";
import { describe, expect, test } from "vitest";
import { BpeEncoder } from "./bpe-encoder.ts";
import { readTiktoken } from "./formats/tiktoken/read.ts";
import { o200kPattern } from "./pre-tokenizers/gpt-patterns.ts";

const texts = JSON.parse(
  readFileSync(sharedPath("data/tokenizers/expected/texts.json"), "utf8"),
) as string[];

describe("BpeEncoder", () => {
  test.each([
    ["cl100k_base", undefined],
    ["o200k_base", o200kPattern],
  ] as const)("gives the ids of the whole pipeline: %s", (name, pattern) => {
    const ranks = readFileSync(sharedPath(`data/tokenizers/tiktoken/${name}.tiktoken`));
    const small = new BpeEncoder(pattern === undefined ? { ranks } : { ranks, pattern });
    const whole = readTiktoken(ranks, name);
    for (const text of texts) {
      const ids = small.encode(text);
      expect([...ids]).toEqual([...whole.encodeToIds(text)]);
      expect(small.count(text)).toBe(ids.length);
      expect(small.decode(ids)).toBe(whole.decode(ids));
    }
    expect(() => small.decode([999_999])).toThrowError(
      "BpeEncoder.decode: id 999999 has no token.",
    );
  });
});
