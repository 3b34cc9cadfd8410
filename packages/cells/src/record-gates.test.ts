import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, randomTensor, refusal, tensorsLeftBy, values } from "../test/helpers.ts";
import { GRUCell } from "./cells/gru-cell.ts";
import { LSTMCell } from "./cells/lstm-cell.ts";
import { recordGates } from "./record-gates.ts";
import { unroll } from "./unroll.ts";

describe("recordGates", () => {
  beforeAll(() => loadKernels());
  const lstm = () => new LSTMCell({ inputSize: 3, hiddenSize: 4, rng: new Rng(1) });
  const xs = () => randomTensor(1, [2, 5, 3]);

  test("the recorded gates rebuild the recorded cell: c = f ⊙ c before + i ⊙ g, h = o ⊙ tanh c", () => {
    const { gates, states, outputs } = recordGates(lstm(), xs());
    const { i, f, g, o } = gates as Record<"i" | "f" | "g" | "o", tf.Tensor3D>;
    const c = states["c"] as tf.Tensor3D;
    const before = tf.concat([tf.zeros([2, 1, 4]), tf.slice(c, [0, 0, 0], [2, 4, 4])], 1);
    expectClose(c, tf.add(tf.mul(f, before), tf.mul(i, g)));
    expectClose(outputs, tf.mul(o, tf.tanh(c)));
    expectClose(outputs, unroll(lstm(), xs()).outputs);
  });

  test("runs from the end and from a given state", () => {
    const cell = new GRUCell({ inputSize: 3, hiddenSize: 4, rng: new Rng(1) });
    const initialState = { h: randomTensor(5, [2, 4]) };
    const recording = recordGates(cell, xs(), { reverse: true, initialState });
    expectClose(recording.outputs, unroll(cell, xs(), { reverse: true, initialState }).outputs);
    expect(Object.keys(recording.gates)).toEqual(["r", "z", "n"]);
  });

  test("a row with a length is recorded as it is alone, with zeros after its end", () => {
    const cell = lstm();
    const input = xs();
    for (const reverse of [false, true]) {
      const { gates, states, finalState } = recordGates(cell, input, { lengths: [5, 2], reverse });
      const short = recordGates(cell, tf.slice(input, [1, 0, 0], [1, 2, 3]), { reverse });
      for (const [name, gate] of Object.entries(gates)) {
        expectClose(tf.slice(gate, [1, 0, 0], [1, 2, 4]), short.gates[name] as tf.Tensor);
        expect(values(tf.slice(gate, [1, 2, 0], [1, 3, 4])).every((v) => v === 0)).toBe(true);
      }
      expectClose(
        tf.slice(states["c"] as tf.Tensor, [1, 0, 0], [1, 2, 4]),
        short.states["c"] as tf.Tensor,
      );
      expectClose(tf.slice(finalState.c, 1, 1), short.finalState.c);
    }
  });

  test("leaves only the recording", () => {
    const [cell, input] = [lstm(), xs()];
    expect(tensorsLeftBy(() => tf.dispose(recordGates(cell, input) as never))).toBe(0);
  });

  test("refuses other features", () => {
    expect(refusal(() => recordGates(lstm(), tf.zeros([2, 5, 4])))).toBe(
      "SHAPE_MISMATCH recordGates: xs has shape [2, 5, 4], expected [batch, time, 3] (inputSize).",
    );
  });
});
