import { LSTM, recordGates } from "@seq/cells";
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { recordStates } from "./record-states.ts";

beforeAll(async () => {
  await loadKernels({ backend: "cpu" });
});

test("states of a stack are those of its cells run one on the other, and no tensor is left", () => {
  const layers = new LSTM({ inputSize: 2, hiddenSize: 3, numLayers: 2, rng: new Rng(1) });
  const rng = new Rng(2);
  const xs = tf.tensor3d(
    Float32Array.from({ length: 2 * 4 * 2 }, () => rng.normal()),
    [2, 4, 2],
  );
  const before = tf.memory().numTensors;
  const recording = recordStates(layers, xs);
  expect(tf.memory().numTensors).toBe(before);
  expect([recording.batch, recording.time]).toEqual([2, 4]);
  const lower = recordGates(layers.cells[0] as never, xs);
  const upper = recordGates(layers.cells[1] as never, lower.outputs);
  for (const [layer, own] of [lower, upper].entries()) {
    for (const name of ["h", "c"]) {
      const { values, size } = recording.layers[layer]![name]!;
      expect(size).toBe(3);
      const expected = own.states[name]!.dataSync();
      for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    }
  }
});

test("refuses input of another size", () => {
  const layers = new LSTM({ inputSize: 2, hiddenSize: 3, rng: new Rng(1) });
  expect(() => recordStates(layers, tf.zeros([1, 4, 5]))).toThrowError(
    "recordStates: xs has shape [1, 4, 5], expected [batch, time, 2] (inputSize).",
  );
});
