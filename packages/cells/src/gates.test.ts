import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, refusal, values } from "../test/helpers.ts";
import { GRUCell } from "./cells/gru-cell.ts";
import { LSTMCell } from "./cells/lstm-cell.ts";
import {
  concatGates,
  gateMatrices,
  gruGateOrders,
  joinHiddenAndInput,
  lstmGateOrders,
  reorderGates,
  splitGates,
  splitHiddenAndInput,
} from "./gates.ts";

describe("gate orders", () => {
  test("a packed LSTM bias moves from torch's order to each other one", () => {
    const torch = Float32Array.of(1, 2, 3, 4); // i f g o
    const to = (name: keyof typeof lstmGateOrders) => [
      ...reorderGates(torch, lstmGateOrders.torch, lstmGateOrders[name]),
    ];
    expect(to("keras")).toEqual([1, 2, 3, 4]);
    expect(to("onnx")).toEqual([1, 4, 2, 3]);
    expect(to("tensorflow1")).toEqual([1, 3, 2, 4]);
  });

  test("Keras' GRU order z r h becomes torch's r z n", () => {
    const packed = Float32Array.of(1, 1, 2, 2, 3, 3);
    expect([...reorderGates(packed, gruGateOrders.keras, gruGateOrders.torch)]).toEqual([
      2, 2, 1, 1, 3, 3,
    ]);
  });

  test("there and back is the identity for any order", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.shuffledSubarray(["i", "f", "g", "o"], { minLength: 4 }),
        (size, order) => {
          const packed = Float32Array.from({ length: 4 * size }, (_, i) => i);
          const there = reorderGates(packed, lstmGateOrders.torch, order);
          expect(reorderGates(there, order, lstmGateOrders.torch)).toEqual(packed);
        },
      ),
    );
  });

  test("split gives views and concat puts them together", () => {
    const packed = Float32Array.of(1, 2, 3, 4);
    const gates = splitGates(packed, ["z", "n"]);
    expect([...(gates.get("n") ?? [])]).toEqual([3, 4]);
    expect(gates.get("z")?.buffer).toBe(packed.buffer);
    expect(concatGates(gates, ["n", "z"])).toEqual(Float32Array.of(3, 4, 1, 2));
  });

  test("refusals name the gate and the sizes", () => {
    expect(refusal(() => splitGates(new Float32Array(5), ["r", "z", "n"]))).toBe(
      "GATES splitGates: 5 values do not divide into 3 gates (r z n).",
    );
    const gates = new Map([["r", new Float32Array(2)]]);
    expect(refusal(() => concatGates(gates, ["r", "z"]))).toBe(
      "GATES concatGates: gate z has no values, expected 2 (as gate r).",
    );
  });
});

describe("the concatenated form W [h, x]", () => {
  test("joins and splits by columns", () => {
    const joined = joinHiddenAndInput(Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6), 2);
    expect([...joined]).toEqual([1, 2, 5, 3, 4, 6]);
    const { weightHh, weightIh } = splitHiddenAndInput(joined, 2, 2);
    expect([...weightHh]).toEqual([1, 2, 3, 4]);
    expect([...weightIh]).toEqual([5, 6]);
  });
});

describe("gateMatrices", () => {
  beforeAll(() => loadKernels());

  test("shows the 8 matrices of an LSTM, whose packed order is i f g o", () => {
    using cell = new LSTMCell({ inputSize: 2, hiddenSize: 3, rng: new Rng(1) });
    const matrices = gateMatrices(cell);
    const names = [...matrices.keys()].filter((name) => !name.startsWith("b"));
    expect(names).toEqual(["W_i", "W_f", "W_g", "W_o", "U_i", "U_f", "U_g", "U_o"]);
    const packed = values(cell.parameters.get("weight_ih"));
    expect(values(matrices.get("W_g"))).toEqual(packed.slice(12, 18));
    expect(matrices.get("U_o")?.shape).toEqual([3, 3]);
    expect(values(matrices.get("b_f"))).toEqual([1, 1, 1]); // the forget bias starts at 1
    tf.dispose([...matrices.values()]);
  });

  test("adds torch's two biases up", () => {
    using cell = new GRUCell({ inputSize: 2, hiddenSize: 2, rng: new Rng(1) });
    const matrices = gateMatrices(cell);
    const [first, second] = ["bias_ih", "bias_hh"].map((name) => values(cell.parameters.get(name)));
    const sum = (first as number[]).map((value, i) => value + (second?.[i] as number));
    expectClose(matrices.get("b_z") as tf.Tensor, sum.slice(2, 4));
    tf.dispose([...matrices.values()]);
  });
});
