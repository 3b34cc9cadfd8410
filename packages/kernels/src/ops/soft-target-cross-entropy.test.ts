import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadKernels } from "../load.ts";
import { softTargetCrossEntropy } from "./soft-target-cross-entropy.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

beforeAll(() => loadKernels());

describe("softTargetCrossEntropy", () => {
  const logits = () => tf.tensor2d([0.5, -1, 2, 0.1, 0.2, 0.3], [2, 3]);

  test("with one-hot targets is the cross-entropy of the ids, smoothed or not", () => {
    for (const labelSmoothing of [0, 0.2]) {
      for (const reduction of ["mean", "sum"] as const) {
        const options = { labelSmoothing, reduction };
        const soft = softTargetCrossEntropy(
          logits(),
          tf.tensor2d([0, 0, 1, 1, 0, 0], [2, 3]),
          options,
        );
        const hard = softmaxCrossEntropy(logits(), tf.tensor1d([2, 0], "int32"), options);
        expect(soft.dataSync()[0]).toBeCloseTo(hard.dataSync()[0] as number, 5);
      }
    }
  });

  test("is the entropy when the logits are the targets' logarithms", () => {
    const p = [0.5, 0.25, 0.25];
    const loss = softTargetCrossEntropy(tf.log(tf.tensor2d([p])), tf.tensor2d([p]));
    expect(loss.dataSync()[0]).toBeCloseTo(1.5 * Math.LN2, 5);
  });

  test("refuses targets of another shape, naming both", () => {
    expect(() => softTargetCrossEntropy(logits(), tf.tensor2d([[1, 0]]))).toThrow(
      "softTargetCrossEntropy: targets has shape [1, 2], expected [2, 3].",
    );
  });
});
