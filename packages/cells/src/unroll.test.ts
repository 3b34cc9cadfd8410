import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, randomTensor, refusal, tensorsLeftBy, values } from "../test/helpers.ts";
import { ElmanCell } from "./cells/elman-cell.ts";
import { GRUCell } from "./cells/gru-cell.ts";
import { LSTMCell } from "./cells/lstm-cell.ts";
import { MinimalGatedCell } from "./cells/minimal-gated-cell.ts";
import type { RecurrentCell } from "./cells/recurrent-cell.ts";
import { tidy } from "./tidy.ts";
import { runSequence, unroll } from "./unroll.ts";

type State = Record<string, tf.Tensor>;
type AnyCell = RecurrentCell<State>;

const kinds: [string, (inputSize: number, hiddenSize: number) => AnyCell][] = [
  [
    "ElmanCell",
    (inputSize, hiddenSize) => new ElmanCell({ inputSize, hiddenSize, rng: new Rng(1) }) as never,
  ],
  [
    "LSTMCell",
    (inputSize, hiddenSize) => new LSTMCell({ inputSize, hiddenSize, rng: new Rng(2) }) as never,
  ],
  [
    "LSTMCell with projection",
    (inputSize, hiddenSize) =>
      new LSTMCell({
        inputSize,
        hiddenSize: hiddenSize + 1,
        projSize: 1,
        rng: new Rng(3),
      }) as never,
  ],
  [
    "GRUCell",
    (inputSize, hiddenSize) => new GRUCell({ inputSize, hiddenSize, rng: new Rng(4) }) as never,
  ],
  [
    "GRUCell takes-new before-product",
    (inputSize, hiddenSize) =>
      new GRUCell({
        inputSize,
        hiddenSize,
        updateGate: "takes-new",
        resetGate: "before-product",
        rng: new Rng(4),
      }) as never,
  ],
  [
    "MinimalGatedCell",
    (inputSize, hiddenSize) =>
      new MinimalGatedCell({ inputSize, hiddenSize, rng: new Rng(5) }) as never,
  ],
];

/** A batch of lengths, and sizes that no SIMD width divides. */
const runs = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
  extra: fc.integer({ min: 0, max: 2 }),
  inputSize: fc.constantFrom(1, 3, 5),
  hiddenSize: fc.constantFrom(1, 3, 5, 17),
  reverse: fc.boolean(),
});

function row(tensor: tf.Tensor, i: number, length: number): tf.Tensor {
  return tf.slice(tensor, [i, 0, 0], [1, length, tensor.shape[2] as number]);
}

describe.each(["wasm", "cpu"] as const)("sequences on %s", (backend) => {
  beforeAll(() => loadKernels({ backend }));

  describe.each(kinds)("of %s", (_, create) => {
    interface RunOf {
      readonly lengths: number[];
      readonly reverse: boolean;
    }
    const property = (body: (cell: AnyCell, xs: tf.Tensor, run: RunOf) => void) =>
      fc.assert(
        fc.property(runs, ({ lengths, extra, inputSize, hiddenSize, reverse }) => {
          using cell = create(inputSize, hiddenSize);
          tidy(() => {
            const time = Math.max(...lengths) + extra;
            body(cell, randomTensor(7, [lengths.length, time, inputSize]), { lengths, reverse });
          });
        }),
        { numRuns: 12 },
      );

    test("stepping equals the fused run, values and gradients", () => {
      property((cell, xs, options) => {
        const stepped = unroll(cell, xs, options);
        const fused = runSequence(cell, xs, options);
        expectClose(fused.outputs, stepped.outputs);
        for (const name of Object.keys(stepped.finalState)) {
          expectClose(fused.finalState[name] as tf.Tensor, stepped.finalState[name] as tf.Tensor);
        }
        const weights = randomTensor(8, stepped.outputs.shape);
        const loss = (run: typeof unroll) => (x: tf.Tensor) => {
          const { outputs, finalState } = run(cell, x, options);
          const states = Object.values(finalState).map((state) => tf.sum(tf.square(state)));
          return tf.addN([tf.sum(tf.mul(outputs, weights)), ...states]);
        };
        expectClose(tf.grad(loss(runSequence))(xs), tf.grad(loss(unroll))(xs), 1e-4);
      });
    });

    test("a row of a batch equals the same row run alone, unpadded", () => {
      property((cell, xs, { lengths, reverse }) => {
        const batch = runSequence(cell, xs, { lengths, reverse });
        lengths.forEach((length, i) => {
          const alone = runSequence(cell, row(xs, i, length), { reverse });
          expectClose(row(batch.outputs, i, length), alone.outputs);
          for (const [name, state] of Object.entries(alone.finalState)) {
            expectClose(tf.slice(batch.finalState[name] as tf.Tensor, i, 1), state);
          }
        });
      });
    });

    test("what pads hold changes nothing, and their gradient and output are exactly 0", () => {
      property((cell, xs, options) => {
        const [batch, time, size] = xs.shape as [number, number, number];
        const mask = tf.tensor(
          Float32Array.from({ length: batch * time }, (_, k) =>
            k % time < (options.lengths[Math.floor(k / time)] as number) ? 1 : 0,
          ),
          [batch, time, 1],
        );
        const other = tf.add(xs, tf.mul(tf.sub(1, mask), 1e6));
        for (const run of [unroll, runSequence]) {
          const { outputs } = run(cell, xs, options);
          expect(values(run(cell, other, options).outputs)).toEqual(values(outputs));
          const pads = tf.mul(outputs, tf.sub(1, mask));
          expect(values(pads).every((value) => value === 0)).toBe(true);
          const gradient = tf.grad((x: tf.Tensor) => tf.sum(run(cell, x, options).outputs))(other);
          const atPads = tf.mul(gradient, tf.broadcastTo(tf.sub(1, mask), [batch, time, size]));
          expect(values(atPads).every((value) => value === 0)).toBe(true);
        }
      });
    });

    test("chunks that carry the state equal the whole", () => {
      property((cell, xs) => {
        const [batch, time, size] = xs.shape as [number, number, number];
        const cut = Math.max(1, Math.floor(time / 2));
        const whole = runSequence(cell, xs);
        const first = runSequence(cell, tf.slice(xs, [0, 0, 0], [batch, cut, size]));
        if (cut === time) return;
        const second = runSequence(cell, tf.slice(xs, [0, cut, 0], [batch, time - cut, size]), {
          initialState: first.finalState,
        });
        expectClose(tf.concat([first.outputs, second.outputs], 1), whole.outputs);
        for (const [name, state] of Object.entries(whole.finalState)) {
          expectClose(second.finalState[name] as tf.Tensor, state);
        }
      });
    });

    test("running reversed equals running the reversed rows, so reversing twice changes nothing", () => {
      property((cell, xs) => {
        const there = runSequence(cell, xs, { reverse: true });
        const flipped = runSequence(cell, tf.reverse(xs, 1));
        expectClose(tf.reverse(flipped.outputs, 1), there.outputs);
        const back = runSequence(cell, tf.reverse(xs, 1), { reverse: true });
        expectClose(tf.reverse(back.outputs, 1), runSequence(cell, xs).outputs);
      });
    });

    test("NaN in the pads reaches neither outputs nor gradients, of the input or of the weights", () => {
      using cell = create(3, 4);
      const xs = tf.tensor3d([1, 2, 3, Number.NaN, Number.NaN, Number.NaN], [1, 2, 3]);
      for (const run of [unroll, runSequence]) {
        const loss = (x: tf.Tensor) => tf.sum(run(cell, x, { lengths: [1] }).outputs);
        const gradient = tf.grad(loss)(xs);
        expect(values(gradient).slice(3)).toEqual([0, 0, 0]);
        const { grads } = tf.variableGrads(
          () => loss(xs) as tf.Scalar,
          [...cell.parameters.values()],
        );
        for (const each of [gradient, ...Object.values(grads)]) {
          expect(values(each).some(Number.isNaN)).toBe(false);
        }
      }
    });

    test("a run leaves only its results", () => {
      using cell = create(3, 4);
      const xs = randomTensor(1, [2, 3, 3]);
      for (const run of [unroll, runSequence]) {
        const left = tensorsLeftBy(() => {
          tf.dispose(run(cell, xs, { lengths: [3, 1] }) as unknown as tf.TensorContainer);
        });
        expect(left).toBe(0);
      }
    });
  });

  test("streaming an Elman cell step by step equals the whole sequence bit by bit", () => {
    const cell = new ElmanCell({ inputSize: 5, hiddenSize: 7, rng: new Rng(9) });
    const xs = randomTensor(1, [2, 6, 5]);
    const { outputs } = unroll(cell, xs);
    let state: { h: tf.Tensor } = cell.zeroState(2);
    tf.unstack(xs, 1).forEach((x, t) => {
      state = cell.step(x, state);
      const expected = tf.squeeze(tf.slice(outputs, [0, t, 0], [2, 1, 7]), [1]);
      expect(values(state.h)).toEqual(values(expected));
    });
  });
});

describe("unroll refuses", () => {
  beforeAll(() => loadKernels({ backend: "cpu" }));
  const cell = () => new ElmanCell({ inputSize: 3, hiddenSize: 2, rng: new Rng(0) });

  test.each([
    [
      "other features",
      () => unroll(cell(), tf.zeros([2, 4, 5])),
      "SHAPE_MISMATCH unroll: xs has shape [2, 4, 5], expected [batch, time, 3] (inputSize).",
    ],
    [
      "a length above time",
      () => unroll(cell(), tf.zeros([2, 4, 3]), { lengths: [4, 5] }),
      "LENGTHS unroll: lengths[1] is 5, expected a whole number from 1 to 4 (time).",
    ],
    [
      "a length of zero",
      () => runSequence(cell(), tf.zeros([1, 4, 3]), { lengths: [0] }),
      "LENGTHS runSequence: lengths[0] is 0, expected a whole number from 1 to 4 (time).",
    ],
    [
      "a state of another size",
      () => unroll(cell(), tf.zeros([2, 4, 3]), { initialState: { h: tf.zeros([2, 3]) } }),
      "SHAPE_MISMATCH ElmanCell.step: state.h has shape [2, 3], expected [2, 2].",
    ],
    [
      "unknown options",
      () => unroll(cell(), tf.zeros([2, 4, 3]), { length: [1] } as object),
      'UNKNOWN_OPTION unroll: unknown option "length"; expected one of lengths, reverse, initialState.',
    ],
  ])("%s", (_, body, message) => {
    expect(refusal(body)).toBe(message);
  });
});
