import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../test/bundle.ts";
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
