import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, refusal, sigmoid, values } from "../test/helpers.ts";
import { ElmanCell } from "./cells/elman-cell.ts";
import { GRUCell } from "./cells/gru-cell.ts";
import { LSTMCell } from "./cells/lstm-cell.ts";
import { fromKeras, type KerasWeights, type PackedWeights, toKeras } from "./keras-weights.ts";

const inputSize = 3;
const units = 2;

function random(length: number, seed: number): Float32Array {
  const rng = new Rng(seed);
  return Float32Array.from({ length }, () => rng.normal());
}

function kerasWeights(gates: number, biases: number): KerasWeights {
  return {
    kernel: random(inputSize * gates * units, 1),
    recurrentKernel: random(units * gates * units, 2),
    bias: random(biases * gates * units, 3),
  };
}

/** x · kernel for gate k, as Keras writes it: vectors on the left, gates along the columns. */
function dot(x: readonly number[], kernel: Float32Array, gates: number, k: number): number[] {
  return Array.from({ length: units }, (_, n) =>
    x.reduce(
      (sum, value, i) => sum + value * (kernel[i * gates * units + k * units + n] as number),
      0,
    ),
  );
}

const x = [0.5, -1, 2];
const h = [0.3, -0.7];
const c = [1, -0.2];
const at = (list: ArrayLike<number> | undefined, i: number) => list?.[i] as number;

function load(cell: { parameters: ReadonlyMap<string, tf.Variable> }, weights: PackedWeights) {
  for (const [name, parameter] of cell.parameters) {
    parameter.assign(
      tf.tensor(weights[name as keyof PackedWeights] as Float32Array, parameter.shape),
    );
  }
}

describe("weights of Keras", () => {
  beforeAll(() => loadKernels());
  const sizes = { inputSize, hiddenSize: units, rng: new Rng(0) };

  test("an LSTM (gates i f c o) steps as Keras' equations do", () => {
    const weights = kerasWeights(4, 1);
    const pre = [0, 1, 2, 3].map((k) => {
      const [fromX, fromH] = [dot(x, weights.kernel, 4, k), dot(h, weights.recurrentKernel, 4, k)];
      return fromX.map((value, n) => value + at(fromH, n) + at(weights.bias, k * units + n));
    });
    const next = c.map(
      (old, n) => sigmoid(at(pre[1], n)) * old + sigmoid(at(pre[0], n)) * Math.tanh(at(pre[2], n)),
    );
    const cell = new LSTMCell(sizes);
    load(cell, fromKeras("LSTM", weights, units));
    const state = cell.step(tf.tensor2d([x]), { h: tf.tensor2d([h]), c: tf.tensor2d([c]) });
    expectClose(state.c, next);
    expectClose(
      state.h,
      next.map((value, n) => sigmoid(at(pre[3], n)) * Math.tanh(value)),
    );
  });

  test.each([true, false])(
    "a GRU (gates z r h) with reset_after=%s steps as Keras' equations do",
    (resetAfter) => {
      const weights = kerasWeights(3, resetAfter ? 2 : 1);
      const b = (k: number, n: number) => at(weights.bias, k * units + n);
      const b2 = (k: number, n: number) =>
        resetAfter ? at(weights.bias, 3 * units + k * units + n) : 0;
      const sum = (k: number) => {
        const [fromX, fromH] = [
          dot(x, weights.kernel, 3, k),
          dot(h, weights.recurrentKernel, 3, k),
        ];
        return fromX.map((value, n) => value + at(fromH, n) + b(k, n) + b2(k, n));
      };
      const [z, r] = [sum(0).map(sigmoid), sum(1).map(sigmoid)];
      const reset = resetAfter ? h : h.map((value, n) => at(r, n) * value);
      const inner = dot(reset, weights.recurrentKernel, 3, 2);
      const candidate = dot(x, weights.kernel, 3, 2).map((value, n) =>
        Math.tanh(
          value + b(2, n) + (resetAfter ? at(r, n) * (at(inner, n) + b2(2, n)) : at(inner, n)),
        ),
      );
      const expected = h.map((old, n) => at(z, n) * old + (1 - at(z, n)) * at(candidate, n));
      const cell = new GRUCell({
        ...sizes,
        resetGate: resetAfter ? "after-product" : "before-product",
      });
      load(cell, fromKeras("GRU", weights, units));
      expectClose(cell.step(tf.tensor2d([x]), { h: tf.tensor2d([h]) }).h, expected);
    },
  );

  test("a SimpleRNN steps as Keras' equations do", () => {
    const weights = kerasWeights(1, 1);
    const cell = new ElmanCell(sizes);
    load(cell, fromKeras("SimpleRNN", weights, units));
    const [fromX, fromH] = [dot(x, weights.kernel, 1, 0), dot(h, weights.recurrentKernel, 1, 0)];
    const expected = fromX.map((value, n) => Math.tanh(value + at(fromH, n) + at(weights.bias, n)));
    expectClose(cell.step(tf.tensor2d([x]), { h: tf.tensor2d([h]) }).h, expected);
  });

  test.each([
    ["LSTM", 4, 1, true],
    ["GRU", 3, 2, true],
    ["GRU", 3, 1, false],
    ["SimpleRNN", 1, 1, true],
  ] as const)("%s weights go there and back", (kind, gates, biases, resetAfter) => {
    const weights = kerasWeights(gates, biases);
    expect(toKeras(kind, fromKeras(kind, weights, units), units, resetAfter)).toEqual(weights);
  });

  test("without bias there is none", () => {
    const { kernel, recurrentKernel } = kerasWeights(4, 1);
    const packed = fromKeras("LSTM", { kernel, recurrentKernel }, units);
    expect(Object.keys(packed)).toEqual(["weight_ih", "weight_hh"]);
    expect(Object.keys(toKeras("LSTM", packed, units))).toEqual(["kernel", "recurrentKernel"]);
  });

  test("other sizes are refused with both lengths", () => {
    const weights = kerasWeights(4, 1);
    expect(refusal(() => fromKeras("GRU", weights, units))).toBe(
      "KERAS_WEIGHTS fromKeras: recurrentKernel has 16 values, expected 12.",
    );
    expect(refusal(() => fromKeras("LSTM", { ...weights, bias: random(7, 0) }, units))).toBe(
      "KERAS_WEIGHTS fromKeras: bias has 7 values, expected 8.",
    );
  });

  test("a converted layer keeps its values", () => {
    const cell = new LSTMCell(sizes);
    const packed = Object.fromEntries(
      [...cell.parameters].map(([name, t]) => [name, Float32Array.from(values(t))]),
    ) as unknown as PackedWeights;
    const back = fromKeras("LSTM", toKeras("LSTM", packed, units), units);
    expect(back.weight_ih).toEqual(packed.weight_ih);
  });
});
