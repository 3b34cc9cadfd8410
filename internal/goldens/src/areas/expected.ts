/** The expected encodings of real tokenizers: `index.json` beside the file says which and of which texts. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { loadTokenizer } from "@seq/tokenizers/node";
import { Checks, differenceOfLists } from "../check.ts";
import type { Area } from "../types.ts";

interface Index {
  readonly texts: string;
  readonly cases: Record<
    string,
    { expected: string; tokenizer: string; specialTokens: "none" | "add" }
  >;
}

export const expected: Area = {
  name: "expected",
  recognises: ({ json }) =>
    typeof json.how === "string" && Array.isArray(json.ids) && Array.isArray(json.decoded),
  run: async ({ path, json }) => {
    const folder = dirname(path);
    if (!existsSync(join(folder, "index.json"))) {
      return { kind: "unsupported", reason: "no index.json beside it names the tokenizer" };
    }
    const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as Index;
    const entry = Object.values(index.cases).find((c) => basename(c.expected) === basename(path));
    if (entry === undefined) return { kind: "unsupported", reason: "index.json does not name it" };
    const texts = JSON.parse(readFileSync(join(folder, index.texts), "utf8")) as string[];
    const plain = await loadTokenizer(join(folder, entry.tokenizer));
    const tokenizer = plain.with({ truncation: undefined, padding: undefined });
    const addSpecialTokens = entry.specialTokens === "add";
    const checks = new Checks();
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i] as string;
      await checks.run(JSON.stringify(text.slice(0, 200)), () => {
        const ids = json.ids[i];
        const decoded = tokenizer.decode(ids, { skipSpecialTokens: false });
        return (
          differenceOfLists("ids", tokenizer.encodeToIds(text, { addSpecialTokens }), ids) ??
          differenceOfLists(
            "encode().ids",
            tokenizer.encode(text, { addSpecialTokens }).ids,
            ids,
          ) ??
          (decoded === json.decoded[i]
            ? undefined
            : `decoded is ${JSON.stringify(decoded.slice(0, 200))}, expected ${JSON.stringify(json.decoded[i].slice(0, 200))}`)
        );
      });
    }
    return checks.verdict();
  },
};
