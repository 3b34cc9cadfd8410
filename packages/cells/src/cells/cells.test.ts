import { Rng, readSafetensors, writeSafetensors } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  expectClose,
  numericalGradient,
  randomTensor,
  refusal,
  tensorsLeftBy,
  values,
} from "../../test/helpers.ts";
import * as plain from "../../test/reference-cells.ts";
import { constantInitializer, orthogonalInitializer } from "../initializers.ts";
import { countParameters } from "../layers/describe.ts";
import { CoupledLSTMCell } from "./coupled-lstm-cell.ts";
import { ElmanCell } from "./elman-cell.ts";
import { GatedElmanCell } from "./gated-elman-cell.ts";
import { GRUCell } from "./gru-cell.ts";
import { LayerNormLSTMCell } from "./layer-norm-lstm-cell.ts";
import { LSTMCell } from "./lstm-cell.ts";
import { MinimalGatedCell } from "./minimal-gated-cell.ts";
import { PeepholeLSTMCell } from "./peephole-lstm-cell.ts";
import type { RecurrentCell } from "./recurrent-cell.ts";

type AnyCell = RecurrentCell<Record<string, tf.Tensor>>;
interface Sizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly rng: Rng;
}

const identity = (a: number) => a;
const kinds: [string, (sizes: Sizes) => unknown, plain.PlainStep][] = [
  ["ElmanCell tanh", (s) => new ElmanCell(s), plain.elman(Math.tanh)],
  [
    "ElmanCell relu",
    (s) => new ElmanCell({ ...s, nonlinearity: "relu" }),
    plain.elman((a) => Math.max(a, 0)),
  ],
  [
    "ElmanCell identity",
    (s) => new ElmanCell({ ...s, nonlinearity: "identity" }),
    plain.elman(identity),
  ],
  ["ElmanCell without bias", (s) => new ElmanCell({ ...s, bias: false }), plain.elman(Math.tanh)],
  ["LSTMCell", (s) => new LSTMCell(s), plain.lstm],
  [
    "LSTMCell with projection",
    (s) => new LSTMCell({ ...s, projSize: Math.max(1, s.hiddenSize - 2) }),
    plain.lstm,
  ],
  ["LSTMCell of 1997", (s) => new LSTMCell({ ...s, forgetGate: false }), plain.lstm1997],
  ["GRUCell", (s) => new GRUCell(s), plain.gru("after-product", false)],
  [
    "GRUCell before-product",
    (s) => new GRUCell({ ...s, resetGate: "before-product" }),
    plain.gru("before-product", false),
  ],
  [
    "GRUCell takes-new",
    (s) => new GRUCell({ ...s, updateGate: "takes-new" }),
    plain.gru("after-product", true),
  ],
  ["GatedElmanCell", (s) => new GatedElmanCell(s), plain.gatedElman],
  ["MinimalGatedCell", (s) => new MinimalGatedCell(s), plain.minimalGated],
  ["CoupledLSTMCell", (s) => new CoupledLSTMCell(s), plain.coupled],
  ["PeepholeLSTMCell", (s) => new PeepholeLSTMCell(s), plain.peephole],
  ["LayerNormLSTMCell", (s) => new LayerNormLSTMCell(s), plain.layerNormLstm],
];

function create(make: (sizes: Sizes) => unknown, inputSize: number, hiddenSize: number): AnyCell {
  return make({ inputSize, hiddenSize, rng: new Rng(11) }) as AnyCell;
}

function randomState(cell: AnyCell, batch: number): Record<string, tf.Tensor> {
  const sizes = Object.entries<number>(cell.stateSizes);
  return Object.fromEntries(
    sizes.map(([name, size], k) => [name, randomTensor(90 + k, [batch, size])]),
  );
}

/** The plain step, row by row. */
function plainStep(
  step: plain.PlainStep,
  p: plain.PlainParameters,
  x: tf.Tensor,
  state: Record<string, tf.Tensor>,
): Record<string, number[]> {
  const joined: Record<string, number[]> = {};
  const row = (tensor: tf.Tensor, i: number) => {
    const width = tensor.shape[1] as number;
    return values(tensor).slice(i * width, (i + 1) * width);
  };
  for (let i = 0; i < (x.shape[0] as number); i++) {
    const own = Object.fromEntries(Object.entries(state).map(([name, t]) => [name, row(t, i)]));
    for (const [name, list] of Object.entries(step(p, row(x, i), own))) {
      joined[name] = [...(joined[name] ?? []), ...list];
    }
  }
  return joined;
}

describe.each(["wasm", "cpu"] as const)("cells on %s", (backend) => {
  beforeAll(() => loadKernels({ backend }));

  describe.each(kinds)("%s", (_, make, reference) => {
    test.each([
      [1, 3, 3],
      [2, 5, 4],
      [3, 17, 33],
      [5, 1, 5],
    ])(
      "computes its equations for batch %i, input %i, hidden %i",
      (batch, inputSize, hiddenSize) => {
        using cell = create(make, inputSize, hiddenSize);
        const x = randomTensor(1, [batch, inputSize]);
        const state = randomState(cell, batch);
        const next = cell.step(x, state);
        const expected = plainStep(reference, plain.plainParameters(cell), x, state);
        for (const [name, tensor] of Object.entries(next))
          expectClose(tensor, expected[name] as number[]);
      },
    );

    test("stepWithGates gives the same state and gates of the state's shape", () => {
      using cell = create(make, 3, 4);
      const x = randomTensor(1, [2, 3]);
      const state = randomState(cell, 2);
      const next = cell.step(x, state);
      const { state: same, gates } = cell.stepWithGates(x, state);
      for (const name of Object.keys(next))
        expectClose(same[name] as tf.Tensor, next[name] as tf.Tensor);
      for (const gate of Object.values(gates)) expect(gate.shape).toEqual([2, 4]);
    });

    test("its gradients equal central differences of the float64 equations", () => {
      using cell = create(make, 2, 3);
      const x = randomTensor(2, [1, 2]);
      const state = randomState(cell, 1);
      const weights = randomTensor(3, [1, cell.outputSize]);
      const parameters = [...cell.parameters.values()];
      const { grads } = tf.variableGrads(
        () => tf.sum(tf.mul(cell.step(x, state)["h"] as tf.Tensor, weights)) as tf.Scalar,
        parameters,
      );
      const p = plain.plainParameters(cell);
      for (const [name, parameter] of cell.parameters) {
        const numerical = numericalGradient((moved) => {
          const next = plainStep(reference, new Map(p).set(name, moved), x, state);
          return (next["h"] as number[]).reduce(
            (sum, h, i) => sum + h * (values(weights)[i] as number),
            0,
          );
        }, p.get(name) as number[]);
        expectClose(grads[parameter.name] as tf.Tensor, numerical, 1e-4);
      }
    });

    test("a step leaves only its state, and disposing the cell leaves nothing", () => {
      const x = randomTensor(4, [2, 3]);
      const left = tensorsLeftBy(() => {
        using cell = create(make, 3, 4);
        const state = cell.zeroState(2);
        const next = cell.step(x, state);
        const more = cell.stepWithGates(x, state);
        tf.dispose([state, next, more as unknown as tf.TensorContainer]);
      });
      expect(left).toBe(0);
    });
  });

  test("one step of each kind gives the published numbers", () => {
    // d = h = 2, pre = W x + U h + b = [.11, -.09]
    const x = tf.tensor2d([[1, -1]]);
    const h = tf.tensor2d([[0.2, -0.1]]);
    const c = tf.tensor2d([[0.3, -0.4]]);
    const W = [0.1, 0.2, 0.3, 0.4];
    const U = [0.5, -0.6, 0.7, 0.8];
    const b = [0.05, -0.05];
    const sizes = { inputSize: 2, hiddenSize: 2, rng: new Rng(0) };
    const scaled = (scales: number[], list: number[]) =>
      scales.flatMap((s) => list.map((v) => s * v));
    const set = (cell: RecurrentCell<never>, scales: number[], second = scales.map(() => 0)) => {
      const values: Record<string, number[]> = {
        weight_ih: scaled(scales, W),
        weight_hh: scaled(scales, U),
        bias_ih: scaled(scales, b),
        bias_hh: scaled(second, b),
      };
      for (const [name, parameter] of cell.parameters) {
        parameter.assign(tf.tensor(values[name] as number[], parameter.shape));
      }
    };
    const elman = new ElmanCell(sizes);
    set(elman as never, [1]);
    expectClose(elman.step(x, { h }).h, [0.109558, -0.089758], 1e-6);

    const lstm = new LSTMCell(sizes);
    set(lstm as never, [1, 2, -1, 0.5]);
    const next = lstm.step(x, { h, c });
    expectClose(next.c, [0.108645, -0.139188], 1e-6);
    expectClose(next.h, [0.055597, -0.067592], 1e-6);

    // Slide form: r = σ(-pre), u = σ(pre), the new state enters through u.
    const slide = new GRUCell({ ...sizes, resetGate: "before-product", updateGate: "takes-new" });
    set(slide as never, [-1, 1, 1]);
    expectClose(slide.step(x, { h }).h, [0.109588, -0.111932], 1e-6);

    // torch's form: b_in = 0 and b_hn = b.
    const torch = new GRUCell(sizes);
    set(torch as never, [-1, 1, 1]);
    const [first, second] = ["bias_ih", "bias_hh"].map((name) => torch.parameters.get(name));
    first?.assign(tf.tensor1d([-0.05, 0.05, 0.05, -0.05, 0, 0]));
    second?.assign(tf.tensor1d([0, 0, 0, 0, 0.05, -0.05]));
    expectClose(torch.step(x, { h }).h, [0.105131, -0.097122], 1e-6);
  });
});

describe("what gates can do", () => {
  beforeAll(() => loadKernels());

  /** Sets the bias of a gate so far that its sigmoid is exactly 0 or 1 in float32. */
  function force(
    cell: AnyCell & { gateOrder: readonly string[] },
    settings: Record<string, number>,
  ) {
    for (const [name, parameter] of cell.parameters) {
      const size = cell.hiddenSize;
      const forced = new Float32Array(parameter.size);
      if (name === "bias_ih") {
        for (const [gate, value] of Object.entries(settings)) {
          const k = cell.gateOrder.indexOf(gate);
          forced.fill(value, k * size, (k + 1) * size);
        }
      }
      parameter.assign(tf.tensor(forced, parameter.shape));
    }
  }

  test("an LSTM with f = 1 and i = 0 keeps c for 1,000 steps exactly", () => {
    const cell = new LSTMCell({ inputSize: 1, hiddenSize: 3, rng: new Rng(0) });
    force(cell as never, { f: 200, i: -200 });
    const x = randomTensor(1, [1, 1]);
    const c = tf.tensor2d([[0.1, -2.5, 7]]);
    let state = { h: tf.zeros([1, 3]), c: c as tf.Tensor };
    for (let t = 0; t < 1000; t++) state = cell.step(x, state);
    expect(values(state.c)).toEqual(values(c));
  });

  test("a GRU whose update gate keeps holds h, in both conventions", () => {
    const h = tf.tensor2d([[0.1, -0.9]]);
    for (const [updateGate, z] of [
      ["keeps-old", 200],
      ["takes-new", -200],
    ] as const) {
      const cell = new GRUCell({ inputSize: 1, hiddenSize: 2, updateGate, rng: new Rng(0) });
      force(cell as never, { z });
      let state: { h: tf.Tensor } = { h };
      for (let t = 0; t < 1000; t++) state = cell.step(tf.ones([1, 1]), state);
      expect(values(state.h)).toEqual(values(h));
    }
  });

  test("a gated Elman cell with f = 1 and i = 0 preserves h exactly", () => {
    const cell = new GatedElmanCell({ inputSize: 1, hiddenSize: 2, rng: new Rng(0) });
    force(cell as never, { f: 200, i: -200 });
    const h = tf.tensor2d([[0.3, -0.7]]);
    expect(values(cell.step(tf.ones([1, 1]), { h }).h)).toEqual(values(h));
  });

  test("the gates of a trained-looking LSTM lie between closed and open", () => {
    const cell = new LSTMCell({ inputSize: 4, hiddenSize: 8, rng: new Rng(3) });
    const { gates } = cell.stepWithGates(randomTensor(1, [5, 4]), cell.zeroState(5));
    for (const name of ["i", "f", "o"]) {
      for (const value of values(gates[name])) {
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThan(1);
      }
    }
  });
});

describe("parameters", () => {
  beforeAll(() => loadKernels());
  const sizes = () => ({ inputSize: 100, hiddenSize: 128, rng: new Rng(0) });

  test("of 100 inputs and 128 units are 117,760 (LSTM), 88,320 (GRU) and 29,440 (Elman)", () => {
    expect(countParameters(new LSTMCell(sizes()).parameters)).toBe(117_760);
    expect(countParameters(new GRUCell(sizes()).parameters)).toBe(88_320);
    expect(countParameters(new ElmanCell(sizes()).parameters)).toBe(29_440);
  });

  test("start within 1 / sqrt(hidden), with the forget bias at 1", () => {
    const cell = new LSTMCell(sizes());
    const bound = 1 / Math.sqrt(128);
    for (const name of ["weight_ih", "weight_hh"]) {
      const list = values(cell.parameters.get(name));
      expect(Math.max(...list.map(Math.abs))).toBeLessThanOrEqual(bound);
    }
    const sum = values(
      tf.add(
        cell.parameters.get("bias_ih") as tf.Tensor,
        cell.parameters.get("bias_hh") as tf.Tensor,
      ),
    );
    expect(sum.slice(128, 256).every((value) => value === 1)).toBe(true);
    expect(sum.slice(0, 128).every((value) => Math.abs(value) <= 2 * bound)).toBe(true);
  });

  test("forgetBias sets another start, or leaves it to the initializer", () => {
    const bias = (forgetBias: number | "initializer") => {
      const cell = new LSTMCell({ inputSize: 2, hiddenSize: 2, forgetBias, rng: new Rng(0) });
      const names = ["bias_ih", "bias_hh"].map((name) => values(cell.parameters.get(name)));
      return [2, 3].map((i) => (names[0]?.[i] as number) + (names[1]?.[i] as number));
    };
    expect(bias(0)).toEqual([0, 0]);
    expect(bias(2.5)).toEqual([2.5, 2.5]);
    expect(bias("initializer")).not.toEqual([1, 1]);
  });

  test("take an initializer each, by name", () => {
    const cell = new LSTMCell({
      inputSize: 3,
      hiddenSize: 4,
      rng: new Rng(0),
      initializer: { weight_hh: orthogonalInitializer(), bias_ih: constantInitializer(0.5) },
      forgetBias: "initializer",
    });
    // Each gate's block is orthogonal by itself.
    for (const block of tf.split(cell.parameters.get("weight_hh") as tf.Tensor, 4, 0)) {
      expectClose(tf.matMul(block, block, false, true), tf.eye(4), 1e-6);
    }
    expect(values(cell.parameters.get("bias_ih"))).toEqual(new Array(16).fill(0.5));
    expect(Math.max(...values(cell.parameters.get("weight_ih")))).toBeLessThanOrEqual(0.5);
  });

  test("refuse an initializer of no parameter, or of another size", () => {
    const sizes = { inputSize: 3, hiddenSize: 4, rng: new Rng(0) };
    const zeros = constantInitializer(0);
    expect(refusal(() => new GRUCell({ ...sizes, initializer: { weights: zeros } }))).toBe(
      'UNKNOWN_OPTION GRUCell initializer: unknown option "weights"; expected one of weight_ih, weight_hh, bias_ih, bias_hh.',
    );
    const short = () => new Float32Array(5);
    expect(refusal(() => new GRUCell({ ...sizes, initializer: short }))).toBe(
      "INITIALIZER GRUCell: the initializer of weight_ih gave 5 values, expected 12 (4 x 3).",
    );
  });

  test("go to plain values and back, under their names", () => {
    const [source, target] = [1, 2].map(
      (seed) => new PeepholeLSTMCell({ inputSize: 3, hiddenSize: 2, rng: new Rng(seed) }),
    ) as [PeepholeLSTMCell, PeepholeLSTMCell];
    const bytes = writeSafetensors(source.stateDict("cell."));
    target.loadStateDict(readSafetensors(bytes).tensors, { prefix: "cell." });
    for (const [name, parameter] of source.parameters) {
      expect(values(target.parameters.get(name))).toEqual(values(parameter));
    }
  });

  test("equal seeds give equal cells", () => {
    const weight = (seed: number) =>
      values(
        new GRUCell({ inputSize: 3, hiddenSize: 4, rng: new Rng(seed) }).parameters.get(
          "weight_hh",
        ),
      );
    expect(weight(1)).toEqual(weight(1));
    expect(weight(1)).not.toEqual(weight(2));
  });
});

describe("cells refuse", () => {
  beforeAll(() => loadKernels({ backend: "cpu" }));
  const cell = () => new LSTMCell({ inputSize: 32, hiddenSize: 4, rng: new Rng(0) });

  test.each([
    [
      "x of another width",
      () => cell().step(tf.zeros([8, 31]), cell().zeroState(8)),
      "SHAPE_MISMATCH LSTMCell.step: x has shape [8, 31], expected [batch, 32] (inputSize).",
    ],
    [
      "a state of another batch",
      () => cell().step(tf.zeros([8, 32]), cell().zeroState(7)),
      "SHAPE_MISMATCH LSTMCell.step: state.h has shape [7, 4], expected [8, 4].",
    ],
    [
      "ids",
      () => cell().step(tf.zeros([8, 32], "int32"), cell().zeroState(8)),
      "DTYPE_MISMATCH LSTMCell.step: x is int32, expected float32.",
    ],
    [
      "a state without c",
      () => cell().step(tf.zeros([1, 32]), { h: tf.zeros([1, 4]) } as never),
      "NOT_A_TENSOR LSTMCell.step: state.c is undefined, expected a tensor.",
    ],
    [
      "misspelt options",
      () => new LSTMCell({ inputSize: 1, hiddenSize: 1, rng: new Rng(0), proj: 1 } as never),
      'UNKNOWN_OPTION LSTMCell: unknown option "proj"; expected one of inputSize, hiddenSize, rng, bias, projSize, forgetGate, forgetBias, candidateActivation, outputActivation, initializer.',
    ],
    [
      "a projection that is no smaller",
      () => new LSTMCell({ inputSize: 1, hiddenSize: 3, projSize: 3, rng: new Rng(0) }),
      "OPTION_RANGE LSTMCell: projSize is 3, expected less than hiddenSize 3 (0: no projection).",
    ],
    [
      "a hidden size of 0",
      () => new GRUCell({ inputSize: 1, hiddenSize: 0, rng: new Rng(0) }),
      "OPTION_RANGE GRUCell: hiddenSize is 0, expected a whole number of at least 1.",
    ],
    [
      "an unknown nonlinearity",
      () =>
        new ElmanCell({
          inputSize: 1,
          hiddenSize: 1,
          nonlinearity: "gelu" as never,
          rng: new Rng(0),
        }),
      'OPTION_RANGE ElmanCell: nonlinearity is "gelu", expected one of "tanh", "relu", "sigmoid", "identity".',
    ],
  ])("%s", (_, body, message) => {
    expect(refusal(body)).toBe(message);
  });

  test("and leave no tensors when they do", () => {
    const sizes = { inputSize: 1, hiddenSize: 2, rng: new Rng(0) };
    const bad = {
      nonlinearity: "x",
      resetGate: "x",
      outputActivation: "x",
      forgetBias: Number.NaN,
    };
    const left = tensorsLeftBy(() => {
      refusal(() => new ElmanCell({ ...sizes, nonlinearity: bad.nonlinearity as never }));
      refusal(() => new GRUCell({ ...sizes, resetGate: bad.resetGate as never }));
      refusal(() => new LSTMCell({ ...sizes, outputActivation: bad.outputActivation as never }));
      refusal(() => new LSTMCell({ ...sizes, forgetBias: bad.forgetBias }));
    });
    expect(left).toBe(0);
  });

  test("a disposed input, and steps after dispose()", () => {
    const x = tf.zeros([1, 32]);
    x.dispose();
    expect(refusal(() => cell().step(x, cell().zeroState(1)))).toBe(
      "TENSOR_DISPOSED LSTMCell.step: x of shape [1, 32] was disposed before the call; keep it with tf.keep or use it earlier.",
    );
    const gone = cell();
    gone.dispose();
    expect(refusal(() => gone.step(tf.zeros([1, 32]), cell().zeroState(1)))).toBe(
      "TENSOR_DISPOSED LSTMCell: weight_ih was disposed; the cell cannot run any more.",
    );
  });
});
