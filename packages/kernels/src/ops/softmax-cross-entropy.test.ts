import { SeqError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  centralDifferences,
  expectClose,
  randomIntegers,
  randomValues,
} from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { referenceCrossEntropy, referenceTotalWeight } from "../reference/cross-entropy.ts";
import { linearCrossEntropy } from "./linear-cross-entropy.ts";
import { type CrossEntropyOptions, softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

const ignored = -100;
const sizes: [rows: number, classes: number][] = [
  [1, 1],
  [1, 5],
  [3, 2],
  [5, 17],
  [17, 33],
  [8, 64],
  [3, 1027],
];
const variants: [name: string, options: CrossEntropyOptions, weighted: boolean][] = [
  ["plain", {}, false],
  ["sum", { reduction: "sum" }, false],
  ["one per row", { reduction: "none" }, false],
  ["smoothed", { labelSmoothing: 0.2 }, false],
  ["weighted", {}, true],
  ["weighted, smoothed, per row", { labelSmoothing: 0.3, reduction: "none" }, true],
  ["weighted, smoothed, mean", { labelSmoothing: 1 }, true],
];

/** Some targets are ignored, the last row never. */
function targetsOf(rows: number, classes: number): Int32Array {
  return randomIntegers(5, rows, classes).map((id, row) =>
    row % 3 === 1 && row < rows - 1 ? ignored : id,
  );
}

describe.each(["cpu", "wasm"] as const)("softmaxCrossEntropy on %s", (backend) => {
  beforeAll(async () => {
    await loadKernels({ backend, threads: 1 });
  });

  test.each(variants)(
    "%s equals the float64 reference, forward and backward",
    (_, options, weighted) => {
      for (const [rows, classes] of sizes) {
        const logits = randomValues(1, rows * classes, 4);
        const targets = targetsOf(rows, classes);
        const classWeights = weighted ? randomValues(2, classes).map((w) => 1.5 + w) : null;
        const reduction = options.reduction ?? "mean";
        const dy = randomValues(3, reduction === "none" ? rows : 1);
        const settings = { smoothing: options.labelSmoothing ?? 0, weights: classWeights };
        const total = (z: ArrayLike<number>) => {
          const losses = referenceCrossEntropy(z, targets, classes, settings);
          if (reduction === "none")
            return losses.reduce((sum, loss, row) => sum + loss * (dy[row] as number), 0);
          return (
            (sumOf(losses) / (reduction === "mean" ? referenceTotalWeight(targets, settings) : 1)) *
            (dy[0] as number)
          );
        };
        const before = tf.memory().numTensors;
        tf.tidy(() => {
          const ids = tf.tensor1d(targets, "int32");
          const weights = classWeights && tf.tensor1d(classWeights);
          const scale = reduction === "none" ? tf.tensor1d(dy) : tf.scalar(dy[0] as number);
          const { value, grad } = tf.valueAndGrad((z) => {
            const loss = softmaxCrossEntropy(z as tf.Tensor2D, ids, {
              ...options,
              classWeights: weights,
            });
            expect(loss.shape).toEqual(reduction === "none" ? [rows] : []);
            return tf.sum(tf.mul(loss, scale));
          })(tf.tensor2d(logits, [rows, classes]));
          expectClose(value.dataSync(), [total(logits)], 2e-6);
          if (rows * classes < 200) {
            expectClose(grad.dataSync(), centralDifferences(total, logits), 1e-6, "gradient");
          } else {
            for (let row = 0; row < rows; row++) {
              // The gradient of a row is orthogonal to adding a constant to its logits.
              const part = grad.dataSync().slice(row * classes, (row + 1) * classes);
              expect(Math.abs(sumOf(part))).toBeLessThan(1e-5);
            }
          }
        });
        expect(tf.memory().numTensors).toBe(before);
      }
    },
  );

  test("large logits, -Infinity and rows far apart lose nothing", () => {
    const logits = [1e4, 1e4 - 1, -1e4, 3, 2, -Infinity, -500, -500, -501];
    const targets = [1, 0, 2];
    const losses = softmaxCrossEntropy(tf.tensor2d(logits, [3, 3]), tf.tensor1d(targets, "int32"), {
      reduction: "none",
    });
    expectClose(losses.dataSync(), referenceCrossEntropy(logits, targets, 3), 1e-6);
    const impossible = softmaxCrossEntropy(
      tf.tensor2d([0, -Infinity], [1, 2]),
      tf.tensor1d([1], "int32"),
    );
    expect(impossible.dataSync()[0]).toBe(Infinity);
  });

  test("a NaN logit gives a NaN loss", () => {
    const logits = tf.tensor2d([0, 1, 2, 3, NaN, 5], [1, 6]);
    expect(softmaxCrossEntropy(logits, tf.tensor1d([0], "int32")).dataSync()[0]).toBeNaN();
  });

  test("all targets ignored: the mean is NaN, the sum 0, the gradient 0", () => {
    tf.tidy(() => {
      const ids = tf.tensor1d([7, 7], "int32");
      for (const [reduction, expected] of [
        ["mean", NaN],
        ["sum", 0],
      ] as const) {
        const { value, grad } = tf.valueAndGrad(
          (z) => softmaxCrossEntropy(z, ids, { reduction, ignoreIndex: 7 }) as tf.Scalar,
        )(tf.ones([2, 3]));
        expect(value.dataSync()[0]).toEqual(expected);
        expect(grad.dataSync().every((g) => g === 0)).toBe(true);
      }
    });
  });

  test("a target that is no class is refused with its row", () => {
    const logits = tf.ones([2, 3]) as tf.Tensor2D;
    for (const bad of [3, -1]) {
      expect(() => softmaxCrossEntropy(logits, tf.tensor1d([0, bad], "int32"))).toThrow(
        `softmaxCrossEntropy: targets[1] is ${bad}, expected 0 to 2 or ignoreIndex (-100).`,
      );
    }
    try {
      softmaxCrossEntropy(logits, tf.tensor1d([0, 1]));
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("DTYPE_MISMATCH");
    }
    expect(() =>
      softmaxCrossEntropy(logits, tf.tensor1d([0, 1], "int32"), { classWeights: tf.ones([4]) }),
    ).toThrow("softmaxCrossEntropy: classWeights has shape [4], expected [3].");
  });
});

describe.each(["cpu", "wasm"] as const)("linearCrossEntropy on %s", (backend) => {
  beforeAll(async () => {
    await loadKernels({ backend, threads: 1 });
  });

  describe.each([true, false])("bias %s", (hasBias) => {
    test.each(variants)(
      "%s equals the loss of the product, and so do all gradients",
      (_, options, weighted) => {
        for (const [rows, inputSize, classes] of [
          [1, 1, 2],
          [5, 3, 7],
          [17, 33, 65],
          [70, 20, 131],
        ] as const) {
          const before = tf.memory().numTensors;
          tf.tidy(() => {
            const x = tf.tensor2d(randomValues(1, rows * inputSize), [rows, inputSize]);
            const w = tf.tensor2d(randomValues(2, classes * inputSize), [classes, inputSize]);
            const parameters = hasBias ? [x, w, tf.tensor1d(randomValues(3, classes))] : [x, w];
            const ids = tf.tensor1d(targetsOf(rows, classes), "int32");
            const classWeights = weighted
              ? tf.tensor1d(randomValues(4, classes).map((v) => 1.5 + v))
              : null;
            const settings = { ...options, classWeights };
            const perRow = options.reduction === "none";
            const scale = tf.tensor(randomValues(6, rows), perRow ? [rows] : undefined);
            const dy = perRow ? scale : tf.slice(scale, 0, 1);

            const fused = (x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor) =>
              tf.sum(tf.mul(linearCrossEntropy(x, w, b ?? null, ids, settings), dy));
            const whole = (x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor) => {
              const product = tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D, false, true);
              const logits = b ? tf.add(product, b) : product;
              return tf.sum(tf.mul(softmaxCrossEntropy(logits, ids, settings), dy));
            };
            const got = tf.valueAndGrads(fused as (...x: tf.Tensor[]) => tf.Tensor)(parameters);
            const expected = tf.valueAndGrads(whole as (...x: tf.Tensor[]) => tf.Tensor)(
              parameters,
            );
            expectClose(got.value.dataSync(), expected.value.dataSync(), 1e-5, "loss");
            got.grads.forEach((gradient, i) => {
              const other = expected.grads[i] as tf.Tensor;
              expectClose(gradient.dataSync(), other.dataSync(), 1e-5, `gradient ${i}`);
            });
            const alone = fused(x, w, parameters[2]);
            expect([...alone.dataSync()]).toEqual([...got.value.dataSync()]);
          });
          expect(tf.memory().numTensors).toBe(before);
        }
      },
    );
  });

  test("all rows ignored: no gradient anywhere", () => {
    tf.tidy(() => {
      const ids = tf.fill([3], -100, "int32");
      const { value, grads } = tf.valueAndGrads(
        (x, w, b) => linearCrossEntropy(x, w, b, ids, { reduction: "sum" }) as tf.Scalar,
      )([tf.ones([3, 2]), tf.ones([4, 2]), tf.ones([4])]);
      expect(value.dataSync()[0]).toBe(0);
      for (const gradient of grads)
        expect([...gradient.dataSync()].every((g) => g === 0)).toBe(true);
    });
  });

  test("sizes that contradict each other are refused", () => {
    const ids = tf.tensor1d([0, 1], "int32");
    expect(() => linearCrossEntropy(tf.ones([2, 3]), tf.ones([5, 4]), null, ids)).toThrow(
      "linearCrossEntropy: weight has shape [5, 4], expected [V, 3].",
    );
    expect(() => linearCrossEntropy(tf.ones([2, 3]), tf.ones([5, 3]), tf.ones([4]), ids)).toThrow(
      "linearCrossEntropy: bias has shape [4], expected [5].",
    );
    expect(() =>
      linearCrossEntropy(tf.ones([2, 3]), tf.ones([5, 3]), null, tf.tensor1d([0, 5], "int32")),
    ).toThrow(/: targets\[1\] is 5, expected 0 to 4 or ignoreIndex \(-100\)\./);
  });
});

describe("linearCrossEntropy in chunks", () => {
  test("many chunks give what one gives", async () => {
    await loadKernels({ backend: "wasm" });
    tf.tidy(() => {
      const [rows, inputSize, classes] = [66, 5, 70_000]; // 59 rows of logits are 16 MB
      const x = tf.tensor2d(randomValues(1, rows * inputSize), [rows, inputSize]);
      const w = tf.tensor2d(randomValues(2, classes * inputSize), [classes, inputSize]);
      const ids = tf.tensor1d(randomIntegers(3, rows, classes), "int32");
      const run = (count: number) =>
        tf.valueAndGrads(
          (x, w) =>
            linearCrossEntropy(x, w, null, tf.slice(ids, 0, count), {
              reduction: "sum",
            }) as tf.Scalar,
        )([tf.slice(x, [0, 0], [count, inputSize]), w]);
      const all = run(rows);
      const first = run(50);
      const losses = linearCrossEntropy(x, w, null, ids, { reduction: "none" });
      expectClose(all.value.dataSync(), [sumOf(losses.dataSync())], 1e-6);
      const head = tf.slice(all.grads[0] as tf.Tensor, [0, 0], [50, inputSize]);
      expect([...head.dataSync()]).toEqual([...(first.grads[0] as tf.Tensor).dataSync()]);
      // Over all classes the gradient of a logit row sums to 0, so the columns of dW do too.
      const columns = tf.sum(all.grads[1] as tf.Tensor, 0);
      expectClose(columns.dataSync(), new Float32Array(inputSize), 1e-3);
    });
  });
});

function sumOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((a, b) => a + b, 0);
}
