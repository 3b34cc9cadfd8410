import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, randomValues } from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { quantizeRows, referenceInt8Product } from "../reference/int8.ts";
import { gruStep } from "./gru.ts";
import { linearInt8, quantizeWeight } from "./int8.ts";
import { linear } from "./linear.ts";
import { lstmStep } from "./lstm.ts";
import { gruStepInt8, lstmStepInt8 } from "./steps-int8.ts";

const sizes = [
  [1, 1, 1],
  [1, 3, 5],
  [2, 16, 4],
  [3, 17, 33],
  [1, 512, 1003],
  [5, 100, 260],
] as const;

describe.each(["cpu", "wasm"] as const)("8-bit weights on %s", (backend) => {
  beforeAll(async () => {
    await loadKernels({ backend, threads: 1 });
  });

  test("linearInt8 gives the bits of its reference", () => {
    for (const [batch, inSize, outSize] of sizes) {
      const x = randomValues(1, batch * inSize, 3);
      const w = randomValues(2, outSize * inSize, 0.4);
      const b = randomValues(3, outSize);
      const rows = quantizeRows(w, outSize, inSize);
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const weight = quantizeWeight(tf.tensor2d(w, [outSize, inSize]));
        for (const bias of [b, null]) {
          const y = linearInt8(tf.tensor(x, [batch, inSize]), weight, bias && tf.tensor1d(bias));
          expect(y.shape).toEqual([batch, outSize]);
          for (let row = 0; row < batch; row++) {
            const expected = referenceInt8Product(
              x.subarray(row * inSize, (row + 1) * inSize),
              rows,
              bias,
            );
            expect([...y.dataSync().slice(row * outSize, (row + 1) * outSize)]).toEqual([
              ...expected,
            ]);
          }
        }
        weight.dispose();
      });
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  test("linearInt8 stays within the rounding of weights and inputs of the float32 product", () => {
    const [inSize, outSize] = [300, 50];
    tf.tidy(() => {
      const x = tf.tensor2d(randomValues(1, inSize), [1, inSize]);
      const w = tf.tensor2d(randomValues(2, outSize * inSize), [outSize, inSize]);
      const got = linearInt8(x, quantizeWeight(w)).dataSync();
      const expected = linear(x, w).dataSync();
      // Errors of half a step, uniform and independent: deviation √(n E[x²] / 12) / 127, E[x²] = 1/3.
      const deviation = Math.sqrt(inSize / 36) / 127;
      got.forEach((value, i) => {
        expect(Math.abs(value - (expected[i] as number))).toBeLessThan(5 * deviation);
      });
    });
  });

  test("zeros stay zeros, and NaN is not hidden", () => {
    const weight = quantizeWeight(tf.zeros([5, 3]));
    expect([...linearInt8(tf.ones([1, 3]), weight).dataSync()]).toEqual([0, 0, 0, 0, 0]);
    const ones = quantizeWeight(tf.ones([5, 3]));
    expect([...linearInt8(tf.zeros([1, 3]), ones).dataSync()]).toEqual([0, 0, 0, 0, 0]);
    expect(
      linearInt8(tf.tensor2d([[1, NaN, 2]]), ones)
        .dataSync()
        .every(Number.isNaN),
    ).toBe(true);
  });

  test("lstmStepInt8 follows lstmStep over a sequence", () => {
    const [batch, inSize, size] = [2, 20, 33];
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const weightIh = tf.tensor2d(randomValues(1, 4 * size * inSize, 0.3), [4 * size, inSize]);
      const weightHh = tf.tensor2d(randomValues(2, 4 * size * size, 0.2), [4 * size, size]);
      const biasIh = tf.tensor1d(randomValues(3, 4 * size));
      const biasHh = tf.tensor1d(randomValues(4, 4 * size));
      const small = {
        weightIh: quantizeWeight(weightIh),
        weightHh: quantizeWeight(weightHh),
        biasIh,
        biasHh,
      };
      let [exact, rounded] = [0, 1].map(() => ({
        h: tf.zeros([batch, size]),
        c: tf.zeros([batch, size]),
      }));
      for (let t = 0; t < 10; t++) {
        const x = tf.tensor2d(randomValues(5 + t, batch * inSize), [batch, inSize]);
        exact = lstmStep(x, exact as never, { weightIh, weightHh, biasIh, biasHh }) as never;
        rounded = lstmStepInt8(x, rounded as never, small) as never;
        const state = { exact, rounded } as unknown as Record<
          string,
          { h: tf.Tensor; c: tf.Tensor }
        >;
        expectClose(state["rounded"]!.h.dataSync(), state["exact"]!.h.dataSync(), 0.01, "h");
        expectClose(state["rounded"]!.c.dataSync(), state["exact"]!.c.dataSync(), 0.02, "c");
      }
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test("gruStepInt8 follows gruStep over a sequence", () => {
    const [batch, inSize, size] = [2, 20, 33];
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const weightIh = tf.tensor2d(randomValues(1, 3 * size * inSize, 0.3), [3 * size, inSize]);
      const weightHh = tf.tensor2d(randomValues(2, 3 * size * size, 0.2), [3 * size, size]);
      const biases = {
        biasIh: tf.tensor1d(randomValues(3, 3 * size)),
        biasHh: tf.tensor1d(randomValues(4, 3 * size)),
      };
      const small = {
        weightIh: quantizeWeight(weightIh),
        weightHh: quantizeWeight(weightHh),
        ...biases,
      };
      let exact = { h: tf.zeros([batch, size]) as tf.Tensor };
      let rounded = exact;
      for (let t = 0; t < 10; t++) {
        const x = tf.tensor2d(randomValues(5 + t, batch * inSize), [batch, inSize]);
        exact = gruStep(x, exact, { weightIh, weightHh, ...biases });
        rounded = gruStepInt8(x, rounded, small);
        expectClose(rounded.h.dataSync(), exact.h.dataSync(), 0.01, "h");
      }
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test("sizes that do not fit are refused by name", () => {
    const weight = quantizeWeight(tf.ones([5, 3]));
    expect(() => linearInt8(tf.ones([1, 4]), weight)).toThrow(
      "linearInt8: x has shape [1, 4], expected [1, 3].",
    );
    expect(() => linearInt8(tf.ones([1, 3]), weight, tf.ones([4]))).toThrow(
      "linearInt8: bias has shape [4], expected [5].",
    );
    expect(() => quantizeWeight(tf.ones([1, 8193]))).toThrow(
      "quantizeWeight: weight has 8193 columns, expected at most 8192.",
    );
  });
});

test("8-bit products give the same bits for any number of threads", async () => {
  const x = randomValues(1, 300);
  const w = randomValues(2, 1003 * 300);
  const run = () =>
    tf.tidy(
      () =>
        [
          ...linearInt8(
            tf.tensor2d(x, [1, 300]),
            quantizeWeight(tf.tensor2d(w, [1003, 300])),
          ).dataSync(),
        ] as never,
    ) as unknown as number[];
  await loadKernels({ backend: "wasm", threads: 1 });
  const one = run();
  await loadKernels({ threads: 3 });
  expect(run()).toEqual(one);
  await loadKernels({ threads: 1 });
});
