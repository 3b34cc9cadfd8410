/**
 * `node benchmarks/language-models/shakespeare.mjs [minutes] [threads]`: a character LSTM of two layers of 256 on tiny
 * Shakespeare (first 90 % to train, the rest to validate) with Adam, for a number of minutes. `SEQ_STEPS=n` trains n
 * steps instead, which is the same on any machine. `SEQ_RUN=folder` keeps checkpoints there and goes on from them. Prints the validation loss in nats as it goes, with the
 * processor's minutes, and the loss of an 8-gram model beside it.
 */

import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import {
  corpusFromSequences,
  crossEntropy,
  estimateKneserNey,
  RnnLanguageModel,
} from "@seq/models";
import { Adam, contiguousBatches, evaluateLoss, fit } from "@seq/train";
import { FolderStorage } from "@seq/train/node";
import { corpusText } from "./shared.mjs";

const minutes = Number(process.argv[2] ?? 20);
const threads = process.argv[3] === undefined ? {} : { threads: Number(process.argv[3]) };
console.log(JSON.stringify(await loadKernels({ backend: "wasm", ...threads })));
const text = corpusText("tinyshakespeare.txt");
const alphabet = [...new Set(text)].sort();
const ids = Int32Array.from(text, (c) => alphabet.indexOf(c));
const cut = Math.floor(0.9 * ids.length);
const [train, valid] = [ids.subarray(0, cut), ids.subarray(cut)];

const batchSize = 32;
const model = new RnnLanguageModel(
  {
    cell: "lstm",
    vocabSize: alphabet.length,
    embeddingSize: 128,
    hiddenSize: 256,
    numLayers: 2,
    dropout: { input: 0.1, hidden: 0.3, output: 0.3 },
    beginId: alphabet.indexOf("\n"),
  },
  new Rng(1),
);
const data = contiguousBatches(train, { batchSize, chunkLength: 64 });
const validation = contiguousBatches(valid, { batchSize: 16, chunkLength: 128 });
const begin = performance.now();
const steps = process.env.SEQ_STEPS === undefined ? undefined : Number(process.env.SEQ_STEPS);
const share = (step) =>
  steps === undefined ? Math.min(1, (performance.now() - begin) / 6e4 / minutes) : step / steps;
const cpuMinutes = () => {
  const { user, system } = process.cpuUsage();
  return ((user + system) / 6e7).toFixed(1);
};
const optimizer = new Adam({ learningRate: 4e-3 });
const result = await fit(model, data, {
  optimizer,
  schedule: { kind: "linear", rate: ({ step }, base) => base * Math.max(0.02, 1 - share(step)) },
  clipNorm: 1,
  seed: 1,
  ...(process.env.SEQ_RUN && {
    checkpoints: {
      storage: new FolderStorage(process.env.SEQ_RUN),
      everyMinutes: 2,
      resume: "latest",
    },
  }),
  ...(steps === undefined ? { maxMinutes: minutes } : { maxSteps: steps }),
  evaluation: { every: 250, run: () => evaluateLoss(model, validation) },
  onEvaluation: ({ step, scores }) => {
    const epoch = (step / data.batchesPerEpoch).toFixed(1);
    console.log(
      `${cpuMinutes()} CPU min, step ${step} (epoch ${epoch}): ${scores.loss.toFixed(4)} nats`,
    );
  },
});
const { loss } = await evaluateLoss(model, validation);
console.log(
  `after ${result.steps} steps, ${cpuMinutes()} CPU min: validation ${loss.toFixed(4)} nats`,
);
const corpus = corpusFromSequences([train], { vocabSize: alphabet.length });
const ngram = crossEntropy(estimateKneserNey(corpus, { order: 8, discountFallback: true }), [
  valid,
]);
console.log(`8-gram modified Kneser-Ney: ${ngram.nats.toFixed(4)} nats`);
