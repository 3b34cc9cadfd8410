import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../test/bundle.ts";
import { cachedRows } from "../node/id-cache.ts";
import { nodeWorker } from "../node/node-worker.ts";
import { mapInWorkers } from "./worker-map.ts";

let folder = "";
let mapModule = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "seq-map-"));
  mapModule = join(folder, "map.mjs");
  writeFileSync(mapModule, await bundle(new URL("../../test/map-worker.ts", import.meta.url)));
});
afterAll(() => rmSync(folder, { recursive: true }));

const map = (items: Iterable<readonly string[]>, options = {}) =>
  mapInWorkers<readonly string[], Int32Array[]>(
    [nodeWorker(mapModule), nodeWorker(mapModule)],
    items,
    {
      config: 100,
      ...options,
    },
  );

async function collect(results: AsyncIterable<Int32Array[]>): Promise<number[]> {
  const all: number[] = [];
  for await (const rows of results) all.push(...rows.map((row) => row[0] as number));
  return all;
}

describe("mapInWorkers", () => {
  test("gives the results in the order of the items, though some take longer", async () => {
    const items = Array.from({ length: 40 }, (_, i) => [String(2 * i), String(2 * i + 1)]);
    expect(await collect(map(items))).toEqual(Array.from({ length: 80 }, (_, i) => i + 100));
    expect(await collect(map([]))).toEqual([]);
  });

  test("takes only a few items ahead of what is asked for", async () => {
    let taken = 0;
    function* items(): Generator<string[]> {
      for (; taken < 1000; ) yield [String(taken++)];
    }
    const results = map(items(), { ahead: 3 });
    await results.next();
    expect(taken).toBeLessThanOrEqual(7);
    await results.return(undefined);
  });

  test("an error in a worker and the end of a worker are told", async () => {
    await expect(collect(map([["1"], ["fail"], ["2"]]))).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: "cannot encode this",
    });
    await expect(collect(map([["1"], ["die"], ["2"]]))).rejects.toMatchObject({
      code: "WORKER_LOST",
      message: "mapInWorkers: a worker ended (exit code 3).",
    });
  });
});

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
