import { describe, expect, test } from "vitest";
import { contiguousBatches } from "./contiguous-batches.ts";
import type { TrainingData, TrainingItem } from "./training-data.types.ts";

async function epoch<B>(data: TrainingData<B>): Promise<TrainingItem<B>[]> {
  const items: TrainingItem<B>[] = [];
  do items.push(await data.next());
  while (!items.at(-1)?.endsEpoch);
  return items;
}

describe("contiguous batches", () => {
  test("chunks overlap by one id, so that every target comes once and rows go on", async () => {
    const ids = Array.from({ length: 23 }, (_, i) => i);
    const data = contiguousBatches(ids, { batchSize: 2, chunkLength: 4 });
    const items = await epoch(data);
    expect(items.map(({ batch }) => [...batch.ids.subarray(0, batch.time)])).toEqual([
      [0, 1, 2, 3, 4],
      [4, 5, 6, 7, 8],
      [8, 9, 10],
    ]);
    expect([...items[2]!.batch.ids]).toEqual([8, 9, 10, 19, 20, 21]);
    expect(items.map(({ continues }) => continues)).toEqual([false, true, true]);
    expect(data.batchesPerEpoch).toBe(3);
    expect((await data.next()).epoch).toBe(1);
  });

  test("a cursor goes on in the middle of an epoch", async () => {
    const ids = Array.from({ length: 100 }, (_, i) => i);
    const make = () => contiguousBatches(ids, { batchSize: 3, chunkLength: 5 });
    const data = make();
    for (let i = 0; i < 9; i++) await data.next();
    const resumed = make();
    await resumed.seek(data.cursor());
    expect(await resumed.next()).toEqual(await data.next());
  });

  test("a text that is too short is refused", () => {
    expect(() => contiguousBatches([1, 2, 3], { batchSize: 2, chunkLength: 4 })).toThrow(
      "contiguousBatches: 3 ids for 2 rows, expected at least two ids a row; use a smaller batchSize or more text.",
    );
  });
});
