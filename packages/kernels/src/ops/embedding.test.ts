import { readFileSync } from "node:fs";
import { SeqError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, randomIntegers, randomValues } from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { referenceEmbedding, referenceEmbeddingGradient } from "../reference/embedding.ts";
import { embedding } from "./embedding.ts";
import { limitRowNorms } from "./limit-row-norms.ts";

describe.each(["cpu", "wasm"] as const)("embedding on %s", (backend) => {
  beforeAll(async () => {
    await loadKernels({ backend, threads: 1 });
  });

  test.each([
    [1, 1, [1]],
    [3, 5, [2, 2]],
    [17, 33, [4, 3, 2]],
    [50, 4, [33]],
    [61, 65, [7, 9]],
  ])(
    "a table of %i x %i and ids %j equal the reference, forward and backward",
    (vocabSize, width, shape) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const table = randomValues(1, vocabSize * width);
      const dy = randomValues(2, count * width);
      const list = randomIntegers(3, count, vocabSize);
      for (const paddingIndex of [undefined, 0, -1]) {
        for (const scaleGradientByFrequency of [false, true]) {
          const options = {
            ...(paddingIndex !== undefined && { paddingIndex }),
            scaleGradientByFrequency,
          };
          const before = tf.memory().numTensors;
          tf.tidy(() => {
            const ids = tf.tensor(list, shape, "int32");
            const weight = tf.tensor2d(table, [vocabSize, width]);
            const weighted = (w: tf.Tensor) => {
              const rows = embedding(w, ids, options);
              expect(rows.shape).toEqual([...shape, width]);
              expect([...rows.dataSync()]).toEqual([...referenceEmbedding(table, list, width)]);
              return tf.sum(tf.mul(rows, tf.tensor(dy, rows.shape)));
            };
            const gradient = tf.grad(weighted)(weight);
            const padding = paddingIndex === -1 ? vocabSize - 1 : (paddingIndex ?? -1);
            const rules = { padding, byFrequency: scaleGradientByFrequency };
            const expected = referenceEmbeddingGradient(dy, list, vocabSize, width, rules);
            expectClose(gradient.dataSync(), expected, 1e-5);
          });
          expect(tf.memory().numTensors).toBe(before);
        }
      }
    },
  );

  test("an id outside the table is refused with its position", () => {
    const weight = tf.ones([4, 2]);
    for (const bad of [4, -1]) {
      const ids = tf.tensor1d([0, 3, bad], "int32");
      expect(() => embedding(weight, ids)).toThrow(
        `embedding: id ${bad} at position 2, expected 0 to 3.`,
      );
    }
    try {
      embedding(weight, tf.tensor1d([1.5]));
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("DTYPE_MISMATCH");
    }
    expect(() => embedding(weight, tf.tensor1d([0], "int32"), { paddingIndex: 4 })).toThrow(
      "embedding: paddingIndex is 4, expected a whole number from -4 to 3.",
    );
  });

  test("torch's cases", () => {
    const { cases } = JSON.parse(readFileSync(sharedPath("goldens/torch/embedding.json"), "utf8"));
    for (const { options, weight, indices, loss_weight, expect: expected } of cases) {
      tf.tidy(() => {
        const ids = tf.tensor(indices.data, indices.shape, "int32");
        const table = tf.variable(tf.tensor2d(weight.data, weight.shape));
        if (options.max_norm !== undefined) {
          limitRowNorms(table, ids, options.max_norm);
          expectClose(table.dataSync(), expected.weight_after.data, 1e-6);
        }
        const { value, grads } = tf.variableGrads(() => {
          const rows = embedding(table, ids, {
            ...(options.padding_idx !== undefined && { paddingIndex: options.padding_idx }),
            scaleGradientByFrequency: options.scale_grad_by_freq ?? false,
          });
          expectClose(rows.dataSync(), expected.output.data, 1e-6);
          return tf.sum(tf.mul(rows, tf.tensor(loss_weight.data, loss_weight.shape)));
        }, [table]);
        expectClose(value.dataSync(), [expected.loss], 1e-5);
        const gradient = Object.values(grads)[0] as tf.Tensor;
        expectClose(gradient.dataSync(), expected.grad_weight.data, 1e-5);
        table.dispose();
      });
    }
  });
});
