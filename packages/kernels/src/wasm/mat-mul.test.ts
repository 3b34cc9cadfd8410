import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, randomValues } from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { referenceProduct } from "../reference/product.ts";

beforeAll(async () => {
  await loadKernels({ backend: "wasm" });
});

const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 33, 65, 130, 400);

describe("tf.matMul on our kernels", () => {
  test("equals the float64 product for any sizes and transposes", () => {
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        (m, n, k, transposeA, transposeB) => {
          const a = randomValues(m, m * k);
          const b = randomValues(n + 1000, k * n);
          const out = tf.tidy(() =>
            tf
              .matMul(
                tf.tensor2d(a, transposeA ? [k, m] : [m, k]),
                tf.tensor2d(b, transposeB ? [n, k] : [k, n]),
                transposeA,
                transposeB,
              )
              .dataSync(),
          );
          expectClose(out, referenceProduct(a, b, { m, n, k, transposeA, transposeB }), 1e-5);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  test("an inner size of zero gives zeros", () => {
    expect([...tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).dataSync()]).toEqual([
      0, 0, 0, 0, 0, 0,
    ]);
  });

  test.each([
    {
      aBatch: [3, 2],
      bBatch: [3, 2],
      pairs: [
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
        [5, 5],
      ],
    },
    {
      aBatch: [3, 1],
      bBatch: [1, 2],
      pairs: [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
        [2, 0],
        [2, 1],
      ],
    },
    {
      aBatch: [2],
      bBatch: [1],
      pairs: [
        [0, 0],
        [1, 0],
      ],
    },
    {
      aBatch: [1],
      bBatch: [3],
      pairs: [
        [0, 0],
        [0, 1],
        [0, 2],
      ],
    },
    {
      aBatch: [2, 2],
      bBatch: [2],
      pairs: [
        [0, 0],
        [1, 1],
        [2, 0],
        [3, 1],
      ],
    },
  ])(
    "a batch $aBatch times a batch $bBatch is broadcast as NumPy does",
    ({ aBatch, bBatch, pairs }) => {
      const [m, n, k] = [5, 6, 4];
      const a = randomValues(1, tf.util.sizeFromShape(aBatch) * m * k);
      const b = randomValues(2, tf.util.sizeFromShape(bBatch) * k * n);
      for (const [transposeA, transposeB] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ] as const) {
        const out = tf.tidy(() =>
          tf
            .matMul(
              tf.tensor(a, [...aBatch, ...(transposeA ? [k, m] : [m, k])]),
              tf.tensor(b, [...bBatch, ...(transposeB ? [n, k] : [k, n])]),
              transposeA,
              transposeB,
            )
            .dataSync(),
        );
        const expected = pairs.flatMap(([i, j]) => [
          ...referenceProduct(
            a.subarray((i as number) * m * k),
            b.subarray((j as number) * k * n),
            {
              ...{ m, n, k, transposeA, transposeB },
            },
          ),
        ]);
        expectClose(out, expected, 1e-6);
      }
    },
  );

  test.each(["linear", "relu", "sigmoid", "elu", "relu6", "leakyrelu"] as const)(
    "fused.matMul with bias, transposes and %s is right where tfjs's own kernel is wrong (K > 48)",
    (activation) => {
      const [m, n, k] = [5, 7, 100];
      const a = randomValues(3, m * k);
      const b = randomValues(4, n * k);
      const bias = randomValues(5, n);
      tf.tidy(() => {
        const plain = tf.add(
          tf.tensor2d(
            Float32Array.from(
              referenceProduct(a, b, { m, n, k, transposeA: true, transposeB: true }),
            ),
            [m, n],
          ),
          tf.tensor1d(bias),
        );
        const expected = {
          linear: () => plain,
          relu: () => tf.relu(plain),
          sigmoid: () => tf.sigmoid(plain),
          elu: () => tf.elu(plain),
          relu6: () => tf.relu6(plain),
          leakyrelu: () => tf.leakyRelu(plain, 0.2),
        }[activation]();
        const fused = tf.fused.matMul({
          a: tf.tensor2d(a, [k, m]),
          b: tf.tensor2d(b, [n, k]),
          transposeA: true,
          transposeB: true,
          bias: tf.tensor1d(bias),
          activation,
        });
        expectClose(fused.dataSync(), expected.dataSync(), 1e-5);
      });
    },
  );

  test("leaves no tensors behind", () => {
    const a = tf.ones([6, 5]);
    const before = tf.memory();
    tf.matMul(a, a, true).dispose();
    tf.fused.matMul({ a, b: a, transposeB: true, activation: "relu" }).dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    a.dispose();
  });
});
