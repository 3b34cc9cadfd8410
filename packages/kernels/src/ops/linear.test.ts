import { SeqError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { centralDifferences, expectClose, randomValues } from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { referenceLinear } from "../reference/product.ts";
import { linear } from "./linear.ts";

describe.each(["cpu", "wasm"] as const)("linear on %s", (backend) => {
  test.each([
    [1, 1, 1],
    [3, 5, 17],
    [12, 33, 8],
    [17, 3, 33],
    [40, 64, 100],
  ])("%i rows, %i in, %i out equal the reference", async (rows, inputSize, outputSize) => {
    await loadKernels({ backend });
    const x = randomValues(1, rows * inputSize);
    const weight = randomValues(2, inputSize * outputSize);
    const bias = randomValues(3, outputSize);
    tf.tidy(() => {
      const xs = tf.tensor(x, [1, rows, inputSize]);
      const y = linear(xs, tf.tensor2d(weight, [outputSize, inputSize]), tf.tensor1d(bias));
      expect(y.shape).toEqual([1, rows, outputSize]);
      const sizes = { rows, inputSize, outputSize };
      expectClose(y.dataSync(), referenceLinear(x, weight, bias, sizes), 1e-5);
      const plain = linear(xs, tf.tensor2d(weight, [outputSize, inputSize]));
      expectClose(plain.dataSync(), referenceLinear(x, weight, null, sizes), 1e-5);
    });
  });

  test("gradients equal central differences of the reference", async () => {
    await loadKernels({ backend });
    const [rows, inputSize, outputSize] = [5, 3, 4];
    const sizes = { rows, inputSize, outputSize };
    const x = randomValues(1, rows * inputSize);
    const weight = randomValues(2, inputSize * outputSize);
    const bias = randomValues(3, outputSize);
    const lossWeights = randomValues(4, rows * outputSize);
    const loss = (x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>) =>
      referenceLinear(x, w, b, sizes).reduce(
        (sum, y, i) => sum + y * (lossWeights[i] as number),
        0,
      );
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const gradients = tf.grads((x, w, b) =>
        tf.sum(tf.mul(linear(x, w, b), tf.tensor2d(lossWeights, [rows, outputSize]))),
      )([
        tf.tensor2d(x, [rows, inputSize]),
        tf.tensor2d(weight, [outputSize, inputSize]),
        tf.tensor1d(bias),
      ]);
      const [dx, dw, db] = gradients.map((gradient) => gradient.dataSync());
      expectClose(
        dx as Float32Array,
        centralDifferences((v) => loss(v, weight, bias), x),
        1e-4,
      );
      expectClose(
        dw as Float32Array,
        centralDifferences((v) => loss(x, v, bias), weight),
        1e-4,
      );
      expectClose(
        db as Float32Array,
        centralDifferences((v) => loss(x, weight, v), bias),
        1e-4,
      );
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test("a weight of another input size is refused with both shapes", async () => {
    await loadKernels({ backend });
    try {
      linear(tf.zeros([2, 3]), tf.zeros([5, 4]));
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("SHAPE_MISMATCH");
      expect(String(error)).toBe("ShapeError: linear: weight has shape [5, 4], expected [out, 3].");
    }
  });
});
