import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cachedRows } from "./id-cache.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seq-cache-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("cachedRows", () => {
  test("encodes once per key, and again when the file is damaged", async () => {
    const cache = join(folder, "cache");
    let made = 0;
    const rows = [[1, 2, 3], [], [70_000]];
    const get = (...key: string[]) =>
      cachedRows(cache, key, async () => {
        made++;
        return rows;
      });
    const wanted = rows.map((row) => Int32Array.from(row));
    expect(await get("text", "tokenizer")).toEqual(wanted);
    expect(await get("text", "tokenizer")).toEqual(wanted);
    expect(made).toBe(1);
    await get("text", "other tokenizer");
    await get("texttoken", "izer"); // the parts are apart
    expect(made).toBe(3);
    expect(readdirSync(cache)).toHaveLength(3);
    for (const name of readdirSync(cache)) {
      const bytes = readFileSync(join(cache, name));
      bytes[bytes.length - 20]! ^= 1; // within the ids
      writeFileSync(join(cache, name), bytes);
    }
    expect(await get("text", "tokenizer")).toEqual(wanted);
    expect(made).toBe(4);
  });
});
