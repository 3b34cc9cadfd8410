import { readFileSync } from "node:fs";
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { sharedPath } from "@seq-internal/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { crossEntropy } from "../language-model/queries.ts";
import { HashedFeatures, historiesOf } from "./maxent.ts";
import { RnnLanguageModel } from "./rnn-language-model.ts";

beforeAll(async () => {
  await loadKernels({ backend: "wasm" });
});

describe("historiesOf", () => {
  test("lists the last ids at each input, carried ones first, -1 where there are none", () => {
    expect([...historiesOf(Int32Array.from([5, 6, 7]), 1, 3, 2, undefined)]).toEqual([
      -1, 5, 5, 6, 6, 7,
    ]);
    expect([
      ...historiesOf(Int32Array.from([5, 6]), 2, 1, 2, Int32Array.from([1, 2, 3, 4])),
    ]).toEqual([2, 5, 4, 6]);
  });
});

describe("HashedFeatures", () => {
  test("gives each history and order its own weights, shared by equal ones", () => {
    const features = new HashedFeatures({ order: 3, bits: 16 }, 5);
    const rng = new Rng(1);
    tf.tidy(() =>
      features.weight.assign(
        tf.tensor1d(Float32Array.from({ length: 2 ** 16 }, () => rng.normal())),
      ),
    );
    const histories = Int32Array.from([1, 2, 3, 2, 1, 2, -1, 2]); // rows (1 2), (3 2), (1 2), (- 2)
    const rows = tf.tidy(() => features.logits(histories, 4).arraySync()) as number[][];
    expect(rows[2]).toEqual(rows[0]);
    expect(rows[1]).not.toEqual(rows[0]);
    // Without the trigram's part, (1 2) and (3 2) share unigram and bigram features: those of (- 2).
    const short = rows[3]!;
    rows[0]!.forEach((value, id) => {
      expect(value).not.toBeCloseTo(short[id]!, 4);
    });
    features.dispose();
  });

  test("has the gradient of its sums", () => {
    const features = new HashedFeatures({ order: 2, bits: 4 }, 6); // collisions in plenty
    const weights = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
    const upstream = Float32Array.from({ length: 12 }, (_, i) => Math.cos(3 * i));
    const loss = (values: Float32Array) =>
      tf.tidy(() => {
        features.weight.assign(tf.tensor1d(values));
        return tf.sum(
          tf.mul(features.logits(Int32Array.from([1, 4]), 2), tf.tensor2d(upstream, [2, 6])),
        );
      });
    const { grads } = tf.variableGrads(() => loss(weights) as tf.Scalar, [features.weight]);
    grads[features.weight.name]!.dataSync().forEach((g, i) => {
      const changed = weights.map((w, j) => (j === i ? w + 1 : w)); // the logits are linear in the weights
      const difference = loss(changed).dataSync()[0]! - loss(weights).dataSync()[0]!;
      expect(g).toBeCloseTo(difference, 4);
    });
    features.dispose();
  });

  test("improve a recurrent model on the same text in the same number of steps", () => {
    const text = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8");
    const alphabet = [...new Set(text)].sort();
    const ids = Int32Array.from(text.slice(0, 40000), (c) => alphabet.indexOf(c));
    const heldOut = Int32Array.from(text.slice(500_000, 503_000), (c) => alphabet.indexOf(c));
    const nats = (maxent: object): number => {
      const model = new RnnLanguageModel(
        { cell: "elman", vocabSize: alphabet.length, embeddingSize: 16, hiddenSize: 32, ...maxent },
        new Rng(2),
      );
      const optimizer = tf.train.adam(0.01);
      const rng = new Rng(3);
      const [batchSize, time] = [16, 33];
      for (let step = 0; step < 100; step++) {
        const batch = {
          ids: new Int32Array(batchSize * time),
          lengths: new Int32Array(batchSize).fill(time),
          batchSize,
          time,
        };
        for (let row = 0; row < batchSize; row++) {
          const start = rng.integer(ids.length - time);
          batch.ids.set(ids.subarray(start, start + time), row * time);
        }
        tf.tidy(() => {
          optimizer.minimize(
            () => model.loss(batch, { training: true, rng }).mean as tf.Scalar,
            false,
            [...model.parameters.values()],
          );
        });
      }
      const result = crossEntropy(model, [heldOut]).nats;
      model.dispose();
      return result;
    };
    expect(nats({ maxent: { order: 4, bits: 16 } })).toBeLessThan(nats({}) - 0.1);
  });
});
