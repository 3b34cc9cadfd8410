import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, randomTensor, refusal, tensorsLeftBy, values } from "../test/helpers.ts";
import { Attention, type AttentionScoreName, attentionScoreNames } from "./attention.ts";

describe.each(["wasm", "cpu"] as const)("attention on %s", (backend) => {
  beforeAll(() => loadKernels({ backend }));
  const create = (score: AttentionScoreName, size = 4) =>
    new Attention({ score, querySize: size, keySize: size, attentionSize: 5, rng: new Rng(2) });

  test("dot attention of q = [1, 0] over three keys gives the published weights and context", () => {
    const attention = create("dot", 2);
    const query = tf.tensor2d([[1, 0]]);
    const keys = tf.tensor3d([
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
    ]);
    expect(values(attention.scores(query, keys))).toEqual([1, 0, 1]);
    const { context, attentionWeights } = attention.attend(query, keys);
    expectClose(attentionWeights, [0.422319, 0.155362, 0.422319], 1e-6);
    expectClose(context, [0.844638, 0.577681], 1e-6);
  });

  describe.each(attentionScoreNames)("by %s", (score) => {
    test("weights sum to 1, are the softmax of the scores, and the context is their mean of the values", () => {
      using attention = create(score);
      const [query, keys, vs] = [
        randomTensor(1, [2, 3, 4]),
        randomTensor(2, [2, 5, 4]),
        randomTensor(3, [2, 5, 6]),
      ];
      const { context, attentionWeights } = attention.attend(query, keys, { values: vs });
      expectClose(attentionWeights, tf.softmax(attention.scores(query, keys)));
      expectClose(context, tf.matMul(attentionWeights, vs));
    });

    test("pads have weight exactly 0 and change nothing", () => {
      using attention = create(score);
      const query = randomTensor(1, [2, 4]);
      const keys = randomTensor(2, [2, 5, 4]);
      const lengths = [2, 5];
      const { context, attentionWeights } = attention.attend(query, keys, { lengths });
      expect(values(attentionWeights).slice(2, 5)).toEqual([0, 0, 0]);
      const short = attention.attend(tf.slice(query, 0, 1), tf.slice(keys, [0, 0, 0], [1, 2, 4]));
      expectClose(tf.slice(context, 0, 1), short.context);
      const gradient = tf.grad((k: tf.Tensor) =>
        tf.sum(attention.attend(query, k, { lengths }).context),
      )(keys);
      expect(
        values(gradient)
          .slice(8, 20)
          .every((value) => value === 0),
      ).toBe(true);
    });

    test("one query is a batch of one query, and nothing is left behind", () => {
      const query = randomTensor(1, [2, 4]);
      const keys = randomTensor(2, [2, 5, 4]);
      const left = tensorsLeftBy(() => {
        using attention = create(score);
        const single = attention.attend(query, keys);
        const queries = tf.expandDims(query, 1);
        const many = attention.attend(queries, keys);
        expect(single.context.shape).toEqual([2, 4]);
        expect(many.context.shape).toEqual([2, 1, 4]);
        expectClose(single.context, values(many.context));
        tf.dispose([single, many, queries] as never);
      });
      expect(left).toBe(0);
    });
  });
});

describe("attention refuses", () => {
  beforeAll(() => loadKernels({ backend: "cpu" }));
  const attention = () =>
    new Attention({ score: "general", querySize: 2, keySize: 3, rng: new Rng(0) });

  test.each([
    [
      "dot products of different sizes",
      () => new Attention({ score: "dot", querySize: 2, keySize: 3, rng: new Rng(0) }),
      'SIZES_DIFFER Attention: querySize is 2, expected keySize 3 for score "dot"; take "general".',
    ],
    [
      "other keys",
      () => attention().attend(tf.zeros([1, 2]), tf.zeros([1, 5, 4])),
      "SHAPE_MISMATCH Attention.attend: keys has shape [1, 5, 4], expected [batch, time, 3] (keySize).",
    ],
    [
      "a query of another batch",
      () => attention().attend(tf.zeros([2, 2]), tf.zeros([1, 5, 3])),
      "SHAPE_MISMATCH Attention.attend: query has shape [2, 2], expected [1, 2] (querySize).",
    ],
    [
      "lengths of zero",
      () => attention().attend(tf.zeros([1, 2]), tf.zeros([1, 5, 3]), { lengths: [0] }),
      "LENGTHS Attention.attend: lengths[0] is 0, expected a whole number from 1 to 5 (time).",
    ],
    [
      "an unknown score",
      () => new Attention({ score: "cosine" as never, querySize: 2, keySize: 3, rng: new Rng(0) }),
      'OPTION_RANGE Attention: score is "cosine", expected one of "dot", "scaled", "general", "additive", "concat".',
    ],
  ])("%s", (_, body, message) => {
    expect(refusal(body)).toBe(message);
  });
});
