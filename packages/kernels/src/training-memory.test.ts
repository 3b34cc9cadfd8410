import { Rng } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { randomIntegers, randomValues } from "../test/values.ts";
import { heapMemory } from "./backend/tfjs.ts";
import {
  adamUpdate,
  attention,
  dropout,
  embedding,
  globalNorm,
  layerNorm,
  linearCrossEntropy,
  loadKernels,
  lstmSequence,
} from "./index.ts";

beforeAll(() => loadKernels({ backend: "wasm", threads: 1 }));

test("a language model learns its data in 300 steps, and neither tensors nor the heap grow", () => {
  const [batch, time, size, classes] = [4, 6, 16, 23];
  const make = (seed: number, ...shape: number[]) =>
    tf.variable(tf.tensor(randomValues(seed, tf.util.sizeFromShape(shape), 0.3), shape));
  const parameters = {
    table: make(1, classes, size),
    weightIh: make(2, 4 * size, size),
    weightHh: make(3, 4 * size, size),
    biasIh: make(4, 4 * size),
    gain: tf.variable(tf.ones([size])),
    bias: tf.variable(tf.zeros([size])),
    output: make(5, classes, size),
    outputBias: make(6, classes),
  };
  const list = Object.values(parameters);
  const slots = new Map(
    list.map((p) => [
      p.name,
      {
        firstMoment: tf.variable(tf.zeros(p.shape)),
        secondMoment: tf.variable(tf.zeros(p.shape)),
      },
    ]),
  );
  const text = randomIntegers(7, batch * (time + 1), classes);
  const pick = (shift: number) =>
    Int32Array.from({ length: batch * time }, (_, i) => {
      const row = Math.floor(i / time);
      return text[row * (time + 1) + (i % time) + shift] as number;
    });
  const inputs = tf.tensor2d(pick(0), [batch, time], "int32");
  const targets = tf.tensor1d(pick(1), "int32");
  const state = { h: tf.zeros([batch, size]), c: tf.zeros([batch, size]) };
  const rng = new Rng(8);

  const step = (count: number): number =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => {
        const { table, weightIh, weightHh, biasIh, gain, bias, output, outputBias } = parameters;
        const x = dropout(embedding(table, inputs), 0.1, rng);
        const { outputs } = lstmSequence(x, state, { weightIh, weightHh, biasIh });
        const { context } = attention(outputs, outputs, outputs, { score: "scaled" });
        const features = layerNorm(tf.add(outputs, context), gain, bias);
        const rows = tf.reshape(features, [batch * time, size]);
        return linearCrossEntropy(rows, output, outputBias, targets) as tf.Scalar;
      }, list);
      const norm = globalNorm(Object.values(grads));
      const gradientScale = Math.min(1, 1 / (norm + 1e-6));
      for (const parameter of list) {
        const gradient = grads[parameter.name] as tf.Tensor;
        const moments = slots.get(parameter.name)!;
        adamUpdate({
          parameter,
          gradient,
          gradientScale,
          learningRate: 0.01,
          step: count,
          ...moments,
        });
      }
      return value.dataSync()[0] as never;
    });

  const first = step(1);
  for (let count = 2; count <= 20; count++) step(count);
  const tensors = tf.memory().numTensors;
  const bytes = tf.memory().numBytes;
  const heap = heapMemory().buffer.byteLength;
  let last = first;
  for (let count = 21; count <= 300; count++) last = step(count);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(tf.memory().numBytes).toBe(bytes);
  expect(heapMemory().buffer.byteLength).toBe(heap);
  expect(first).toBeGreaterThan(2.5); // about ln 23
  expect(last).toBeLessThan(0.1); // 24 tokens are learnt by heart
});
