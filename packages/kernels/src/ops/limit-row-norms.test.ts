import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadKernels } from "../load.ts";
import { limitRowNorms } from "./limit-row-norms.ts";

beforeAll(() => loadKernels());

describe("limitRowNorms", () => {
  test("scales only the rows that are named and too long", () => {
    const weight = tf.variable(tf.tensor2d([3, 4, 0.3, 0.4, 6, 8], [3, 2]));
    limitRowNorms(weight, tf.tensor1d([0, 1, 0], "int32"), 1);
    const expected = [0.6, 0.8, 0.3, 0.4, 6, 8];
    for (const [i, value] of (weight.dataSync() as Float32Array).entries()) {
      expect(value).toBeCloseTo(expected[i] as number, 6);
    }
  });

  test("refuses an id outside the table", () => {
    const weight = tf.variable(tf.zeros([3, 2]));
    expect(() => limitRowNorms(weight, tf.tensor1d([3], "int32"), 1)).toThrow(
      "limitRowNorms: id 3, expected 0 to 2.",
    );
  });
});
