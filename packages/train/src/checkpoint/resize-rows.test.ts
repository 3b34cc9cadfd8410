import { Rng } from "@seq/core";
import { describe, expect, test } from "vitest";
import { resizeRows } from "./resize-rows.ts";
import { decodeTensors, encodeTensors } from "./weights.ts";

describe("resizeRows", () => {
  const table = new Map([
    ["embedding", { shape: [3, 2], values: Float32Array.from([1, 10, 1, 20, 1, 30]) }],
    ["bias", { shape: [3], values: Float32Array.from([5, 6, 7]) }],
    ["other", { shape: [1], values: Float32Array.from([9]) }],
  ]);

  test("keeps old rows, adds average ones that differ, and drops rows from the end", () => {
    const grown = decodeTensors("x", resizeRows(encodeTensors(table), { embedding: 5, bias: 2 }, new Rng(1))); // biome-ignore format: one line
    expect(grown.get("embedding")?.shape).toEqual([5, 2]);
    const values = [...grown.get("embedding")!.values];
    expect(values.slice(0, 6)).toEqual([1, 10, 1, 20, 1, 30]);
    expect([values[6], values[8]]).toEqual([1, 1]); // a column without spread
    expect(values[7]).not.toBe(values[9]);
    expect(Math.abs(values[7]! - 20)).toBeLessThan(40);
    expect(grown.get("bias")).toEqual({ shape: [2], values: Float32Array.from([5, 6]) });
    expect(grown.get("other")).toEqual(table.get("other"));
  });

  test("names a tensor that is not there", () => {
    expect(() => resizeRows(encodeTensors(table), { embeddings: 5 }, new Rng(1))).toThrow(
      'resizeRows: no tensor "embeddings" with rows; the file has embedding, bias, other.',
    );
  });
});
