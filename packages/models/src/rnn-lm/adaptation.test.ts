import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { LanguageModel } from "../language-model/language-model.types.ts";
import { tuneMixture } from "../language-model/mixture.ts";
import { crossEntropy, nextLogProbs } from "../language-model/queries.ts";
import { corpusFromSequences } from "../ngram/corpus.ts";
import { estimateWittenBell } from "../ngram/estimate.ts";
import { CacheModel } from "./cache-model.ts";
import { dynamicEvaluation } from "./dynamic-evaluation.ts";
import { RnnLanguageModel } from "./rnn-language-model.ts";

const vocabSize = 8;

function build(): RnnLanguageModel {
  const model = new RnnLanguageModel(
    { cell: "lstm", vocabSize, embeddingSize: 6, hiddenSize: 7, beginId: 0 },
    new Rng(5),
  );
  for (const v of model.parameters.values()) tf.tidy(() => v.assign(tf.mul(v, 2)));
  return model;
}

// A text with words that the untrained model cannot know to come back: bursts.
const rng = new Rng(1);
const bursts: number[] = [];
for (let topic = 0; topic < 12; topic++) {
  const words = [rng.integer(vocabSize), rng.integer(vocabSize)];
  for (let t = 0; t < 25; t++) bursts.push(words[rng.integer(2)]!);
}

beforeAll(async () => {
  await loadKernels({ backend: "wasm" });
});

describe("CacheModel", () => {
  test("mixes the model with the ids that followed alike hidden vectors", () => {
    const model = build();
    const [size, weight, theta] = [3, 0.3, 0.8];
    const cache = new CacheModel(model, { size, weight, theta });
    const prefix = [3, 1, 4, 1, 5];
    // The definition: h after the begin id and after each id of the prefix.
    const hidden: Float32Array[] = [];
    const stream = model.stream();
    const read = () => {
      const h = new Float32Array(7);
      stream.hidden(h);
      hidden.push(h);
    };
    read();
    for (const id of prefix) {
      stream.advance([id]);
      read();
    }
    stream.dispose();
    const now = hidden.at(-1)!;
    const mass = new Float64Array(vocabSize);
    for (let i = prefix.length - size; i < prefix.length; i++) {
      mass[prefix[i]!]! += Math.exp(theta * hidden[i]!.reduce((sum, h, j) => sum + h * now[j]!, 0));
    }
    const total = mass.reduce((a, b) => a + b);
    const base = nextLogProbs(model, prefix);
    nextLogProbs(cache, prefix).forEach((l, id) => {
      expect(Math.exp(l)).toBeCloseTo(
        (1 - weight) * Math.exp(base[id]!) + (weight * mass[id]!) / total,
        5,
      );
    });
    expect(nextLogProbs(cache, [])).toEqual(nextLogProbs(model, []));
    model.dispose();
  });

  test("helps on text that repeats itself", () => {
    const model = build();
    const cache = new CacheModel(model, { size: 20, weight: 0.5, theta: 0.3 });
    expect(crossEntropy(cache, [bursts]).perplexity).toBeLessThan(
      0.8 * crossEntropy(model, [bursts]).perplexity,
    );
    model.dispose();
  });

  test("keeps rows apart through select and reset", () => {
    const model = build();
    const cache = new CacheModel(model, { size: 4, weight: 0.4, theta: 1 });
    const stream = cache.stream(2);
    const table = () => {
      const out = new Float32Array(2 * vocabSize);
      stream.logProbs(out);
      return [out.slice(0, vocabSize), out.slice(vocabSize)];
    };
    stream.advance([1, 2]);
    stream.advance([3, -1]);
    const [a, b] = table();
    expect(a).toEqual(nextLogProbs(cache, [1, 3]));
    expect(b).toEqual(nextLogProbs(cache, [2]));
    stream.select([1, 0]);
    expect(table()).toEqual([b, a]);
    stream.reset(0);
    expect(table()).toEqual([nextLogProbs(cache, []), a]);
    stream.dispose();
    model.dispose();
  });
});

describe("dynamicEvaluation", () => {
  test("with a learning rate of 0 equals plain evaluation", () => {
    const model = build();
    const text = bursts.slice(0, 60);
    expect(dynamicEvaluation(model, text, { learningRate: 0, chunk: 7 }).nats).toBeCloseTo(
      crossEntropy(model, [text]).nats,
      4,
    );
    model.dispose();
  });

  test("learns from the text as it reads, and puts the weights back without leaving tensors", () => {
    const model = build();
    const before = tf.memory().numTensors;
    const plain = crossEntropy(model, [bursts]);
    const dynamic = dynamicEvaluation(model, bursts, { learningRate: 0.3, chunk: 5, decay: 0.01 });
    expect(dynamic.nats).toBeLessThan(0.85 * plain.nats);
    expect(crossEntropy(model, [bursts]).nats).toBe(plain.nats);
    expect(tf.memory().numTensors).toBe(before);
    dynamicEvaluation(model, bursts, { learningRate: 0.3, keep: true });
    expect(crossEntropy(model, [bursts]).nats).not.toBe(plain.nats);
    model.dispose();
  });

  test("refuses an empty text", () => {
    const model = build();
    expect(() => dynamicEvaluation(model, [], { learningRate: 0.1 })).toThrow(
      "dynamicEvaluation: the text is empty, expected at least one id.",
    );
    model.dispose();
  });
});

describe("MixtureModel of a recurrent and an n-gram model", () => {
  test("is tuned to more than either on held-out text", () => {
    const model = build();
    const ngram = estimateWittenBell(corpusFromSequences([bursts.slice(0, 150)], { vocabSize }), {
      order: 2,
    });
    const heldOut = [bursts.slice(150)];
    const { model: mixture, weights } = tuneMixture([model, ngram], heldOut);
    const nats = (m: LanguageModel) => crossEntropy(m, heldOut).nats;
    expect(nats(mixture)).toBeLessThanOrEqual(Math.min(nats(model), nats(ngram)) + 1e-6);
    expect(weights.every((w) => w > 0)).toBe(true);
    const sum = nextLogProbs(mixture, [1, 2]).reduce((total, l) => total + Math.exp(l), 0);
    expect(sum).toBeCloseTo(1, 5);
    model.dispose();
  });
});
