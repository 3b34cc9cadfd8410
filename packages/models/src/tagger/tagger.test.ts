import { Rng, type SequenceBatch } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { TaggerOptions } from "./config.ts";
import { type TaggedBatch, Tagger } from "./tagger.ts";

const sentences = [[1, 2, 3, 4], [5], [6, 7]];
const gold = [[0, 1, 2, 0], [2], [1, 1]];
/** Spellings of words 0..7. */
const spellings = [[1], [1, 2], [3], [2, 2, 1], [4], [1, 4], [3, 1], [2]];

function pad(rows: readonly (readonly number[])[], extra: number, padding: number): SequenceBatch {
  const time = Math.max(...rows.map((row) => row.length)) + extra;
  const ids = new Int32Array(rows.length * time).fill(padding);
  rows.forEach((row, i) => {
    ids.set(row, i * time);
  });
  return { ids, lengths: Int32Array.from(rows, (row) => row.length), batchSize: rows.length, time };
}

function batchOf(rows: readonly number[], extra = 0, padding = 0): TaggedBatch {
  const words = pad(
    rows.map((row) => sentences[row] as number[]),
    extra,
    padding,
  );
  return {
    words,
    tags: pad(
      rows.map((row) => gold[row] as number[]),
      extra,
      padding % 3,
    ).ids,
    // Every word is its own distinct word here: the spelling of position p is that of its id.
    spelling: { characters: pad(spellings, extra, 1), wordOf: words.ids },
  };
}

const variants: [string, Partial<TaggerOptions>][] = [
  ["words alone", {}],
  ["characters", { characters: { vocabSize: 5, embeddingSize: 3, hiddenSize: 2 } }],
  ["a CRF over two GRU layers", { crf: true, layers: 2, cell: "gru" }],
];

beforeAll(() => loadKernels({ simd: "exact" }));

describe.each(variants)("a tagger with %s", (_, options) => {
  let tagger: Tagger;
  let before: number;
  beforeEach(() => {
    before = tf.memory().numTensors;
    const sizes = { wordVocabSize: 8, tagCount: 3, wordEmbeddingSize: 4, hiddenSize: 3 };
    tagger = new Tagger({ ...sizes, ...options }, new Rng(2));
  });
  afterEach(() => {
    tagger.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  const lossOf = (batch: TaggedBatch) =>
    tf.tidy(() => {
      const { mean, targets } = tagger.loss(batch, { training: false });
      return (mean.dataSync()[0] as number) * targets;
    });

  test("loses on a batch what it loses on its sentences alone, whatever the padding", () => {
    const alone = [0, 1, 2].reduce((sum, row) => sum + lossOf(batchOf([row])), 0);
    expect(lossOf(batchOf([0, 1, 2]))).toBeCloseTo(alone, 4);
    expect(lossOf(batchOf([0, 1, 2], 3, 7))).toBeCloseTo(alone, 4);
  });

  test("predicts for a sentence what it predicts in a batch, and nothing at pads", () => {
    const together = tagger.predict(batchOf([0, 1, 2], 1, 7)).tags;
    const time = 5;
    sentences.forEach((sentence, row) => {
      const alone = tagger.predict(batchOf([row])).tags;
      const inBatch = together.subarray(row * time, (row + 1) * time);
      expect([...inBatch]).toEqual([...alone, ...new Array(time - sentence.length).fill(0)]);
    });
  });

  test("learns a rule that needs the neighbour", () => {
    const rng = new Rng(9);
    const optimizer = tf.train.adam(0.05);
    let last = Number.NaN;
    for (let step = 0; step < 150; step++) {
      // The tag of a word is 1 when the word before it was odd, else 0.
      const rows = Array.from({ length: 8 }, () =>
        Array.from({ length: 2 + rng.integer(5) }, () => rng.integer(8)),
      );
      const words = pad(rows, 0, 0);
      const tags = pad(
        rows.map((row) => row.map((__, t) => (t > 0 ? (row[t - 1] as number) % 2 : 0))),
        0,
        0,
      ).ids;
      const spelling = { characters: pad(spellings, 0, 1), wordOf: words.ids };
      const variables = [...tagger.parameters.values()];
      const cost = optimizer.minimize(
        () => tagger.loss({ words, tags, spelling }, { training: false }).mean as tf.Scalar,
        true,
        variables,
      ) as tf.Scalar;
      last = cost.dataSync()[0] as number;
      cost.dispose();
    }
    optimizer.dispose();
    expect(last).toBeLessThan(0.1);
  });
});

test("a tagger of characters refuses a batch without spelling", () => {
  const tagger = new Tagger(
    { wordVocabSize: 8, tagCount: 3, characters: { vocabSize: 5 } },
    new Rng(1),
  );
  const { words } = batchOf([0]);
  expect(() => tagger.predict({ words })).toThrow(
    "Tagger: this tagger reads characters, but the batch has no spelling.",
  );
  tagger.dispose();
});

test("pretrained embeddings are where the words start", () => {
  const pretrained = Float32Array.from({ length: 8 * 4 }, (_, i) => i);
  const sizes = { wordVocabSize: 8, tagCount: 3, wordEmbeddingSize: 4 };
  const tagger = new Tagger(sizes, new Rng(1), pretrained);
  expect([...(tagger.parameters.get("features.words.weight")?.dataSync() ?? [])]).toEqual([
    ...pretrained,
  ]);
  tagger.dispose();
  expect(() => new Tagger(sizes, new Rng(1), pretrained.subarray(4))).toThrow(
    "EmbeddingTable: pretrained has 28 values, expected 8 x 4 = 32.",
  );
});
