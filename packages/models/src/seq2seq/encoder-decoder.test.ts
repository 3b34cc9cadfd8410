import { type PairBatch, Rng, SeqError, type SequenceBatch } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadSafetensorsWeights, weightsToSafetensors } from "../weights.ts";
import { beamSearch } from "./beam-search.ts";
import type { EncoderDecoderOptions } from "./config.ts";
import { EncoderDecoder } from "./encoder-decoder.ts";

const small: EncoderDecoderOptions = {
  sourceVocabSize: 9,
  targetVocabSize: 11,
  embeddingSize: 5,
  encoderHiddenSize: 3,
};

const variants: [string, Partial<EncoderDecoderOptions>][] = [
  ["LSTM, dot", {}],
  ["GRU, dot", { cell: "gru" }],
  ["one direction, two layers", { bidirectional: false, encoderLayers: 2 }],
  ["a bridge to a wider decoder, general score", { decoderHiddenSize: 7 }],
  ["additive score, GRU bridge", { cell: "gru", decoderHiddenSize: 4, attentionScore: "additive" }],
  ["scaled score, state alone in the output", { attentionScore: "scaled", outputContext: false }],
];

/** Rows padded to one time with `padding`. */
function pad(rows: readonly (readonly number[])[], extra = 0, padding = 0): SequenceBatch {
  const time = Math.max(...rows.map((row) => row.length)) + extra;
  const ids = new Int32Array(rows.length * time).fill(padding);
  rows.forEach((row, i) => {
    ids.set(row, i * time);
  });
  return { ids, lengths: Int32Array.from(rows, (row) => row.length), batchSize: rows.length, time };
}

const sources = [[3, 4, 5, 6], [7], [8, 2, 3]];
const targets = [
  [1, 5, 2],
  [1, 9, 10, 3, 4, 2],
  [1, 2],
];
const batch: PairBatch = { source: pad(sources), target: pad(targets) };

function lossAndGradients(
  model: EncoderDecoder,
  pairs: PairBatch,
): [number, Map<string, Float32Array>] {
  const { value, grads } = tf.variableGrads(
    () => model.loss(pairs, { training: false }).mean as tf.Scalar,
    [...model.parameters.values()],
  );
  const loss = value.dataSync()[0] as number;
  const gradients = new Map(
    [...model.parameters].map(([name, { name: id }]) => [
      name,
      (grads[id] as tf.Tensor).dataSync<"float32">().slice(),
    ]),
  );
  tf.dispose([value, grads]);
  return [loss, gradients];
}

function expectClose(got: Float32Array, expected: Float32Array, tolerance: number): void {
  expect(got.length).toBe(expected.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(tolerance);
  });
}

beforeAll(() => loadKernels({ simd: "exact" }));

describe.each(variants)("an encoder-decoder with %s", (_, options) => {
  let model: EncoderDecoder;
  let before: number;
  beforeEach(() => {
    before = tf.memory().numTensors;
    model = new EncoderDecoder({ ...small, ...options }, new Rng(7));
  });
  afterEach(() => {
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("gives padding no weight: more of it, of any id, changes neither loss nor gradients", () => {
    const [loss, gradients] = lossAndGradients(model, batch);
    const padded = { source: pad(sources, 3, 8), target: pad(targets, 2, 10) };
    const [paddedLoss, paddedGradients] = lossAndGradients(model, padded);
    expect(paddedLoss).toBeCloseTo(loss, 5);
    for (const [name, gradient] of gradients) {
      expectClose(paddedGradients.get(name) as Float32Array, gradient, 1e-5);
    }
  });

  test("gives a batch the mean over all targets of its rows alone", () => {
    const { mean, targets: count } = model.loss(batch, { training: false });
    expect(count).toBe(2 + 5 + 1);
    const sum = sources.reduce((total, source, i) => {
      const row = { source: pad([source]), target: pad([targets[i] as number[]]) };
      const alone = model.loss(row, { training: false });
      const value = (alone.mean.dataSync()[0] as number) * alone.targets;
      alone.mean.dispose();
      return total + value;
    }, 0);
    expect(mean.dataSync()[0]).toBeCloseTo(sum / count, 5);
    mean.dispose();
  });

  test("steps through a gold target with the teacher-forced pass's probabilities and attention", () => {
    const pass = model.forward(batch);
    const logProbs = tf.tidy(() => tf.logSoftmax(pass.logits).dataSync<"float32">());
    const attention = pass.attentionWeights.dataSync();
    const [, steps, vocabSize] = pass.logits.shape as [number, number, number];
    const sourceTime = batch.source.time;
    let state = model.start(batch.source);
    const gold = targets[1] as number[];
    for (let t = 0; t < gold.length - 1; t++) {
      const result = model.step(Int32Array.of(0, gold[t] as number, 0), state);
      model.disposeState(state);
      state = result.state;
      const from = (1 * steps + t) * vocabSize;
      expectClose(
        result.logProbs.slice(vocabSize, 2 * vocabSize),
        logProbs.slice(from, from + vocabSize),
        1e-5,
      );
      const row = (1 * steps + t) * sourceTime;
      expectClose(
        (result.attention as Float32Array).slice(sourceTime, 2 * sourceTime),
        Float32Array.from(attention.slice(row, row + sourceTime)),
        1e-6,
      );
    }
    model.disposeState(state);
    tf.dispose(pass);
  });

  test("attends to true source positions only, with weights that add up to 1", () => {
    const pass = model.forward(batch);
    const [rows, steps, time] = pass.attentionWeights.shape as [number, number, number];
    const weights = pass.attentionWeights.dataSync();
    for (let row = 0; row < rows; row++) {
      for (let t = 0; t < steps; t++) {
        const from = (row * steps + t) * time;
        const length = (sources[row] as number[]).length;
        const sum = [...weights.slice(from, from + length)].reduce((a, b) => a + b);
        expect(sum).toBeCloseTo(1, 5);
        expect([...weights.slice(from + length, from + time)].every((w) => w === 0)).toBe(true);
      }
    }
    tf.dispose(pass);
  });

  test("leaves no tensor behind when it decodes", () => {
    const start = model.start(batch.source);
    const live = tf.memory().numTensors;
    const found = beamSearch(model, start, 3, { beginId: 1, endId: 2, maxLength: 7, beamWidth: 3 });
    expect(tf.memory().numTensors).toBe(live);
    expect(found.map((list) => list.length)).toEqual([3, 3, 3]);
    model.disposeState(start);
  });

  test("scores a hypothesis of the beam as forced decoding scores it", () => {
    const start = model.start(batch.source);
    const found = beamSearch(model, start, 3, { beginId: 1, endId: 2, maxLength: 9, beamWidth: 2 });
    model.disposeState(start);
    found.forEach(([best], i) => {
      if (best === undefined || !best.ended) return;
      const target = [1, ...best.ids, 2];
      const { mean, targets: count } = model.loss(
        { source: pad([sources[i] as number[]]), target: pad([target]) },
        { training: false },
      );
      expect(-(mean.dataSync()[0] as number) * count).toBeCloseTo(best.logProb, 3);
      mean.dispose();
    });
  });

  test("keeps its weights through safetensors", () => {
    const file = weightsToSafetensors(model.parameters);
    const other = new EncoderDecoder({ ...small, ...options }, new Rng(8));
    loadSafetensorsWeights(other.parameters, file);
    expect(lossAndGradients(other, batch)[0]).toBe(lossAndGradients(model, batch)[0]);
    other.dispose();
  });
});

describe("EncoderDecoder", () => {
  test("builds equal models from equal seeds and others from others", () => {
    const weights = (seed: number) => {
      const model = new EncoderDecoder(small, new Rng(seed));
      const file = weightsToSafetensors(model.parameters);
      model.dispose();
      return Buffer.from(file).toString("base64");
    };
    expect(weights(1)).toBe(weights(1));
    expect(weights(1)).not.toBe(weights(2));
  });

  test("drops out in training only, and equally for equal seeds", () => {
    const model = new EncoderDecoder({ ...small, dropout: 0.5 }, new Rng(1));
    const loss = (training: boolean, seed: number) =>
      tf.tidy(() => model.loss(batch, { training, rng: new Rng(seed) }).mean.dataSync()[0]);
    expect(loss(true, 1)).toBe(loss(true, 1));
    expect(loss(true, 1)).not.toBe(loss(true, 2));
    expect(loss(false, 1)).toBe(loss(false, 2));
    model.dispose();
  });

  test("refuses contradictions by name", () => {
    const refuse = (options: object, code: string, message: string) => {
      try {
        new EncoderDecoder({ ...small, ...options } as EncoderDecoderOptions, new Rng(1));
        expect.unreachable();
      } catch (error) {
        expect(SeqError.is(error) && [error.code, error.message]).toEqual([code, message]);
      }
    };
    refuse(
      { decoderHiddenSize: 4, attentionScore: "dot" },
      "ATTENTION_WIDTHS",
      'EncoderDecoder: attentionScore "dot" wants equal widths, but the decoder state has 4 and the encoder output 6; use "general" or "additive".',
    );
    refuse(
      { dropout: 2 },
      "OPTION_RANGE",
      "EncoderDecoder: dropout is 2, expected a finite number from 0 to 1.",
    );
    const model = new EncoderDecoder(small, new Rng(1));
    expect(() =>
      model.loss({ source: batch.source, target: pad([[1, 2]]) }, { training: false }),
    ).toThrow("EncoderDecoder.loss: source has 3 rows, target 1; they must be pairs.");
    expect(() =>
      model.loss({ source: pad([[3]]), target: pad([[1]]) }, { training: false }),
    ).toThrow("EncoderDecoder.loss: target row 0 has length 1, expected at least 2");
    model.dispose();
  });

  test("refuses weights of another model, naming what differs", () => {
    const model = new EncoderDecoder(small, new Rng(1));
    const other = new EncoderDecoder({ ...small, cell: "gru" }, new Rng(1));
    expect(() =>
      loadSafetensorsWeights(
        model.parameters,
        weightsToSafetensors(other.parameters),
        "w.safetensors",
      ),
    ).toThrow(
      'w.safetensors: does not fit the model: "encoder.weight_ih_l0" has shape [9, 5], expected [12, 5];',
    );
    model.dispose();
    other.dispose();
  });
});
