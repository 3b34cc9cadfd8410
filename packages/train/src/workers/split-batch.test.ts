import { describe, expect, test } from "vitest";
import { padSequences } from "../data/pad-sequences.ts";
import { splitBatch } from "./split-batch.ts";

describe("splitBatch", () => {
  test("deals out neighbouring rows, all of them, cut to their own longest row in pairs", () => {
    const source = padSequences([[1], [2, 2], [3, 3, 3], [4], [5]]);
    const target = padSequences([[6, 6], [7], [8], [9, 9, 9, 9], [1]]);
    const parts = splitBatch({ source, target }, 2);
    expect(parts.map((p) => [...p.source.ids])).toEqual([
      [1, 0, 2, 2],
      [3, 3, 3, 4, 0, 0, 5, 0, 0],
    ]);
    expect(parts.map((p) => p.target.time)).toEqual([2, 4]);
    expect(splitBatch(source, 9)).toHaveLength(5);
    expect(splitBatch(source, 2)[0]?.time).toBe(3); // chunks keep their time
    expect(() => splitBatch({ x: 1 }, 2)).toThrow(
      "splitBatch: expected a SequenceBatch or a PairBatch; for other batches give replicas a split function.",
    );
  });
});
