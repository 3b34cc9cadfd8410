/**
 * docs/concepts/notation.md as code: the four notations of the sources give the same numbers once their letters
 * are renamed, and their misprints are corrected here.
 */
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  ElmanCell,
  GatedElmanCell,
  GRUCell,
  joinHiddenAndInput,
  LSTMCell,
  splitHiddenAndInput,
  unroll,
} from "../src/index.ts";
import { expectClose, product, randomTensor, sigmoid, values } from "./helpers.ts";

const inputSize = 3;
const hiddenSize = 2;
const rng = () => new Rng(4);
const x = [0.4, -1.2, 0.7];
const h = [0.25, -0.5];
const add = (...lists: number[][]) =>
  (lists[0] as number[]).map((_, i) => lists.reduce((s, l) => s + (l[i] as number), 0));
const mul = (a: number[], b: number[]) => a.map((value, i) => value * (b[i] as number));

/** The packed weights of a cell, cut into one plain matrix per gate. */
function plainWeights(cell: {
  parameters: ReadonlyMap<string, tf.Variable>;
  gateOrder: readonly string[];
}) {
  const cut = (name: string) => {
    const packed = values(cell.parameters.get(name));
    const size = packed.length / cell.gateOrder.length;
    return Object.fromEntries(
      cell.gateOrder.map((gate, k) => [gate, packed.slice(k * size, (k + 1) * size)]),
    ) as Record<string, number[]>;
  };
  return {
    W: cut("weight_ih"),
    U: cut("weight_hh"),
    ...(cell.parameters.has("bias_ih") ? { b: cut("bias_ih"), b2: cut("bias_hh") } : {}),
  };
}

describe("the Elman cell", () => {
  beforeAll(() => loadKernels());
  const withBias = () => new ElmanCell({ inputSize, hiddenSize, rng: rng() });
  const without = () => new ElmanCell({ inputSize, hiddenSize, bias: false, rng: rng() });
  const step = (cell: ElmanCell) => values(cell.step(tf.tensor2d([x]), { h: tf.tensor2d([h]) }).h);

  test("with bias: h = σ_h(W_h x + U_h h + b_h), W on the input", () => {
    const { W, U, b, b2 } = plainWeights(withBias());
    const [W_h, U_h, b_h] = [W["h"], U["h"], add(b?.["h"] ?? [], b2?.["h"] ?? [])] as [
      number[],
      number[],
      number[],
    ];
    expectClose(
      tf.tensor1d(step(withBias())),
      add(product(W_h, x), product(U_h, h), b_h).map(Math.tanh),
    );
  });

  test("without bias: h = g(U h + W x), the same letters the other way round in the sum", () => {
    const { W, U } = plainWeights(without());
    const expected = add(product(U["h"] as number[], h), product(W["h"] as number[], x)).map(
      Math.tanh,
    );
    expectClose(tf.tensor1d(step(without())), expected);
  });

  test("h = σ(W_h h + W_e e + b_1): both matrices are W, the input's is W_e", () => {
    const { W, U, b, b2 } = plainWeights(withBias());
    const [W_h, W_e, b_1] = [U["h"], W["h"], add(b?.["h"] ?? [], b2?.["h"] ?? [])] as [
      number[],
      number[],
      number[],
    ];
    expectClose(
      tf.tensor1d(step(withBias())),
      add(product(W_h, h), product(W_e, x), b_1).map(Math.tanh),
    );
  });

  test("h_i = tanh(W x_i + V h_{i-1}) from h_0 = 0: three steps are the nested formula", () => {
    const cell = without();
    const {
      W,
      U: { h: V },
    } = plainWeights(cell) as { W: Record<string, number[]>; U: { h: number[] } };
    const xs = [x, [1, 0, -1], [0.5, 0.5, 0.5]] as [number[], number[], number[]];
    const Wx = xs.map((own) => product(W["h"] as number[], own)) as [number[], number[], number[]];
    const tanh = (list: number[]) => list.map(Math.tanh);
    const nested = tanh(add(Wx[2], product(V, tanh(add(Wx[1], product(V, tanh(Wx[0])))))));
    expectClose(unroll(cell, tf.tensor3d([xs])).finalState.h, nested);
  });

  test("with g the identity, three steps give exactly W x3 + V W x2 + V² W x1", () => {
    // Small whole numbers, so that float32 is exact.
    const cell = new ElmanCell({
      inputSize: 2,
      hiddenSize: 2,
      bias: false,
      nonlinearity: "identity",
      rng: rng(),
    });
    const [W, V] = [
      [1, 2, -1, 3],
      [2, -1, 1, 1],
    ] as [number[], number[]];
    cell.parameters.get("weight_ih")?.assign(tf.tensor2d(W, [2, 2]));
    cell.parameters.get("weight_hh")?.assign(tf.tensor2d(V, [2, 2]));
    const xs = [
      [1, 2],
      [3, -1],
      [-2, 4],
    ] as [number[], number[], number[]];
    const expected = add(
      product(W, xs[2]),
      product(V, product(W, xs[1])),
      product(V, product(V, product(W, xs[0]))),
    );
    expect(values(unroll(cell, tf.tensor3d([xs])).finalState.h)).toEqual(expected);
  });

  test("misprint: after n steps the first input's term is V^(n-1) W x_1, not V^(n-1) x_1", () => {
    const cell = new ElmanCell({
      inputSize: 1,
      hiddenSize: 1,
      bias: false,
      nonlinearity: "identity",
      rng: rng(),
    });
    cell.parameters.get("weight_ih")?.assign(tf.tensor2d([[3]]));
    cell.parameters.get("weight_hh")?.assign(tf.tensor2d([[2]]));
    const n = 6;
    const impulse = tf.tensor3d([5, ...new Array(n - 1).fill(0)], [1, n, 1]);
    const [last] = values(unroll(cell, impulse).finalState.h);
    expect(last).toBe(2 ** (n - 1) * 3 * 5);
    expect(last).not.toBe(2 ** (n - 1) * 5);
  });
});

describe("the LSTM", () => {
  beforeAll(() => loadKernels());
  const c = [0.8, -0.3];
  const cell = (bias: boolean) => new LSTMCell({ inputSize, hiddenSize, bias, rng: rng() });
  const run = (own: LSTMCell) =>
    own.stepWithGates(tf.tensor2d([x]), { h: tf.tensor2d([h]), c: tf.tensor2d([c]) });

  test("in the naming k = c ⊙ f, j = g ⊙ i, c = j + k, without biases", () => {
    const { state, gates } = run(cell(false));
    const { W, U } = plainWeights(cell(false));
    const pre = (gate: string) =>
      add(product(U[gate] as number[], h), product(W[gate] as number[], x));
    const k = mul(c, pre("f").map(sigmoid));
    const j = mul(pre("g").map(Math.tanh), pre("i").map(sigmoid));
    expectClose(tf.mul(tf.tensor2d([c]), gates["f"] as tf.Tensor), k);
    expectClose(tf.mul(gates["g"] as tf.Tensor, gates["i"] as tf.Tensor), j);
    expectClose(state.c, add(j, k));
    expectClose(state.h, mul(pre("o").map(sigmoid), add(j, k).map(Math.tanh)));
  });

  test("in the concatenated form f = σ(W_f [h, x] + b_f), which splits back exactly", () => {
    const own = cell(true);
    const [hh, ih] = ["weight_hh", "weight_ih"].map((n) =>
      Float32Array.from(values(own.parameters.get(n))),
    ) as [Float32Array, Float32Array];
    const joined = joinHiddenAndInput(hh, ih, 4 * hiddenSize);
    const { b, b2 } = plainWeights(own);
    const bias = ["i", "f", "g", "o"].flatMap((gate) => add(b?.[gate] ?? [], b2?.[gate] ?? []));
    const pre = add(product(joined, [...h, ...x]), bias);
    expectClose(run(own).gates["f"] as tf.Tensor, pre.slice(2, 4).map(sigmoid), 1e-6);
    const split = splitHiddenAndInput(joined, 4 * hiddenSize, hiddenSize);
    expect(split.weightHh).toEqual(hh);
    expect(split.weightIh).toEqual(ih);
  });

  test("torch's two biases act as their sum", () => {
    const own = cell(true);
    const before = run(own).state;
    const [first, second] = ["bias_ih", "bias_hh"].map((n) => own.parameters.get(n)) as [
      tf.Variable,
      tf.Variable,
    ];
    const sum = tf.add(first, second);
    first.assign(sum);
    second.assign(tf.zeros(second.shape));
    expectClose(run(own).state.c, before.c, 1e-6);
  });

  test("misprint: the gate that decides what to forget is f, not the input gate", () => {
    const own = cell(true);
    const close = (gate: "i" | "f") => {
      const bias = new Float32Array(8).fill(-200, gate === "i" ? 0 : 2, gate === "i" ? 2 : 4);
      own.parameters.get("bias_ih")?.assign(tf.tensor1d(bias));
      own.parameters.get("bias_hh")?.assign(tf.zeros([8]));
      return run(own);
    };
    const forgotten = close("f"); // f = 0: nothing of the old cell is left
    expectClose(
      forgotten.state.c,
      tf.mul(forgotten.gates["i"] as tf.Tensor, forgotten.gates["g"] as tf.Tensor),
      0,
    );
    const unwritten = close("i"); // i = 0: nothing new is written
    expectClose(unwritten.state.c, tf.mul(unwritten.gates["f"] as tf.Tensor, tf.tensor2d([c])), 0);
  });

  test("is the gated Elman cell's idea with a cell and an output gate: f = 1, i = 0 keep", () => {
    const gated = new GatedElmanCell({ inputSize, hiddenSize, rng: rng() });
    const { state, gates } = gated.stepWithGates(tf.tensor2d([x]), { h: tf.tensor2d([h]) });
    const expected = add(mul(values(gates["f"]), h), mul(values(gates["i"]), values(gates["n"])));
    expectClose(state.h, expected);
  });
});

describe("the GRU", () => {
  beforeAll(() => loadKernels());
  const state = () => ({ h: randomTensor(1, [4, 5]) });
  const input = () => randomTensor(2, [4, 3]);
  const cell = (options: object) =>
    new GRUCell({ inputSize: 3, hiddenSize: 5, rng: rng(), ...options });

  test("W_h (r ⊙ h) and r ⊙ (W_hn h + b_hn) are different functions of the same weights", () => {
    const before = cell({ resetGate: "before-product" }).step(input(), state()).h;
    const after = cell({ resetGate: "after-product" }).step(input(), state()).h;
    const difference = values(tf.abs(tf.sub(before, after)));
    expect(Math.max(...difference)).toBeGreaterThan(1e-2);
  });

  test("with h = 0 and no hidden bias the two agree", () => {
    const zero = { h: tf.zeros([4, 5]) };
    const [before, after] = ["before-product", "after-product"].map((resetGate) => {
      const own = cell({ resetGate });
      own.parameters.get("bias_hh")?.assign(tf.zeros([15]));
      return own.step(input(), zero).h;
    }) as [tf.Tensor, tf.Tensor];
    expectClose(before, after, 1e-6);
  });

  test("h' = (1 - u) ⊙ h + u ⊙ n is torch's form with the rows of the update gate negated", () => {
    const torch = cell({});
    const slide = cell({ updateGate: "takes-new" });
    for (const [name, parameter] of slide.parameters) {
      const original = torch.parameters.get(name) as tf.Variable;
      const [r, z, n] = tf.split(original, 3, 0) as [tf.Tensor, tf.Tensor, tf.Tensor];
      parameter.assign(tf.concat([r, tf.neg(z), n], 0));
    }
    expectClose(slide.step(input(), state()).h, torch.step(input(), state()).h, 1e-6);
  });
});
