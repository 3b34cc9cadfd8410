import { LSTMCell, recordGates } from "@seq/cells";
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { saturation } from "./saturation.ts";

beforeAll(async () => {
  await loadKernels({ backend: "cpu" });
});

describe("saturation", () => {
  test("counts per unit the steps in either margin", () => {
    // Two units over four steps.
    const values = [0.05, 0.5, 0.95, 0.5, 0.95, 0.5, 0.95, 0.5];
    const { low, high, lowShare, highShare, histogram } = saturation(values, 2, { bins: 2 });
    expect(Array.from(low)).toEqual([0.25, 0]);
    expect(Array.from(high)).toEqual([0.75, 0]);
    expect([lowShare, highShare]).toEqual([0.125, 0.375]);
    expect(Array.from(histogram)).toEqual([1, 7]);
  });

  test("gives the mean slope relative to the steepest: 1 in the middle, near 0 at the ends", () => {
    expect(saturation([0.5, 0.5], 1).meanSlope).toBe(1);
    expect(saturation([0.999], 1).meanSlope).toBeCloseTo(4 * 0.999 * 0.001, 12);
    expect(saturation([0, -0.6], 1, { nonlinearity: "tanh" }).meanSlope).toBeCloseTo(
      (1 + 0.64) / 2,
      12,
    );
    expect(saturation([-1, 1], 1, { nonlinearity: "tanh" }).meanSlope).toBe(0);
  });

  test("sees an LSTM's gates open and close with its biases", () => {
    const cell = new LSTMCell({ inputSize: 2, hiddenSize: 3, rng: new Rng(1), forgetBias: 8 });
    const recording = recordGates(cell, tf.randomNormal([2, 5, 2], 0, 1, "float32", 7));
    const gates = Object.values(recording.gates);
    for (const gate of ["i", "f", "o"]) {
      const values = recording.gates[gate]!.dataSync();
      expect(values.every((value) => value > 0 && value < 1)).toBe(true);
    }
    expect(gates).toHaveLength(4);
    expect(saturation(recording.gates["f"]!.dataSync(), 3).highShare).toBeCloseTo(1, 12);
    expect(saturation(recording.gates["i"]!.dataSync(), 3).highShare).toBeLessThan(0.5);
  });

  test("refuses what does not divide into units", () => {
    expect(() => saturation([0.1, 0.2, 0.3], 2)).toThrowError(
      "saturation: 3 values do not make rows of 2 units; give [rows, units].",
    );
    expect(() => saturation([], 2)).toThrowError(
      expect.objectContaining({ code: "SHAPE_MISMATCH" }),
    );
  });
});
