import { describe, expect, test } from "vitest";
import { padSequences } from "./pad-sequences.ts";

describe("padSequences", () => {
  test("pads at the end and tells the lengths", () => {
    const batch = padSequences([[5, 6, 7], [8]], { paddingId: 9 });
    expect([...batch.ids]).toEqual([5, 6, 7, 8, 9, 9]);
    expect([...batch.lengths]).toEqual([3, 1]);
    expect([batch.batchSize, batch.time]).toEqual([2, 3]);
  });

  test("refuses rows without a single id", () => {
    expect(() => padSequences([[], []])).toThrow(
      "padSequences: 2 rows without a single id, expected at least one id.",
    );
  });
});
