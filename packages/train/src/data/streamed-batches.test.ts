import { Rng } from "@seq/core";
import { describe, expect, test } from "vitest";
import { collectIds, streamPairBatches, streamSequenceBatches } from "./streamed-batches.ts";
import type { TrainingData, TrainingItem } from "./training-data.types.ts";

function makeRows(count: number): Int32Array[] {
  const rng = new Rng(count);
  return Array.from({ length: count }, (_, i) => new Int32Array(1 + rng.integer(20)).fill(i + 1));
}

async function* slowly<T>(rows: readonly T[]): AsyncGenerator<T> {
  for (const row of rows) {
    await Promise.resolve();
    yield row;
  }
}

async function epoch<B>(data: TrainingData<B>): Promise<TrainingItem<B>[]> {
  const items: TrainingItem<B>[] = [];
  do items.push(await data.next());
  while (!items.at(-1)?.endsEpoch);
  return items;
}

describe("streamed batches", () => {
  const rows = makeRows(230);
  const options = { batchSize: 8, poolRows: 50, seed: 4 };

  test("every row comes once an epoch, in pools, with little padding", async () => {
    const data = streamSequenceBatches(() => slowly(rows), options);
    for (const round of [0, 1, 2]) {
      const items = await epoch(data);
      const seen = items.flatMap(({ batch }) =>
        Array.from(batch.lengths, (_, r) => batch.ids[r * batch.time]!),
      );
      expect(items.every((item) => item.epoch === round)).toBe(true);
      expect(seen.length).toBe(230);
      expect(new Set(seen).size).toBe(230);
      // The first fifty rows are in the first pool's batches.
      expect(Math.max(...seen.slice(0, 50))).toBe(50);
    }
    expect(data.paddingRatio).toBeLessThan(0.2);
  });

  test("holds one pool in memory and opens the stream again at each epoch", async () => {
    let read = 0;
    let opened = 0;
    function* open(): Generator<Int32Array> {
      opened++;
      for (const row of rows) {
        read++;
        yield row;
      }
    }
    const data = streamSequenceBatches(open, options);
    await data.next();
    expect(read).toBe(51); // a pool, and one row to see whether there is more
    await epoch(data);
    await data.next();
    expect(opened).toBe(2);
  });

  test("a cursor saved at any batch goes on with the batch that would have come", async () => {
    const make = () => streamSequenceBatches(() => slowly(rows), options);
    const data = make();
    for (let i = 0; i < 75; i++) {
      const resumed = make();
      await resumed.seek(JSON.parse(JSON.stringify(data.cursor())));
      expect(await resumed.next()).toEqual(await data.next());
    }
  });

  test("a cursor of another stream or other options is refused, also when the stream got shorter", async () => {
    const data = streamSequenceBatches(() => rows, options);
    for (let i = 0; i < 20; i++) await data.next();
    const cursor = data.cursor();
    const others = [
      streamSequenceBatches(() => rows.slice(0, 60), options),
      streamSequenceBatches(() => [...rows].reverse(), options),
      streamSequenceBatches(() => rows, { ...options, batchSize: 9 }),
    ];
    for (const other of others) {
      await expect(other.seek(cursor)).rejects.toMatchObject({ code: "DATA_CURSOR" });
    }
  });

  test("pairs keep together and within the budget", async () => {
    const pairs = rows.map((target) => ({ target, source: [target[0]!, target[0]!] }));
    const data = streamPairBatches(() => pairs, { maxTokens: 60, poolRows: 40 });
    for (const { batch } of await epoch(data)) {
      const { source, target } = batch;
      expect(source.ids.length + target.ids.length).toBeLessThanOrEqual(60);
      for (let r = 0; r < source.batchSize; r++) {
        expect(source.ids[r * source.time]).toBe(target.ids[r * target.time]);
      }
    }
  });

  test("an empty stream and a row that is too long are named", async () => {
    await expect(streamSequenceBatches(() => []).next()).rejects.toThrow(
      "streamSequenceBatches: the stream has no rows; expected at least one.",
    );
    const long = streamSequenceBatches(() => [[1], [1, 2, 3]], { maxTokens: 2 });
    await expect(long.next()).rejects.toThrow(
      "streamSequenceBatches: row 1 of a pool has 3 ids, expected at least 1 a side and at most 2; leave such rows out.",
    );
  });
});

describe("collectIds", () => {
  test("puts all rows into one array, however many", async () => {
    const many = Array.from({ length: 3000 }, (_, i) => [i, i + 1, i + 2].slice(0, 1 + (i % 3)));
    expect(await collectIds(slowly(many))).toEqual(Int32Array.from(many.flat()));
    const big = [new Int32Array(200_000).fill(7)];
    expect((await collectIds(big)).length).toBe(200_000);
  });
});
