import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../text/utf8.ts";
import { TokenBuffer } from "../../token-buffer.ts";
import { Tokenizer } from "../../tokenizer.ts";
import { BPE } from "./model.ts";

const slide = ["h", "u", "g", "p", "n", "b", "s", "ug", "un", "hug"];
const merges = [["u", "g"], ["u", "n"], ["h", "ug"]] as const; // biome-ignore format: a table

function tokens(model: BPE, word: string): string[] {
  const bytes = encodeUtf8(word);
  const out = new TokenBuffer();
  model.tokenize(bytes, 0, bytes.length, out);
  return Array.from(out.ids.subarray(0, out.length), (id) => model.vocab.tokenOf(id) as string);
}

describe("BPE", () => {
  // The corpus hug:10 pug:5 pun:12 bun:4 hugs:5 learns (u,g), (u,n), (h,ug) in this order.
  const model = new BPE({ vocab: slide, merges });

  test("applies the merges in the order they were learned", () => {
    expect(tokens(model, "hugs")).toEqual(["hug", "s"]);
    expect(tokens(model, "pug")).toEqual(["p", "ug"]);
    expect(tokens(model, "bun")).toEqual(["b", "un"]);
  });

  test("drops unknown characters without an unknown token, as Hugging Face does", () => {
    expect(tokens(model, "hxug")).toEqual(["hug"]);
  });

  test("gives one unknown token a character, or one a run when fused", () => {
    const vocab = [...slide, "<unk>"];
    expect(tokens(new BPE({ vocab, merges, unknownToken: "<unk>" }), "xyhug")).toEqual([
      "<unk>",
      "<unk>",
      "hug",
    ]);
    const fused = new BPE({ vocab, merges, unknownToken: "<unk>", fuseUnknown: true });
    expect(tokens(fused, "xyhug")).toEqual(["<unk>", "hug"]);
  });

  test("refuses a merge of tokens that do not exist", () => {
    expect(() => new BPE({ vocab: slide, merges: [["h", "x"]] })).toThrowError(
      'BPE: merge 0 joins "h" and "x", but "x" is not in the vocabulary.',
    );
    expect(() => new BPE({ vocab: slide, merges: [["h", "g"]] })).toThrowError(
      'BPE: merge 0 joins "h" and "g" to a token that is not in the vocabulary.',
    );
  });

  test("runs in a pipeline and back", () => {
    const tokenizer = new Tokenizer({ model });
    const { ids, tokens: shown, offsets } = tokenizer.encode("hugs");
    expect([...ids]).toEqual([9, 6]);
    expect(shown).toEqual(["hug", "s"]);
    expect([...offsets]).toEqual([0, 3, 3, 4]);
    expect([...tokenizer.encodeToIds("hugs")]).toEqual([9, 6]);
    expect(tokenizer.count("hugs")).toBe(2);
    expect(tokenizer.decode(ids)).toBe("hug s");
  });
});
