/** tiktoken: ids of an encoding whose rank file lies among the tokenizers. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readTiktoken, type TiktokenPresetName, type Tokenizer } from "@seq/tokenizers";
import { Checks, differenceOfLists } from "../check.ts";
import type { Area } from "../types.ts";

export const tiktoken: Area = {
  name: "tiktoken",
  recognises: ({ json }) =>
    /tiktoken/i.test(String(json.meta?.tool ?? "")) &&
    typeof json.meta?.encoding === "string" &&
    Array.isArray(json.cases),
  run: async ({ path, json }) => {
    const encoding = json.meta.encoding as TiktokenPresetName;
    const ranks = findRanks(path, encoding);
    if (ranks === undefined) {
      return {
        kind: "unsupported",
        reason: `no rank file of ${encoding} beside it or in data/tokenizers`,
      };
    }
    const tokenizer = readTiktoken(readFileSync(ranks), ranks, { preset: encoding });
    const checks = new Checks();
    for (const c of json.cases) {
      await checks.run(JSON.stringify(c.line), () => differenceOfCase(tokenizer, c));
    }
    return checks.verdict();
  },
};

/** `gpt2` has the ranks of r50k_base, p50k_edit those of p50k_base. */
function findRanks(path: string, encoding: string): string | undefined {
  const alias: Record<string, string> = {
    gpt2: "r50k_base",
    p50k_edit: "p50k_base",
    o200k_harmony: "o200k_base",
  };
  const names = [encoding, alias[encoding]].filter((name) => name !== undefined);
  const folders = [dirname(path)];
  for (let up = dirname(path); up !== dirname(up); up = dirname(up)) {
    folders.push(join(up, "data/tokenizers/tiktoken"));
  }
  if (process.env["SEQ_SHARED"])
    folders.push(join(process.env["SEQ_SHARED"], "data/tokenizers/tiktoken"));
  const candidates = folders.flatMap((folder) =>
    names.map((name) => join(folder, `${name}.tiktoken`)),
  );
  return candidates.find((candidate) => existsSync(candidate));
}

// biome-ignore lint/suspicious/noExplicitAny: as the file has it.
function differenceOfCase(tokenizer: Tokenizer, c: any): string | undefined {
  const decoded = tokenizer.decode(c.ids);
  const follow = { specialTokensInText: "follow" } as const;
  return (
    differenceOfLists("ids", tokenizer.encodeToIds(c.line), c.ids) ??
    differenceOfLists("encode().ids", tokenizer.encode(c.line).ids, c.ids) ??
    (tokenizer.count(c.line) === c.ids.length ? undefined : "count differs") ??
    differenceOfLists(
      "ids_all_special",
      tokenizer.encodeToIds(c.line, follow),
      c.ids_all_special ?? c.ids,
    ) ??
    (decoded === (c.decode ?? c.line) ? undefined : `decode is ${JSON.stringify(decoded)}`) ??
    refuses(tokenizer, c)
  );
}

/** tiktoken's `encode` refuses special tokens in the text by default. */
// biome-ignore lint/suspicious/noExplicitAny: as the file has it.
function refuses(tokenizer: Tokenizer, c: any): string | undefined {
  if (c.default_disallows_special === undefined) return undefined;
  try {
    tokenizer.encodeToIds(c.line, { specialTokensInText: "refuse" });
  } catch {
    return undefined;
  }
  return "encodes special tokens, expected a refusal";
}
