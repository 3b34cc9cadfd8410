/** Every kernel over random shapes in the checked build: no access outside of live memory. */
import { Rng } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { useCheckedKernels } from "../test/checked-heap.ts";
import { randomValues } from "../test/values.ts";
import { kernelExports } from "./backend/module.ts";
import {
  adadeltaUpdate,
  adagradUpdate,
  adamaxUpdate,
  adamUpdate,
  asgdUpdate,
  attention,
  attentionLstmSequence,
  dropout,
  elmanSequence,
  embedding,
  globalNorm,
  gruSequence,
  gruStepInt8,
  layerNorm,
  linear,
  linearCrossEntropy,
  linearInt8,
  lstmSequence,
  lstmStepInt8,
  quantizeWeight,
  rmspropUpdate,
  rpropUpdate,
  sgdUpdate,
  softmaxCrossEntropy,
} from "./index.ts";

beforeAll(useCheckedKernels);

const size = fc.integer({ min: 1, max: 21 });

function random(...shape: number[]): tf.Tensor {
  return tf.tensor(randomValues(shape.length, tf.util.sizeFromShape(shape), 0.5), shape);
}

/** Runs forward and backward of everything that `f` makes from the tensors. */
function backAndForth(f: (...tensors: tf.Tensor[]) => tf.Tensor, tensors: tf.Tensor[]): void {
  f(...tensors);
  for (const gradient of tf.grads((...args) => tf.sum(f(...args)))(tensors)) gradient.dataSync();
}

function check(runs: number, shape: fc.Arbitrary<number[]>, body: (sizes: number[]) => void): void {
  fc.assert(
    fc.property(shape, (sizes) => {
      tf.tidy(() => {
        body(sizes);
      });
    }),
    { seed: 7, numRuns: runs },
  );
}

describe("the checked build", () => {
  test("traps on an access outside of live memory", () => {
    const { run } = kernelExports<{ run(task: number, chunk: number, thread: number): void }>();
    expect(() => run(8, 0, 0)).toThrow("unreachable");
  });

  test("products stay inside their tensors", () => {
    check(60, fc.tuple(size, fc.integer({ min: 1, max: 40 }), size), ([m = 1, n = 1, k = 1]) => {
      for (const [ta, tb] of [
        [false, false],
        [false, true],
        [true, false],
        [true, true],
      ] as const) {
        tf.matMul(random(...(ta ? [k, m] : [m, k])), random(...(tb ? [n, k] : [k, n])), ta, tb);
      }
      backAndForth(
        (x, w, b) => linear(x as tf.Tensor, w as tf.Tensor, b),
        [random(m, k), random(n, k), random(n)],
      );
    });
    tf.tidy(() => {
      tf.matMul(random(5, 800), random(800, 9)); // several blocks of K
      tf.matMul(random(150, 3), random(3, 270)); // several blocks of M and N
    });
  });

  test("sequences stay inside their tensors", () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 11 }),
      size,
      fc.integer({ min: 0, max: 7 }),
    );
    check(40, sizes, ([batch = 1, time = 1, input = 1, hidden = 1, bits = 0]) => {
      const reverse = (bits & 1) === 1;
      const lengths = Int32Array.from({ length: batch }, (_, i) => 1 + ((i * 7 + bits) % time));
      const options = bits & 2 ? { reverse, lengths } : { reverse };
      const x = random(batch, time, input);
      const weights = (gates: number, out: number) => [
        random(gates * hidden, input),
        random(gates * hidden, out),
        random(gates * hidden),
        random(gates * hidden),
      ];
      const named = (list: tf.Tensor[]) => {
        const [weightIh, weightHh, biasIh, biasHh, weightHr] = list;
        return { weightIh, weightHh, biasIh, biasHh, weightHr } as never;
      };
      const zero = tf.zeros([batch, hidden]);
      backAndForth(
        (x, ...w) => lstmSequence(x as tf.Tensor, { h: zero, c: zero }, named(w), options).outputs,
        [x, ...weights(4, hidden)],
      );
      const out = Math.ceil(hidden / 2);
      const projected = { h: tf.zeros([batch, out]), c: zero };
      backAndForth(
        (x, ...w) => lstmSequence(x as tf.Tensor, projected, named(w), options).outputs,
        [x, ...weights(4, out), random(out, hidden)],
      );
      for (const resetGate of ["after-product", "before-product"] as const) {
        backAndForth(
          (x, ...w) =>
            gruSequence(x as tf.Tensor, { h: zero }, named(w), { ...options, resetGate }).outputs,
          [x, ...weights(3, hidden)],
        );
      }
      backAndForth(
        (x, ...w) => elmanSequence(x as tf.Tensor, { h: zero }, named(w), options).outputs,
        [x, ...weights(1, hidden)],
      );
    });
  });

  test("losses, embeddings, attention and normalisation stay inside their tensors", () => {
    check(40, fc.tuple(size, size, size), ([n = 1, v = 1, d = 1]) => {
      const ids = tf.tensor1d(
        Int32Array.from({ length: n }, (_, i) => (i * 5) % v),
        "int32",
      );
      backAndForth((w) => embedding(w as tf.Tensor, ids), [random(v, d)]);
      backAndForth((x) => softmaxCrossEntropy(x as tf.Tensor, ids), [random(n, v)]);
      backAndForth(
        (x, w, b) => linearCrossEntropy(x as tf.Tensor, w as tf.Tensor, b as tf.Tensor, ids),
        [random(n, d), random(v, d), random(v)],
      );
      backAndForth(
        (x, g, b) => layerNorm(x as tf.Tensor, g as tf.Tensor, b as tf.Tensor),
        [random(n, d), random(d), random(d)],
      );
      const batch = 1 + (n % 4);
      const lengths = Int32Array.from({ length: batch }, (_, i) => 1 + (i % v));
      const [query, keys] = [random(batch, d), random(batch, v, d)];
      for (const score of ["dot", "scaled"] as const) {
        backAndForth(
          (q, k) =>
            attention(q as tf.Tensor, k as tf.Tensor, k as tf.Tensor, { score, lengths }).context,
          [query, keys],
        );
      }
      backAndForth(
        (q, k, queryWeight, keyWeight, scoreWeight) =>
          attention(q as tf.Tensor, k as tf.Tensor, k as tf.Tensor, {
            score: "additive",
            lengths,
            weights: { queryWeight, keyWeight, scoreWeight } as never,
          }).context,
        [query, keys, random(n, d), random(n, d), random(n)],
      );
      dropout(keys, 0.3, new Rng(n));
      const zero = tf.zeros([batch, d]);
      backAndForth(
        (x, k, weightIh, weightHh) =>
          attentionLstmSequence(
            x as tf.Tensor,
            { h: zero, c: zero },
            k as tf.Tensor,
            { weightIh, weightHh } as never,
            { lengths },
          ).outputs,
        [random(batch, 3, n), keys, random(4 * d, n + d), random(4 * d, d)],
      );
    });
  });

  test("optimizers and the norm stay inside their variables", () => {
    check(20, fc.tuple(size, size), ([n = 1, d = 1]) => {
      const [parameter, a, b, c] = [0, 1, 2, 3].map(() => tf.variable(random(n, d)));
      const gradient = random(n, d);
      if (!parameter || !a || !b || !c) return;
      const update = { parameter, gradient, learningRate: 0.1, step: 1 };
      const moments = { firstMoment: a, secondMoment: b };
      sgdUpdate(update);
      sgdUpdate({ ...update, momentum: 0.9, momentumBuffer: a });
      adamUpdate({ ...update, ...moments });
      adamUpdate({ ...update, ...moments, maxSecondMoment: c });
      adamaxUpdate({ ...update, firstMoment: a, infinityNorm: b });
      adadeltaUpdate({ ...update, squareAverage: a, deltaAverage: b });
      adagradUpdate({ ...update, squareSum: a });
      rmspropUpdate({ ...update, squareAverage: a });
      rmspropUpdate({
        ...{ ...update, squareAverage: a, gradientAverage: b },
        ...{ momentum: 0.9, momentumBuffer: c },
      });
      rpropUpdate({ ...update, previousGradient: a, stepSize: b });
      asgdUpdate({ ...update, average: a, eta: 0.1, mu: 0.5 });
      globalNorm([gradient]);
      tf.dispose([parameter, a, b, c]);
    });
  });

  test("8-bit products stay inside their tensors", () => {
    check(20, fc.tuple(size, fc.integer({ min: 1, max: 40 }), size), ([n = 1, d = 1, v = 1]) => {
      const weight = quantizeWeight(random(v, d));
      linearInt8(random(n, d), weight, random(v));
      linearInt8(random(n, d), weight);
      weight.dispose();
      const [weightIh, weightHh] = [
        quantizeWeight(random(4 * v, d)),
        quantizeWeight(random(4 * v, v)),
      ];
      const state = { h: random(n, v), c: random(n, v) };
      lstmStepInt8(random(n, d), state, { weightIh, weightHh, biasIh: random(4 * v) });
      weightIh.dispose();
      weightHh.dispose();
      const gates = [quantizeWeight(random(3 * v, d)), quantizeWeight(random(3 * v, v))] as const;
      gruStepInt8(random(n, d), state, { weightIh: gates[0], weightHh: gates[1] });
      for (const weight of gates) weight.dispose();
    });
  });
});
