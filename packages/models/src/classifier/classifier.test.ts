import { Rng, type SequenceBatch } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Classifier, type ClassifierOptions, type LabelledBatch } from "./classifier.ts";
import { maxPool, meanPool, type PoolingName } from "./pooling.ts";
import type { FrameBatch } from "./sequence-encoder.ts";

const small = { vocabSize: 7, embeddingSize: 4, hiddenSize: 3, labelCount: 3 };
const rows = [[1, 2, 3], [4], [5, 6]];

function pad(list: readonly (readonly number[])[], extra = 0, padding = 0): SequenceBatch {
  const time = Math.max(...list.map((row) => row.length)) + extra;
  const ids = new Int32Array(list.length * time).fill(padding);
  list.forEach((row, i) => {
    ids.set(row, i * time);
  });
  return { ids, lengths: Int32Array.from(list, (row) => row.length), batchSize: list.length, time };
}

function lossOf(classifier: Classifier, batch: LabelledBatch): number {
  return tf.tidy(() => classifier.loss(batch, { training: false }).mean.dataSync()[0] as number);
}

beforeAll(() => loadKernels({ simd: "exact" }));

describe("pooling", () => {
  const states = () =>
    tf.tensor3d([
      [
        [1, -5],
        [3, -1],
        [9, 9],
      ],
      [
        [2, 4],
        [8, 8],
        [7, 7],
      ],
    ]);
  const lengths = Int32Array.of(2, 1);

  test("takes the mean over true positions", () => {
    expect(meanPool(states(), lengths).arraySync()).toEqual([
      [2, -3],
      [2, 4],
    ]);
  });

  test("takes the maximum over true positions, also when all are negative", () => {
    expect(maxPool(states(), lengths).arraySync()).toEqual([
      [3, -1],
      [2, 4],
    ]);
  });
});

describe.each<PoolingName>(["last", "mean", "max", "attention"])(
  "a classifier that pools by %s",
  (pooling) => {
    test("gives padding no part in anything", () => {
      const before = tf.memory().numTensors;
      const classifier = new Classifier({ ...small, pooling, layers: 2 }, new Rng(3));
      const plain = classifier.predict(pad(rows));
      const padded = classifier.predict(pad(rows, 4, 6));
      rows.forEach((row, i) => {
        const alone = classifier.predict(pad([row]));
        alone.forEach((p, k) => {
          expect(plain[i * 3 + k]).toBeCloseTo(p, 5);
          expect(padded[i * 3 + k]).toBeCloseTo(p, 5);
        });
        expect([...alone].reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      });
      classifier.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    test("learns whether a 1 stands anywhere", () => {
      const classifier = new Classifier({ ...small, labelCount: 2, pooling }, new Rng(4));
      const rng = new Rng(5);
      const optimizer = tf.train.adam(0.03);
      let last = Number.NaN;
      for (let step = 0; step < 200; step++) {
        const list = Array.from({ length: 16 }, () =>
          Array.from({ length: 1 + rng.integer(6) }, () => 1 + rng.integer(6)),
        );
        const labels = Int32Array.from(list, (row) => (row.includes(1) ? 1 : 0));
        const cost = optimizer.minimize(
          () =>
            classifier.loss({ input: pad(list), labels }, { training: false }).mean as tf.Scalar,
          true,
          [...classifier.parameters.values()],
        ) as tf.Scalar;
        last = cost.dataSync()[0] as number;
        cost.dispose();
      }
      optimizer.dispose();
      expect(last).toBeLessThan(0.15);
      classifier.dispose();
    });
  },
);

describe("Classifier", () => {
  const make = (options: Partial<ClassifierOptions> = {}) =>
    new Classifier({ ...small, ...options } as ClassifierOptions, new Rng(6));
  const probsOf = (classifier: Classifier) => classifier.predict(pad(rows));

  test("loses the mean of -ln p(gold), weighted by label where asked, as torch divides it", () => {
    const labels = Int32Array.of(2, 0, 1);
    const classifier = make();
    const probs = probsOf(classifier);
    const costs = [...labels].map((label, i) => -Math.log(probs[i * 3 + label] as number));
    const mean = costs.reduce((a, b) => a + b) / 3;
    expect(lossOf(classifier, { input: pad(rows), labels })).toBeCloseTo(mean, 5);
    classifier.dispose();

    const weights = [0.5, 2, 1];
    const weighted = make({ labelWeights: weights });
    const expected =
      (1 * (costs[0] as number) + 0.5 * (costs[1] as number) + 2 * (costs[2] as number)) / 3.5;
    expect(lossOf(weighted, { input: pad(rows), labels })).toBeCloseTo(expected, 5);
    weighted.dispose();
  });

  test("with several labels loses the mean binary cross-entropy of all", () => {
    const classifier = make({ multiLabel: true });
    const labels = Int32Array.of(1, 0, 1, 0, 0, 0, 1, 1, 1);
    const probs = probsOf(classifier);
    const costs = [...probs].map((p, i) => -Math.log(labels[i] === 1 ? p : 1 - p));
    const mean = costs.reduce((a, b) => a + b) / 9;
    expect(lossOf(classifier, { input: pad(rows), labels })).toBeCloseTo(mean, 5);
    classifier.dispose();
  });

  test("reads real-valued frames as well as ids", () => {
    const classifier = new Classifier({ featureSize: 2, hiddenSize: 3, labelCount: 2 }, new Rng(1));
    const frames: FrameBatch = {
      frames: Float32Array.of(0.5, -1, 2, 0.1, 9, 9, 1, 1, 9, 9, 9, 9),
      lengths: Int32Array.of(2, 1),
      batchSize: 2,
      time: 3,
    };
    const short: FrameBatch = {
      frames: Float32Array.of(0.5, -1, 2, 0.1),
      lengths: Int32Array.of(2),
      batchSize: 1,
      time: 2,
    };
    const [a, b] = [classifier.predict(frames), classifier.predict(short)];
    expect(a[0]).toBeCloseTo(b[0] as number, 5);
    expect(() => classifier.predict(pad(rows))).toThrow("the batch has no frames");
    classifier.dispose();
  });

  test("shows what attention pooling looks at, and only that", () => {
    const classifier = make({ pooling: "attention" });
    const weights = classifier.attentionWeights(pad(rows));
    expect([...weights.subarray(3, 6)]).toEqual([1, 0, 0]); // a row of one word
    classifier.dispose();
    const other = make();
    expect(() => other.attentionWeights(pad(rows))).toThrow('pooling is "last"');
    other.dispose();
  });

  test("names wrong labels and contradicting options", () => {
    const classifier = make();
    const input = pad(rows);
    const loss = (labels: number[]) => () =>
      classifier.loss({ input, labels: Int32Array.from(labels) }, { training: false });
    expect(loss([0, 1])).toThrow("Classifier.loss: 2 labels for 3 rows, expected 3.");
    expect(loss([0, 3, 1])).toThrow("Classifier.loss: label 3 at position 1, expected 0 to 2.");
    classifier.dispose();
    expect(() => make({ featureSize: 3 })).toThrow(
      "give either vocabSize (for ids) or featureSize",
    );
    expect(() => make({ labelWeights: [1] })).toThrow("labelWeights must be 3 numbers");
  });
});
