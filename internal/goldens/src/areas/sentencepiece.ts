/** SentencePiece: pieces, ids, offsets, decoding, normalization and n-best of a model beside the file. */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readSentencePiece, type Tokenizer } from "@seq/tokenizers";
import { Checks, differenceOfLists, differenceOfNumbers } from "../check.ts";
import type { Area } from "../types.ts";
import { codePointIndex } from "./hf.ts";

export const sentencepiece: Area = {
  name: "sentencepiece",
  recognises: ({ json }) =>
    /^sentencepiece/i.test(String(json.meta?.tool ?? "")) &&
    Array.isArray(json.cases) &&
    typeof json.meta.model === "string",
  run: async ({ path, json }) => {
    const name = basename(json.meta.model);
    const tokenizer = readSentencePiece(readFileSync(join(dirname(path), name)), name);
    const checks = new Checks();
    for (const c of json.cases) {
      await checks.run(JSON.stringify(c.line), () => differenceOfCase(tokenizer, c));
    }
    return checks.verdict();
  },
};

// biome-ignore lint/suspicious/noExplicitAny: as the file has it.
function differenceOfCase(tokenizer: Tokenizer, c: any): string | undefined {
  const encoding = tokenizer.encode(c.line);
  const index = codePointIndex(c.line);
  const offsets = Array.from(encoding.offsets, (offset) => index[offset]);
  return (
    differenceOfLists("ids", encoding.ids, c.ids) ??
    differenceOfLists("encodeToIds", tokenizer.encodeToIds(c.line), c.ids) ??
    differenceOfLists("pieces", encoding.tokens, c.pieces) ??
    differenceOfLists("offsets", offsets, c.offsets.flat()) ??
    difference("decode_ids", tokenizer.decode(c.ids), c.decode_ids) ??
    difference("decode_pieces", decodePieces(tokenizer, c.pieces), c.decode_pieces) ??
    differenceOfNormalized(tokenizer, c) ??
    differenceOfNBest(tokenizer, c) ??
    differenceWithOptions(tokenizer, c)
  );
}

function decodePieces(tokenizer: Tokenizer, pieces: readonly string[]): string {
  return tokenizer.parts.decoder?.decodeChain(pieces).join("") ?? "";
}

function difference(name: string, got: string, expected: string): string | undefined {
  return got === expected
    ? undefined
    : `${name} is ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`;
}

/** `spm_normalize` prints "▁" as a space and no space it put at the begin. */
// biome-ignore lint/suspicious/noExplicitAny: as the file has it.
function differenceOfNormalized(tokenizer: Tokenizer, c: any): string | undefined {
  if (typeof c.normalized !== "string") return undefined;
  const got = tokenizer.parts.normalizer?.normalize(c.line) ?? c.line;
  if (got === c.normalized || got.replaceAll("▁", " ") === c.normalized) return undefined;
  // The tool switches the dummy prefix and the escaping off before it normalizes.
  return difference(
    "normalized",
    got.replace(/^▁/, "").replaceAll("▁", " "),
    c.normalized.replaceAll("▁", " "),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: as the file has it.
function differenceOfNBest(tokenizer: Tokenizer, c: any): string | undefined {
  if (!Array.isArray(c.nbest)) return undefined;
  const got = tokenizer.nBest(c.line, c.nbest.length);
  if (got.length !== c.nbest.length) return `${got.length} best, expected ${c.nbest.length}`;
  for (let i = 0; i < got.length; i++) {
    const [ours, theirs] = [got[i] as (typeof got)[number], c.nbest[i]];
    const found =
      differenceOfNumbers(`nbest[${i}].score`, [ours.score], [theirs.score], 1e-5) ??
      differenceOfLists(`nbest[${i}].ids`, ours.ids, theirs.ids);
    // Segmentations of equal score may come in any order, also beyond the list's end.
    if (found !== undefined && !isAmongEquals(tokenizer, c.line, theirs)) return found;
  }
  return undefined;
}

function isAmongEquals(
  tokenizer: Tokenizer,
  line: string,
  wanted: { ids: readonly number[]; score: number },
): boolean {
  return tokenizer
    .nBest(line, 64)
    .some(
      ({ ids, score }) =>
        Math.abs(score - wanted.score) <= 1e-5 * Math.max(1, Math.abs(score)) &&
        differenceOfLists("ids", ids, wanted.ids) === undefined,
    );
}

// biome-ignore lint/suspicious/noExplicitAny: as the file has it.
function differenceWithOptions(tokenizer: Tokenizer, c: any): string | undefined {
  for (const { options, ids } of c.with_options ?? []) {
    if (!Array.isArray(ids)) continue;
    const plain = [...tokenizer.encodeToIds(c.line)];
    const proto = tokenizer.parts.source?.proto as { bosId: number; eosId: number };
    const got = options.reverse ? plain.reverse() : plain;
    if (options.add_bos) got.unshift(proto.bosId);
    if (options.add_eos) got.push(proto.eosId);
    const found = differenceOfLists(`ids ${JSON.stringify(options)}`, got, ids);
    if (found !== undefined) return found;
  }
  return undefined;
}
