import { Rng } from "@seq/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pairBatches, sequenceBatches } from "./bucketed-batches.ts";
import type { TrainingData, TrainingItem } from "./training-data.types.ts";

/** Rows of length 1..maximum whose ids name the row. */
function makeRows(count: number, maximum: number, seed: number): Int32Array[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, (_, row) =>
    new Int32Array(1 + rng.integer(maximum)).fill(row + 1),
  );
}

async function epoch<B>(data: TrainingData<B>): Promise<TrainingItem<B>[]> {
  const items: TrainingItem<B>[] = [];
  do items.push(await data.next());
  while (!items.at(-1)?.endsEpoch);
  return items;
}

describe("bucketed batches", () => {
  test("an epoch gives every row exactly once, within the limits, whatever the options", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          count: fc.integer({ min: 1, max: 120 }),
          seed: fc.integer({ min: 0, max: 1000 }),
          batchSize: fc.integer({ min: 1, max: 20 }),
          maxTokens: fc.option(fc.integer({ min: 30, max: 200 })),
          poolBatches: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
          shuffle: fc.boolean(),
        }),
        async ({ count, maxTokens, ...options }) => {
          const rows = makeRows(count, 30, options.seed);
          const limit = maxTokens === null ? {} : { maxTokens };
          const data = sequenceBatches(rows, { ...options, ...limit });
          for (const round of [0, 1]) {
            const seen: number[] = [];
            let cells = 0;
            for (const { batch, epoch: number } of await epoch(data)) {
              expect(number).toBe(round);
              expect(batch.batchSize).toBeLessThanOrEqual(options.batchSize);
              if (maxTokens !== null) expect(batch.ids.length).toBeLessThanOrEqual(maxTokens);
              cells += batch.ids.length;
              for (let r = 0; r < batch.batchSize; r++) seen.push(batch.ids[r * batch.time]! - 1);
            }
            const tokens = rows.reduce((sum, row) => sum + row.length, 0);
            expect(data.paddingRatio).toBeCloseTo(1 - tokens / cells, 12);
            expect(seen.sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("bucketing by length leaves little padding where random batches would be half padding", async () => {
    const rows = makeRows(4000, 50, 1);
    const bucketed = sequenceBatches(rows, { batchSize: 32, poolBatches: 100 });
    const random = sequenceBatches(rows, { batchSize: 32, poolBatches: 1 });
    expect(bucketed.paddingRatio).toBeLessThan(0.02);
    expect(random.paddingRatio).toBeGreaterThan(0.4);
    expect((await epoch(bucketed)).length).toBe(125);
  });

  test("equal seeds give equal batches, other seeds and other epochs other ones", async () => {
    const rows = makeRows(100, 9, 2);
    const [a, b, c] = [3, 3, 4].map((seed) => sequenceBatches(rows, { batchSize: 8, seed }));
    const first = await epoch(a!);
    expect(await epoch(b!)).toEqual(first);
    expect(await epoch(c!)).not.toEqual(first);
    expect((await epoch(a!)).map(({ batch }) => batch)).not.toEqual(
      first.map(({ batch }) => batch),
    );
  });

  test("a cursor saved at any batch goes on with the batch that would have come", async () => {
    const rows = makeRows(50, 9, 2);
    const make = () => sequenceBatches(rows, { batchSize: 8, seed: 5 });
    const data = make();
    for (let i = 0; i < 23; i++) {
      const resumed = make();
      resumed.seek(JSON.parse(JSON.stringify(data.cursor())));
      expect(resumed.next()).toEqual(data.next());
      expect(resumed.next()).toEqual(
        (() => {
          const twin = make();
          twin.seek(data.cursor());
          return twin.next();
        })(),
      );
    }
  });

  test("a cursor of other data or other options is refused", () => {
    const cursor = sequenceBatches([[1, 2], [3]], { batchSize: 2 }).cursor();
    expect(() => sequenceBatches([[1, 2], [4]], { batchSize: 2 }).seek(cursor)).toThrow(
      /^BucketedBatches\.seek: the cursor was saved with other data or other batch options/,
    );
    expect(() => sequenceBatches([[1, 2], [3]], { batchSize: 1 }).seek(cursor)).toThrow(
      expect.objectContaining({ code: "DATA_CURSOR" }),
    );
  });

  test("pairs keep their sides together", async () => {
    const pairs = makeRows(60, 9, 3).map((target, i) => ({
      target,
      source: new Array<number>(1 + (i % 7)).fill(target[0] as number),
    }));
    const data = pairBatches(pairs, { maxTokens: 64 });
    let rows = 0;
    for (const { batch } of await epoch(data)) {
      const { source, target } = batch;
      expect(source.ids.length + target.ids.length).toBeLessThanOrEqual(64);
      for (let r = 0; r < source.batchSize; r++) {
        const row = source.ids[r * source.time]!;
        expect(target.ids[r * target.time]).toBe(row);
        expect(source.lengths[r]).toBe(1 + ((row - 1) % 7));
        rows++;
      }
    }
    expect(rows).toBe(60);
  });

  test("names the row that is empty or too long", () => {
    expect(() => sequenceBatches([])).toThrow("sequenceBatches: no rows; expected at least one.");
    expect(() => sequenceBatches([[1], []])).toThrow(
      "sequenceBatches: row 1 is empty; leave such rows out.",
    );
    expect(() => sequenceBatches([[1], [1, 2, 3]], { maxTokens: 2 })).toThrow(
      "sequenceBatches: row 1 has 3 ids, above maxTokens 2; raise maxTokens or leave such rows out.",
    );
    const pair = { source: [1, 2], target: [1, 2] };
    expect(() => pairBatches([pair], { maxTokens: 3 })).toThrow(
      "pairBatches: pair 0 has 4 ids, above maxTokens 3; raise maxTokens or leave such rows out.",
    );
    expect(() => pairBatches([pair], { batch: 3 } as never)).toThrow(
      'pairBatches: unknown option "batch"; expected one of batchSize, maxTokens, poolBatches, shuffle, seed, paddingId.',
    );
  });
});
