import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { centralDifferences, expectClose, randomValues } from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { referenceLayerNorm } from "../reference/layer-norm.ts";
import { layerNorm } from "./layer-norm.ts";

describe.each(["cpu", "wasm"] as const)("layerNorm on %s", (backend) => {
  beforeAll(async () => {
    await loadKernels({ backend, threads: 1 });
  });

  test.each([
    [1, 1],
    [1, 5],
    [3, 2],
    [5, 17],
    [4, 33],
    [3, 64],
  ])("%i rows of %i equal the float64 reference, forward and backward", (rows, size) => {
    const epsilon = 1e-3;
    const x = randomValues(1, rows * size, 3);
    const gain = randomValues(2, size);
    const bias = randomValues(3, size);
    const dy = randomValues(4, rows * size);
    const loss = (x: ArrayLike<number>, g: ArrayLike<number> | null, b: ArrayLike<number> | null) =>
      referenceLayerNorm(x, g, b, { size, epsilon }).reduce(
        (sum, y, i) => sum + y * (dy[i] as number),
        0,
      );

    for (const [hasGain, hasBias] of [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ]) {
      const [g, b] = [hasGain ? gain : null, hasBias ? bias : null];
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const xs = tf.tensor(x, [1, rows, size]);
        const parameters = [xs, ...[g, b].filter((p) => p !== null).map((p) => tf.tensor1d(p))];
        const run = (...all: tf.Tensor[]) => {
          const y = layerNorm(
            all[0] as tf.Tensor,
            hasGain ? (all[1] as tf.Tensor) : null,
            hasBias ? (all.at(-1) as tf.Tensor) : null,
            { epsilon },
          );
          expect(y.shape).toEqual([1, rows, size]);
          expectClose(y.dataSync(), referenceLayerNorm(x, g, b, { size, epsilon }), 2e-6);
          return tf.sum(tf.mul(y, tf.tensor(dy, y.shape)));
        };
        const gradients = tf.grads(run as never)(parameters);
        const expected = [
          centralDifferences((v) => loss(v, g, b), x),
          ...(g ? [centralDifferences((v) => loss(x, v, b), g)] : []),
          ...(b ? [centralDifferences((v) => loss(x, g, v), b)] : []),
        ];
        gradients.forEach((gradient, i) => {
          expectClose(gradient.dataSync(), expected[i] as Float64Array, 1e-4, `gradient ${i}`);
        });
      });
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  test("an offset costs no more than the rounding of the mean", () => {
    const x = Array.from({ length: 24 }, (_, i) => 64 + (i % 5) / 4);
    const y = layerNorm(tf.tensor2d(x, [2, 12]), null, null);
    expectClose(y.dataSync(), referenceLayerNorm(x, null, null, { size: 12, epsilon: 1e-5 }), 2e-5);
  });

  test("a constant row gives the bias", () => {
    const y = layerNorm(tf.fill([2, 7], 3.25), tf.ones([7]), tf.fill([7], 0.5));
    expect([...y.dataSync()]).toEqual(new Array(14).fill(0.5));
  });

  test("the wrong size of gain or bias is refused by name", () => {
    expect(() => layerNorm(tf.ones([2, 3]), tf.ones([2]), null)).toThrow(
      "layerNorm: gain has shape [2], expected [3].",
    );
    expect(() => layerNorm(tf.ones([2, 3]), null, null, { eps: 1 } as never)).toThrow(
      'layerNorm: unknown option "eps"; expected one of epsilon.',
    );
  });
});
