import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, randomTensor, refusal, tensorsLeftBy, values } from "../../test/helpers.ts";
import { LSTMCell } from "../cells/lstm-cell.ts";
import { packPaddedSequence, packSequence } from "../packing/pack.ts";
import { padPackedSequence } from "../packing/pad.ts";
import { tidy } from "../tidy.ts";
import { unroll } from "../unroll.ts";
import { GRU } from "./gru.ts";
import { disposeState, stackState, unstackState } from "./layer-state.ts";
import { LSTM } from "./lstm.ts";
import { RecurrentLayers } from "./recurrent-layers.ts";
import { RNN } from "./rnn.ts";

const sizes = { inputSize: 3, hiddenSize: 4 };
const rng = () => new Rng(5);

describe.each(["wasm", "cpu"] as const)("layers on %s", (backend) => {
  beforeAll(() => loadKernels({ backend }));

  describe.each([
    ["RNN", RNN, 4],
    ["LSTM", LSTM, 4],
    ["GRU", GRU, 4],
  ] as const)("%s", (_, Layers, size) => {
    test.each([
      ["batch first", {}, [2, 5, 3], [2, 5, 4], [2, 4], 1],
      ["time first", { batchFirst: false }, [5, 2, 3], [5, 2, 4], [2, 4], 1],
      ["unbatched", {}, [5, 3], [5, 4], [4], 1],
      ["unbatched, time first", { batchFirst: false, bidirectional: true }, [5, 3], [5, 8], [4], 2],
      ["bidirectional", { bidirectional: true }, [2, 5, 3], [2, 5, 8], [2, 4], 2],
      [
        "bidirectional, summed",
        { bidirectional: true, merge: "sum" },
        [2, 5, 3],
        [2, 5, 4],
        [2, 4],
        2,
      ],
      ["3 layers", { numLayers: 3 }, [2, 5, 3], [2, 5, 4], [2, 4], 3],
      [
        "2 layers, both directions",
        { numLayers: 2, bidirectional: true },
        [2, 5, 3],
        [2, 5, 8],
        [2, 4],
        4,
      ],
      ["one step, one row", {}, [1, 1, 3], [1, 1, 4], [1, 4], 1],
    ] as const)("shapes: %s", (_name, options, input, outputs, state, states) => {
      using layers = new Layers({ ...sizes, ...options, rng: rng() });
      const result = layers.forward(randomTensor(1, [...input]));
      expect(result.outputs.shape).toEqual(outputs);
      expect(result.finalState.length).toBe(states);
      for (const own of result.finalState)
        for (const t of Object.values(own)) expect(t.shape).toEqual(state);
      expect(stackState<Record<string, tf.Tensor>>(result.finalState as never)["h"]?.shape).toEqual(
        [states, ...state],
      );
    });

    test("an initial state is taken as a list or stacked, batched or not", () => {
      using layers = new Layers({ ...sizes, numLayers: 2, rng: rng() });
      const xs = randomTensor(1, [2, 3, 3]);
      const start = layers.forward(randomTensor(2, [2, 3, 3])).finalState as unknown as Record<
        string,
        tf.Tensor
      >[];
      const list = layers.forward(xs, { initialState: start as never });
      const stacked = layers.forward(xs, { initialState: stackState(start) as never });
      expectClose(stacked.outputs, list.outputs, 0);
      const row0 = start.map((state) =>
        Object.fromEntries(
          Object.entries(state).map(([name, t]) => [name, tf.squeeze(tf.slice(t, 0, 1), [0])]),
        ),
      );
      const alone = layers.forward(tf.squeeze(tf.slice(xs, 0, 1), [0]), {
        initialState: row0 as never,
      });
      expectClose(alone.outputs, tf.squeeze(tf.slice(list.outputs, 0, 1), [0]));
    });

    test("two layers are two single layers in a chain", () => {
      using both = new Layers({ ...sizes, numLayers: 2, rng: rng() });
      using first = new Layers({ ...sizes, rng: rng() });
      using second = new Layers({ inputSize: 4, hiddenSize: 4, rng: rng() });
      for (const [name, parameter] of both.parameters) {
        const target = (name.endsWith("_l0") ? first : second).parameters.get(
          name.replace("_l1", "_l0"),
        );
        (target as tf.Variable).assign(parameter.clone());
      }
      const xs = randomTensor(1, [2, 4, 3]);
      const chained = second.forward(first.forward(xs).outputs);
      expectClose(both.forward(xs).outputs, chained.outputs, 1e-6);
    });

    test("both directions are two runs, the second from the true end, joined [forward; backward]", () => {
      using layers = new Layers({ ...sizes, bidirectional: true, rng: rng() });
      const xs = randomTensor(1, [3, 5, 3]);
      const lengths = [5, 2, 4];
      const [forward, backward] = layers.cells;
      const there = unroll(forward as never, xs, { lengths });
      const back = unroll(backward as never, xs, { lengths, reverse: true });
      const result = layers.forward(xs, { lengths });
      expectClose(result.outputs, tf.concat([there.outputs, back.outputs], 2));
      const [hForward, hBackward] = result.finalState as [{ h: tf.Tensor }, { h: tf.Tensor }];
      // What a classifier reads: h at the last true token, and h of the backward run at token 0.
      const lastOfRow1 = tf.reshape(tf.slice(result.outputs, [1, 1, 0], [1, 1, size]), [size]);
      expectClose(tf.reshape(tf.slice(hForward.h, 1, 1), [size]), lastOfRow1);
      const firstBackward = tf.reshape(tf.slice(result.outputs, [0, 0, size], [3, 1, size]), [
        3,
        size,
      ]);
      expectClose(hBackward.h, firstBackward);
    });

    test.each([
      ["sum", (a: tf.Tensor, b: tf.Tensor) => tf.add(a, b)],
      ["mul", (a: tf.Tensor, b: tf.Tensor) => tf.mul(a, b)],
      ["ave", (a: tf.Tensor, b: tf.Tensor) => tf.div(tf.add(a, b), 2)],
    ] as const)("directions merge by %s", (merge, join) => {
      using joined = new Layers({ ...sizes, bidirectional: true, rng: rng() });
      using merged = new Layers({ ...sizes, bidirectional: true, merge, rng: rng() });
      const xs = randomTensor(1, [2, 4, 3]);
      const [a, b] = tf.split(joined.forward(xs).outputs, 2, 2) as [tf.Tensor, tf.Tensor];
      expectClose(merged.forward(xs).outputs, join(a, b));
    });

    test("packed input, padded input with lengths, and every sequence by itself agree", () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
          fc.boolean(),
          (lengths, bidirectional) => {
            using layers = new Layers({ ...sizes, numLayers: 2, bidirectional, rng: rng() });
            tidy(() => {
              const sequences = lengths.map((n, i) => randomTensor(i, [n, 3]));
              const packed = packSequence(sequences, { enforceSorted: false });
              const fromPacked = layers.forward(packed);
              const { padded } = padPackedSequence(packed, { paddingValue: 7 });
              const fromPadded = layers.forward(padded, { lengths });
              expectClose(padPackedSequence(fromPacked.outputs).padded, fromPadded.outputs);
              const [a, b] = [fromPacked, fromPadded].map(({ finalState }) =>
                stackState<Record<string, tf.Tensor>>(finalState as never),
              ) as [Record<string, tf.Tensor>, Record<string, tf.Tensor>];
              for (const name of Object.keys(a))
                expectClose(a[name] as tf.Tensor, b[name] as tf.Tensor);
              sequences.forEach((sequence, i) => {
                const alone = layers.forward(sequence);
                const width = layers.outputSize;
                const own = tf.slice(
                  fromPadded.outputs,
                  [i, 0, 0],
                  [1, lengths[i] as number, width],
                );
                expectClose(tf.squeeze(own, [0]), alone.outputs);
              });
            });
          },
        ),
        { numRuns: 6 },
      );
    });

    test("steps through all layers equal the whole run", () => {
      using layers = new Layers({ ...sizes, numLayers: 2, connections: "skip", rng: rng() });
      const xs = randomTensor(1, [2, 4, 3]);
      const { outputs, finalState } = layers.forward(xs);
      let state = layers.initialState(2) as readonly Record<string, tf.Tensor>[];
      tf.unstack(xs, 1).forEach((x, t) => {
        const next = layers.step(x, state as never);
        expectClose(next.output, tf.squeeze(tf.slice(outputs, [0, t, 0], [2, 1, 4]), [1]));
        state = next.state;
      });
      expectClose(state[1]?.["h"] as tf.Tensor, finalState[1]?.h as tf.Tensor);
    });

    test("nothing is left behind: running, training, packing, stepping, disposing", () => {
      const xs = randomTensor(1, [2, 4, 3]);
      const left = tensorsLeftBy(() => {
        using layers = new Layers({
          ...sizes,
          ...{ numLayers: 2, dropout: 0.3, variational: true, recurrentDropout: 0.2, zoneout: 0.1 },
          ...{ weightDrop: 0.2, connections: "highway", learnedInitialState: true, rng: rng() },
        });
        const options = { training: true, rng: rng() };
        tf.dispose(layers.forward(xs, { ...options, lengths: [4, 2] }) as never);
        using packed = packPaddedSequence(xs, [4, 2]);
        const run = layers.forward(packed, options);
        run.outputs.dispose();
        disposeState(run.finalState as never);
        const state = layers.initialState(2);
        const x = tf.ones([2, 3]);
        tf.dispose([layers.step(x, state as never), state, x] as never);
        const { value, grads } = tf.variableGrads(() =>
          tf.sum(layers.forward(xs, options).outputs),
        );
        tf.dispose([value, grads]);
      });
      expect(left).toBe(0);
    });
  });

  test("state converts between the list and torch's stacked form", () => {
    using lstm = new LSTM({ ...sizes, numLayers: 2, bidirectional: true, rng: rng() });
    const { finalState } = lstm.forward(randomTensor(1, [2, 3, 3]));
    const back = unstackState(stackState(finalState));
    expect(back.length).toBe(4);
    back.forEach((state, k) => {
      expectClose(state["c"] as tf.Tensor, finalState[k]?.c as tf.Tensor, 0);
    });
  });

  test("projections keep c at the hidden size and give h and outputs the projection's", () => {
    using lstm = new LSTM({ ...sizes, projSize: 2, numLayers: 2, rng: rng() });
    const { outputs, finalState } = lstm.forward(randomTensor(1, [2, 3, 3]));
    expect(outputs.shape).toEqual([2, 3, 2]);
    expect(finalState[1]?.h.shape).toEqual([2, 2]);
    expect(finalState[1]?.c.shape).toEqual([2, 4]);
    expect(lstm.parameters.get("weight_ih_l1")?.shape).toEqual([16, 2]);
    expect(lstm.parameters.get("weight_hr_l0")?.shape).toEqual([2, 4]);
  });
});

describe("regularization", () => {
  beforeAll(() => loadKernels());
  const xs = () => randomTensor(1, [3, 6, 3]);
  const training = (seed: number) => ({ training: true, rng: new Rng(seed) });

  test("dropout is off out of training, seeded in training, and never after the last layer", () => {
    using gru = new GRU({ ...sizes, numLayers: 2, dropout: 0.5, rng: rng() });
    using plain = new GRU({ ...sizes, numLayers: 2, rng: rng() });
    expectClose(gru.forward(xs()).outputs, plain.forward(xs()).outputs, 0);
    const [a, b, c] = [1, 1, 2].map((seed) => values(gru.forward(xs(), training(seed)).outputs));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    using single = new GRU({ ...sizes, dropout: 0.9, rng: rng() });
    using bare = new GRU({ ...sizes, rng: rng() });
    expectClose(single.forward(xs(), training(1)).outputs, bare.forward(xs()).outputs, 0);
  });

  test("with rate 1 the second layer sees only zeros", () => {
    using gru = new GRU({ ...sizes, numLayers: 2, dropout: 1, rng: rng() });
    const outputs = gru.forward(xs(), training(1)).outputs;
    const others = gru.forward(tf.mul(xs(), 3), training(1)).outputs;
    expectClose(outputs, others, 0);
  });

  test("variational dropout keeps one mask over time", () => {
    // Layer 2 is the identity of its input here, so its output shows the mask.
    const make = (variational: boolean) => {
      const rnn = new RNN({
        inputSize: 1,
        hiddenSize: 40,
        numLayers: 2,
        dropout: 0.5,
        variational,
        nonlinearity: "identity",
        bias: false,
        rng: rng(),
      });
      const set = (name: string, value: tf.Tensor) =>
        (rnn.parameters.get(name) as tf.Variable).assign(value);
      set("weight_ih_l0", tf.ones([40, 1]));
      set("weight_hh_l0", tf.zeros([40, 40]));
      set("weight_ih_l1", tf.eye(40));
      set("weight_hh_l1", tf.zeros([40, 40]));
      return rnn.forward(tf.ones([1, 3, 1]), training(3)).outputs.arraySync() as number[][][];
    };
    const [fixed] = make(true);
    expect(fixed?.[1]).toEqual(fixed?.[0]);
    expect(fixed?.[2]).toEqual(fixed?.[0]);
    expect(new Set(fixed?.[0])).toEqual(new Set([0, 2]));
    const [fresh] = make(false);
    expect(fresh?.[1]).not.toEqual(fresh?.[0]);
  });

  test("recurrent dropout of rate 1 cuts the hidden-to-hidden products, and only them", () => {
    for (const Layers of [RNN, LSTM, GRU]) {
      using dropped = new Layers({ ...sizes, recurrentDropout: 1, rng: rng() });
      using cut = new Layers({ ...sizes, rng: rng() });
      (cut.parameters.get("weight_hh_l0") as tf.Variable).assign(
        tf.zeros(cut.parameters.get("weight_hh_l0")?.shape ?? []),
      );
      expectClose(dropped.forward(xs(), training(1)).outputs, cut.forward(xs()).outputs);
    }
  });

  test("weight drop of rate 1 does the same by the weights; its scale keeps the mean", () => {
    using dropped = new LSTM({ ...sizes, weightDrop: 1, rng: rng() });
    using cut = new LSTM({ ...sizes, recurrentDropout: 1, rng: rng() });
    expectClose(dropped.forward(xs(), training(1)).outputs, cut.forward(xs(), training(1)).outputs);
    using half = new RNN({
      inputSize: 1,
      hiddenSize: 60,
      weightDrop: 0.5,
      nonlinearity: "identity",
      bias: false,
      rng: rng(),
    });
    (half.parameters.get("weight_ih_l0") as tf.Variable).assign(tf.ones([60, 1]));
    (half.parameters.get("weight_hh_l0") as tf.Variable).assign(tf.ones([60, 60]));
    const outputs = half.forward(tf.tensor3d([1, 0], [1, 2, 1]), training(1)).outputs;
    const second = tf.slice(outputs, [0, 1, 0], [1, 1, 60]);
    // Each unit sums 60 ones under a mask of 0 and 2: 60 in the mean, with standard deviation 7.7.
    expect(Math.abs((tf.mean(second).dataSync()[0] as number) - 60)).toBeLessThan(4);
    expect(new Set(values(second)).size).toBeGreaterThan(5);
  });

  test("zoneout of rate 1 keeps the initial state; out of training it takes the mean", () => {
    using kept = new LSTM({ ...sizes, zoneout: 1, rng: rng() });
    const { finalState } = kept.forward(xs(), training(1));
    expect(values(finalState[0]?.c).every((value) => value === 0)).toBe(true);

    using half = new RNN({ ...sizes, zoneout: { h: 0.25 }, rng: rng() });
    using plain = new RNN({ ...sizes, rng: rng() });
    const one = tf.slice(xs(), [0, 0, 0], [3, 1, 3]);
    expectClose(half.forward(one).outputs, tf.mul(plain.forward(one).outputs, 0.75));
    // In training each value is the old one (0) or the new one.
    const drawn = values(half.forward(one, training(2)).outputs);
    const fresh = values(plain.forward(one).outputs);
    drawn.forEach((value, i) => {
      expect([0, fresh[i]]).toContain(value);
    });
    expect(drawn.some((value) => value === 0)).toBe(true);
  });

  test("recurrent dropout leaves the GRU's z ⊙ h alone", () => {
    using gru = new GRU({ ...sizes, recurrentDropout: 1, rng: rng() });
    const bias = new Float32Array(12).fill(200, 4, 8); // z = 1: h is kept whole
    (gru.parameters.get("bias_ih_l0") as tf.Variable).assign(tf.tensor1d(bias));
    const h = tf.tensor2d([[0.1, 0.2, 0.3, 0.4]]);
    const { finalState } = gru.forward(tf.ones([1, 4, 3]), {
      initialState: [{ h }],
      ...training(1),
    });
    expectClose(finalState[0]?.h as tf.Tensor, h, 0);
  });
});

describe("the same seed on both backends", () => {
  test("draws the same weights and drops the same values", async () => {
    const runs: number[][] = [];
    for (const backend of ["wasm", "cpu"] as const) {
      await loadKernels({ backend });
      using lstm = new LSTM({
        ...sizes,
        ...{ numLayers: 2, dropout: 0.4, recurrentDropout: 0.3, weightDrop: 0.2, zoneout: 0.1 },
        rng: rng(),
      });
      const options = { training: true, rng: new Rng(8), lengths: [6, 3, 5] };
      runs.push(values(lstm.forward(randomTensor(1, [3, 6, 3]), options).outputs));
    }
    expectClose(tf.tensor1d(runs[0] as number[]), runs[1] as number[]);
  });
});

describe("connections", () => {
  beforeAll(() => loadKernels());
  const xs = randomTensorLater(2, [2, 4, 3]);

  function randomTensorLater(seed: number, shape: number[]) {
    return () => randomTensor(seed, shape);
  }

  test("residual adds the layer below, from the second layer on", () => {
    using deep = new RNN({ ...sizes, numLayers: 2, connections: "residual", rng: rng() });
    using plain = new RNN({ ...sizes, numLayers: 2, rng: rng() });
    const [first, second] = plain.cells as [never, never];
    const below = unroll(first, xs()).outputs;
    expectClose(deep.forward(xs()).outputs, tf.add(below, unroll(second, below).outputs));
  });

  test("highway mixes by a gate that begins nearly closed", () => {
    using deep = new RNN({ ...sizes, numLayers: 2, connections: "highway", rng: rng() });
    const [first, second] = deep.cells as [never, never];
    const below = unroll(first, xs()).outputs;
    const [weight, bias] = ["weight", "bias"].map((n) =>
      deep.parameters.get(`highway_${n}_l1`),
    ) as [tf.Tensor, tf.Tensor];
    expect(values(bias)).toEqual([-1, -1, -1, -1]);
    const flat = tf.reshape(below, [-1, 4]);
    const t = tf.reshape(
      tf.sigmoid(tf.add(tf.matMul(flat, weight, false, true), bias)),
      below.shape,
    );
    const mixed = tf.add(tf.mul(t, unroll(second, below).outputs), tf.mul(tf.sub(1, t), below));
    expectClose(deep.forward(xs()).outputs, mixed);
  });

  test("skip and dense widen what the layers read", () => {
    const widths = (connections: "skip" | "dense") => {
      using deep = new GRU({
        ...sizes,
        numLayers: 3,
        bidirectional: true,
        connections,
        rng: rng(),
      });
      deep.forward(xs());
      return deep.cells.map((cell) => cell.inputSize);
    };
    expect(widths("skip")).toEqual([3, 3, 11, 11, 11, 11]);
    expect(widths("dense")).toEqual([3, 3, 11, 11, 19, 19]);
  });

  test("dense reads the input and all layers below, in that order", () => {
    using deep = new RNN({ ...sizes, numLayers: 3, connections: "dense", rng: rng() });
    const below: tf.Tensor[] = [xs()];
    for (const cell of deep.cells) {
      below.push(unroll(cell, below.length === 1 ? xs() : tf.concat(below, 2)).outputs);
    }
    expectClose(deep.forward(xs()).outputs, below[3] as tf.Tensor);
  });

  test("a learned initial state starts at zeros, is used, and gets a gradient", () => {
    using lstm = new LSTM({ ...sizes, learnedInitialState: true, rng: rng() });
    using plain = new LSTM({ ...sizes, rng: rng() });
    expectClose(lstm.forward(xs()).outputs, plain.forward(xs()).outputs, 0);
    const start = lstm.parameters.get("initial_c_l0") as tf.Variable;
    start.assign(tf.tensor1d([1, 2, 3, 4]));
    const given = { h: tf.zeros([2, 4]), c: tf.tensor2d([1, 2, 3, 4, 1, 2, 3, 4], [2, 4]) };
    expectClose(lstm.forward(xs()).outputs, plain.forward(xs(), { initialState: [given] }).outputs);
    const { grads } = tf.variableGrads(() => tf.sum(lstm.forward(xs()).outputs), [start]);
    expect(values(grads[start.name]).every((value) => value !== 0)).toBe(true);
  });
});

describe("description", () => {
  beforeAll(() => loadKernels());

  test("names shapes, parameters and cost", () => {
    using lstm = new LSTM({ inputSize: 100, hiddenSize: 128, rng: rng() });
    expect(lstm.describe()).toBe(
      [
        "LSTM: input [batch, time, 100] -> outputs [batch, time, 128]; 117,760 parameters",
        "  layer 0: 100 -> 128; state h [batch, 128], c [batch, 128]; weight_ih [512, 100], weight_hh [512, 128], bias_ih [512], bias_hh [512]; 116,736 multiply-adds per token",
      ].join("\n"),
    );
    using gru = new GRU({ ...sizes, bidirectional: true, rng: rng() });
    expect(gru.describe().split("\n")[2]).toMatch(
      /^ {2}layer 0 backward: 3 -> 4; state h \[batch, 4\]; /,
    );
  });

  test("leaves no tensors", () => {
    using lstm = new LSTM({ ...sizes, rng: rng() });
    expect(tensorsLeftBy(() => void lstm.describe())).toBe(0);
  });
});

describe("layers refuse", () => {
  beforeAll(() => loadKernels({ backend: "cpu" }));
  const lstm = (options = {}) => new LSTM({ ...sizes, ...options, rng: rng() });
  const xs = () => tf.zeros([2, 5, 3]);

  test.each([
    [
      "other features",
      () => lstm().forward(tf.zeros([2, 5, 4])),
      "SHAPE_MISMATCH LSTM.forward: input has shape [2, 5, 4], expected [batch, time, 3] (inputSize).",
    ],
    [
      "a vector",
      () => lstm().forward(tf.zeros([3])),
      "SHAPE_MISMATCH LSTM.forward: input has shape [3], expected [batch, time, 3], or [time, 3] unbatched.",
    ],
    [
      "lengths beyond time",
      () => lstm().forward(xs(), { lengths: [5, 6] }),
      "LENGTHS LSTM.forward: lengths[1] is 6, expected a whole number from 1 to 5 (time).",
    ],
    [
      "lengths beside packed input",
      () => lstm().forward(packPaddedSequence(xs(), [5, 5]) as never, { lengths: [5, 5] }),
      "LENGTHS_GIVEN_TWICE LSTM.forward: packed input has its own lengths; leave out lengths.",
    ],
    [
      "packed input of other features",
      () => lstm().forward(packPaddedSequence(tf.zeros([1, 2, 7]), [2])),
      "SHAPE_MISMATCH LSTM.forward: input.data has shape [2, 7], expected [tokens, 3] (inputSize).",
    ],
    [
      "too few states",
      () =>
        lstm({ numLayers: 2 }).forward(xs(), {
          initialState: [{ h: tf.zeros([2, 4]), c: tf.zeros([2, 4]) }],
        }),
      "SHAPE_MISMATCH LSTM.forward: initialState has 1 states, expected 2 (directions * layers).",
    ],
    [
      "a state of another batch",
      () => lstm().forward(xs(), { initialState: [{ h: tf.zeros([3, 4]), c: tf.zeros([3, 4]) }] }),
      "SHAPE_MISMATCH LSTM.forward: initialState[0].h has shape [3, 4], expected [2, 4].",
    ],
    [
      "a stacked state of another depth",
      () =>
        lstm().forward(xs(), { initialState: { h: tf.zeros([2, 2, 4]), c: tf.zeros([2, 2, 4]) } }),
      "SHAPE_MISMATCH LSTM.forward: initialState.h has shape [2, 2, 4], expected [1, 2, 4].",
    ],
    [
      "training with dropout and no rng",
      () => lstm({ numLayers: 2, dropout: 0.1 }).forward(xs(), { training: true }),
      "MISSING_OPTION LSTM.forward: training with dropout needs rng, got none.",
    ],
    [
      "stepping from the end",
      () => lstm({ bidirectional: true }).step(tf.zeros([1, 3]), []),
      "BIDIRECTIONAL LSTM.step: the layers are bidirectional, expected one direction.",
    ],
    [
      "a rate above 1",
      () => lstm({ dropout: 1.5 }),
      "OPTION_RANGE LSTM: dropout is 1.5, expected a finite number from 0 to 1.",
    ],
    [
      "no layers",
      () => lstm({ numLayers: 0 }),
      "OPTION_RANGE LSTM: numLayers is 0, expected a whole number of at least 1.",
    ],
    [
      "an unknown merge",
      () => lstm({ merge: "cat" }),
      'OPTION_RANGE LSTM: merge is "cat", expected one of "concat", "sum", "mul", "ave".',
    ],
    [
      "an option of another layer",
      () => new GRU({ ...sizes, projSize: 2, rng: rng() } as never),
      'UNKNOWN_OPTION GRU: unknown option "projSize"; expected one of inputSize, rng, numLayers, batchFirst, bidirectional, merge, dropout, variational, recurrentDropout, zoneout, weightDrop, connections, learnedInitialState, hiddenSize, bias, resetGate, updateGate, initializer.',
    ],
  ])("%s", (_, body, message) => {
    expect(refusal(body)).toBe(message);
  });

  test("NaN where asked to check, but not in the pads", () => {
    const bad = tf.tensor3d([0, 0, 0, 0, Number.NaN, 0], [1, 2, 3]);
    const options = { checkFinite: true };
    expect(refusal(() => lstm().forward(bad, options))).toBe(
      "NOT_FINITE LSTM.forward: input of shape [1, 2, 3] holds NaN at value 4 (row 0), expected finite numbers.",
    );
    expect(lstm().forward(bad, { ...options, lengths: [1] }).outputs.shape).toEqual([1, 2, 4]);
    const h = tf.fill([1, 4], Number.POSITIVE_INFINITY);
    const initialState = [{ h, c: tf.zeros([1, 4]) }];
    expect(refusal(() => lstm().forward(tf.zeros([1, 2, 3]), { ...options, initialState }))).toBe(
      "NOT_FINITE LSTM.forward: initialState[0].h of shape [1, 4] holds Infinity at value 0 (row 0), expected finite numbers.",
    );
  });

  test("a factory whose cells do not fit, and keeps none of them", () => {
    const left = tensorsLeftBy(() => {
      const layers = () =>
        new RecurrentLayers({
          inputSize: 3,
          numLayers: 2,
          rng: rng(),
          createCell: (request) => new LSTMCell({ inputSize: 3, hiddenSize: 4, rng: request.rng }),
        });
      expect(refusal(layers)).toBe(
        "SIZES_DIFFER RecurrentLayers: createCell gave a cell 3 -> 4, expected 4 -> 4.",
      );
    });
    expect(left).toBe(0);
  });

  test("every option of the cell reaches it", () => {
    const cell = lstm({ forgetGate: false, outputActivation: "identity", bias: false })
      .cells[0] as LSTMCell;
    expect(cell.forgetGate).toBe(false);
    expect(cell.outputActivation).toBe("identity");
    expect([...cell.parameters.keys()]).toEqual(["weight_ih", "weight_hh"]);
  });
});
