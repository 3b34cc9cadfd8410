import { readFileSync } from "node:fs";
import { Rng, type SequenceBatch } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { sharedPath } from "@seq-internal/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { LanguageModel } from "../language-model/language-model.types.ts";
import { crossEntropy, nextLogProbs } from "../language-model/queries.ts";
import { scoreByStream } from "../language-model/score-by-stream.ts";
import { corpusFromSequences } from "../ngram/corpus.ts";
import { estimateKneserNey, estimateWittenBell } from "../ngram/estimate.ts";
import { RnnLanguageModel } from "../rnn-lm/rnn-language-model.ts";
import { WindowLanguageModel, type WindowState } from "./window-language-model.ts";

const config = { vocabSize: 9, window: 3, embeddingSize: 4, hiddenSize: 7, endId: 8 };

function build(options: object = {}): WindowLanguageModel {
  const model = new WindowLanguageModel({ ...config, ...options }, new Rng(2));
  const noise = new Rng(3);
  for (const tensor of model.parameters.values()) {
    const values = Float32Array.from({ length: tensor.size }, () => noise.normal(0, 0.5));
    tf.tidy(() => tensor.assign(tf.add(tensor, tf.tensor(values, tensor.shape))));
  }
  return model;
}

function batchOf(row: readonly number[]): SequenceBatch {
  return {
    ids: Int32Array.from(row),
    lengths: Int32Array.of(row.length),
    batchSize: 1,
    time: row.length,
  };
}

/** Σ p log (p / q) of the next id when the id at distance d in the context is another. */
function influence(model: LanguageModel, distance: number): number {
  const context = [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4];
  const p = nextLogProbs(model, context);
  const changed = context.with(context.length - distance, 0);
  const q = nextLogProbs(model, changed);
  return p.reduce((sum, l, id) => sum + (l > -1e9 ? Math.exp(l) * (l - q[id]!) : 0), 0);
}

beforeAll(async () => {
  await loadKernels({ backend: "wasm" });
});

describe("WindowLanguageModel", () => {
  test("gives a distribution and scores in a batch as step by step, leaving no tensors", () => {
    const model = build();
    const before = tf.memory().numTensors;
    const sequences = [[1, 2, 3, 4, 5], [], [7]];
    const slow = scoreByStream(model, sequences);
    model.score(sequences).forEach(({ logProbs }, i) => {
      logProbs.forEach((value, t) => {
        expect(value).toBeCloseTo(slow[i]!.logProbs[t]!, 4);
      });
    });
    const sum = nextLogProbs(model, [3, 1]).reduce((total, l) => total + Math.exp(l), 0);
    expect(sum).toBeCloseTo(1, 5);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test("has a loss that is the mean of the scores, also in chunks with the carried window", () => {
    const model = build();
    const row = [8, 1, 2, 3, 4, 4, 0, 5];
    const [score] = model.score([row.slice(1)], { end: false });
    const whole = tf.tidy(() => model.loss(batchOf(row), { training: false }).mean.dataSync()[0]!);
    expect(whole).toBeCloseTo(-score!.logProb / 7, 5);
    let state: WindowState | undefined;
    let total = 0;
    tf.tidy(() => {
      for (const [from, to] of [
        [0, 2],
        [1, 5],
        [4, 8],
      ] as const) {
        const loss = model.loss(batchOf(row.slice(from, to)), {
          training: false,
          ...(state && { state }),
        });
        total += loss.mean.dataSync()[0]! * loss.targets;
        state = loss.state as WindowState;
      }
    });
    expect(total / 7).toBeCloseTo(whole, 5);
    model.dispose();
  });

  test("cannot look further back than its window; an n-gram neither; an RNN can (influence of one id)", () => {
    const window = build();
    const rng = new Rng(1);
    const sequences = Array.from({ length: 60 }, () =>
      Array.from({ length: 12 }, () => rng.integer(8)),
    );
    const trigram = estimateKneserNey(
      corpusFromSequences([...sequences, [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 0]], {
        vocabSize: 9,
        endId: 8,
      }),
      { order: 3, discountFallback: true },
    );
    const rnn = new RnnLanguageModel(
      { cell: "lstm", vocabSize: 9, embeddingSize: 6, hiddenSize: 8, endId: 8 },
      new Rng(4),
    );
    for (const variable of rnn.parameters.values())
      tf.tidy(() => variable.assign(tf.mul(variable, 3)));
    for (let distance = 1; distance <= 8; distance++) {
      expect(influence(window, distance) > 1e-6, `window, ${distance}`).toBe(distance <= 3);
      expect(Math.abs(influence(trigram, distance)) > 1e-6, `trigram, ${distance}`).toBe(
        distance <= 2,
      );
      expect(influence(rnn, distance), `rnn, ${distance}`).toBeGreaterThan(1e-8);
    }
    window.dispose();
    rnn.dispose();
  });

  test("grows linearly with its window, as a recurrent model does not", () => {
    const size = (window: number) => {
      const model = new WindowLanguageModel({ ...config, window }, new Rng(0));
      const count = [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
      model.dispose();
      return count;
    };
    expect(size(4) - size(3)).toBe(4 * 7); // embeddingSize * hiddenSize
    expect(size(9) - size(8)).toBe(4 * 7);
  });

  test("beats the Witten-Bell n-gram of the same reach on little text of tiny Shakespeare's characters", async () => {
    const text = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8");
    const alphabet = [...new Set(text)].sort();
    const ids = Int32Array.from(text.slice(0, 60000), (c) => alphabet.indexOf(c));
    const test = Int32Array.from(text.slice(1_000_000, 1_010_000), (c) => alphabet.indexOf(c));
    const vocabSize = alphabet.length;
    const reach = 5;
    const model = new WindowLanguageModel(
      {
        vocabSize,
        window: reach,
        embeddingSize: 24,
        hiddenSize: 96,
        beginId: alphabet.indexOf("\n"),
      },
      new Rng(5),
    );
    const optimizer = tf.train.adam(0.004);
    const rng = new Rng(6);
    const width = 385;
    for (let step = 0; step < 450; step++) {
      (optimizer as unknown as { learningRate: number }).learningRate = 0.006 * (1 - step / 450);
      const start = rng.integer(ids.length - width);
      const batch = {
        ids: ids.slice(start, start + width),
        lengths: Int32Array.of(width),
        batchSize: 1,
        time: width,
      };
      tf.tidy(() => {
        optimizer.minimize(
          () => model.loss(batch, { training: true, rng }).mean as tf.Scalar,
          false,
          [...model.parameters.values()],
        );
      });
    }
    const neural = crossEntropy(model, [test]).perplexity;
    const ngram = crossEntropy(
      estimateWittenBell(corpusFromSequences([ids], { vocabSize }), { order: reach + 1 }),
      [test],
    ).perplexity;
    expect(neural).toBeLessThan(ngram);
    model.dispose();
  });

  test("refuses a window of 0", () => {
    expect(() => new WindowLanguageModel({ ...config, window: 0 }, new Rng(0))).toThrow(
      "WindowLanguageModel: window is 0, expected a whole number of at least 1.",
    );
  });
});
