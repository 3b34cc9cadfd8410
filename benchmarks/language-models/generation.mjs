/**
 * `node benchmarks/language-models/generation.mjs [tokens] [threads]`: milliseconds of processor time per generated token at
 * batch 1 and 16, for the peers' configurations, whole and split into the recurrent step and the output layer (the rest is the choice by
 * top-k); tensors left behind.
 */
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { generate, RnnLanguageModel } from "@seq/models";
import * as tf from "@tensorflow/tfjs-core";
import { printTable } from "./shared.mjs";

const tokens = Number(process.argv[2] ?? 200);
const threads = Number(process.argv[3] ?? 1);
console.log(JSON.stringify(await loadKernels({ backend: "wasm", threads })));

function cpuMilliseconds(body) {
  const before = process.cpuUsage();
  body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

const rows = [["configuration", "batch", "ms a step", "step", "output", "tensors left"]];
for (const [name, hiddenSize, vocabSize, numLayers] of [
  ["LSTM 256, V=1000", 256, 1000, 1],
  ["LSTM 512, V=10000", 512, 10_000, 1],
  ["LSTM 2x650, V=10000", 650, 10_000, 2],
]) {
  const config = {
    cell: "lstm",
    vocabSize,
    embeddingSize: hiddenSize,
    hiddenSize,
    numLayers,
    endId: 0,
  };
  const model = new RnnLanguageModel(config, new Rng(1));
  for (const batch of [1, 16]) {
    const prompts = Array.from({ length: batch }, () => [1]);
    const run = (count) =>
      generate(model, { prompts, maxNewTokens: count, stopIds: [], rng: new Rng(2), topK: 40 });
    run(10);
    const before = tf.memory().numTensors;
    const whole = cpuMilliseconds(() => run(tokens)) / tokens;
    const left = tf.memory().numTensors - before;
    const stream = model.stream(batch);
    const ids = new Int32Array(batch).fill(5);
    const out = new Float32Array(batch * vocabSize);
    const step = cpuMilliseconds(() => {
      for (let i = 0; i < tokens; i++) stream.advance(ids);
    });
    const output = cpuMilliseconds(() => {
      for (let i = 0; i < tokens; i++) stream.logProbs(out);
    });
    stream.dispose();
    rows.push([
      name,
      batch,
      whole.toFixed(3),
      (step / tokens).toFixed(3),
      (output / tokens).toFixed(3),
      left,
    ]);
  }
  model.dispose();
}
printTable(rows);
