/**
 * `node benchmarks/language-models/lm-table.mjs [tokens] [epochs] [vocabulary] [test lines]`: the eight systems of the sources'
 * One-Billion-Word table, scaled down, on one slice of WikiText-2 and one budget: the neural ones see the slice the same
 * number of times (default 4) with Adam and a falling rate; the counted ones count it once. Perplexity per token (words
 * and line ends, rare words as <unk>) on WikiText-2's test text; beside it what is published for the full sizes.
 */
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import {
  corpusFromSequences,
  crossEntropy,
  estimateKneserNey,
  estimateSnm,
  parameterCount,
  parameterShapes,
  RnnLanguageModel,
  ranksOf,
  rnnPreset,
} from "@seq/models";
import { Adam, contiguousBatches, evaluateLoss, fit } from "@seq/train";
import { corpusText, cpuSeconds, printTable, textLines } from "./shared.mjs";

const tokens = Number(process.argv[2] ?? 500_000);
const epochs = Number(process.argv[3] ?? 4);
const wanted = Number(process.argv[4] ?? 8_000);
const testLimit = Number(process.argv[5] ?? 1e9);
console.log(JSON.stringify(await loadKernels({ backend: "wasm" })));

// Words by falling frequency: ids are ranks, as the adaptive softmax likes them. 0 is the line end, 1 is <unk>.
const lines = textLines(corpusText("wikitext-2/train.txt.gz"));
const counted = new Map();
const slice = [];
let size = 0;
for (const line of lines) {
  if (size >= tokens) break;
  const words = line.trim().split(/\s+/);
  slice.push(words);
  size += words.length + 1;
  for (const word of words) counted.set(word, (counted.get(word) ?? 0) + 1);
}
counted.delete("<unk>");
const ranked = [...counted].sort((a, b) => b[1] - a[1]).slice(0, wanted - 2);
const idOf = new Map(ranked.map(([word], i) => [word, i + 2]));
const vocabSize = ranked.length + 2;
const encode = (words) => Int32Array.from(words, (word) => idOf.get(word) ?? 1);
const train = slice.map(encode);
const heldOutLines = textLines(corpusText("wikitext-2/valid.txt"))
  .slice(0, testLimit)
  .map((line) => encode(line.trim().split(/\s+/)));
const testLines = textLines(corpusText("wikitext-2/test.txt"))
  .slice(0, testLimit)
  .map((line) => encode(line.trim().split(/\s+/)));
const running = (rows) => Int32Array.from(rows.flatMap((row) => [...row, 0]));
const trainIds = running(train);
const counts = new Array(vocabSize).fill(0);
for (const id of trainIds) counts[id]++;
console.log(
  `${trainIds.length} training tokens, ${vocabSize} words, ${running(testLines).length} test tokens, ${epochs} epochs`,
);

const rows = [
  ["system", "perplexity", "parameters", "train CPU s", "tokens/s", "published, full size"],
];
function add(name, perplexity, parameters, seconds, speed, published) {
  rows.push([
    name,
    perplexity.toFixed(1),
    parameters.toLocaleString("en"),
    seconds.toFixed(0),
    Math.round(speed),
    published,
  ]);
  console.log(rows.at(-1).join(" | "));
}

const corpus = corpusFromSequences(train, { vocabSize, endId: 0, unknownId: 1 });
{
  const { cpu, result: model } = cpuSeconds(() => estimateKneserNey(corpus, { order: 5 }));
  const parameters = model.counts.reduce((a, b) => a + b) * 2;
  add(
    "interpolated Kneser-Ney 5-gram",
    crossEntropy(model, testLines).perplexity,
    parameters,
    cpu,
    trainIds.length / cpu,
    67.6,
  );
}
{
  const { cpu, result: model } = cpuSeconds(() =>
    estimateSnm(corpus, {
      order: 5,
      skips: { remote: 2, skip: 4, adjacent: 1 },
      heldOut: heldOutLines,
      epochs: 3,
    }),
  );
  const parameters = model.matrices.reduce((sum, { counts }) => sum + counts.length, 0);
  add(
    "sparse non-negative matrix, skip-grams",
    crossEntropy(model, testLines).perplexity,
    parameters,
    cpu,
    trainIds.length / cpu,
    52.9,
  );
}

const cutoffs = [Math.round(vocabSize / 10), Math.round(vocabSize / 3)];
const adaptive = { kind: "adaptive", cutoffs, ranks: [...ranksOf(counts)] };
const common = { vocabSize, endId: 0 };
const systems = [
  ["RNN-128 + maxent 9-gram (RNN-1024)", 51.3,
    { ...common, cell: "elman", embeddingSize: 128, hiddenSize: 128, maxent: { order: 9, bits: 22 } }],
  ["RNN-256, BlackOut (RNN-2048)", 68.3,
    { ...common, cell: "elman", embeddingSize: 256, hiddenSize: 256, output: { kind: "blackout", samples: 500, counts, power: 0.4 } }],
  ["LSTM-256-64 (LSTM-2048-512)", 43.7,
    { ...common, cell: "lstm", embeddingSize: 64, hiddenSize: 256, projSize: 64 }],
  ["2x LSTM-512-128 (2x LSTM-8192-1024)", 30,
    { ...common, cell: "lstm", embeddingSize: 128, hiddenSize: 512, projSize: 128, numLayers: 2 }],
  ["LSTM-256, adaptive softmax (LSTM-2048)", 43.9,
    { ...common, cell: "lstm", embeddingSize: 256, hiddenSize: 256, output: adaptive }],
  ["2x LSTM-256, adaptive softmax (2x LSTM-2048)", 39.8,
    { ...common, cell: "lstm", embeddingSize: 256, hiddenSize: 256, numLayers: 2, output: adaptive }],
]; // biome-ignore format: a table

for (const [name, published, config] of systems) {
  const model = new RnnLanguageModel(
    { ...config, dropout: { input: 0.2, output: 0.2 } },
    new Rng(1),
  );
  const data = contiguousBatches(trainIds, { batchSize: 20, chunkLength: 35 });
  const optimizer = new Adam({ learningRate: 2e-3 });
  const before = process.cpuUsage();
  const steps = epochs * data.batchesPerEpoch;
  let seen = 0;
  await fit(model, data, {
    optimizer,
    schedule: { kind: "linear", rate: ({ step }, base) => base * Math.max(0.05, 1 - step / steps) },
    clipNorm: 1,
    seed: 1,
    maxSteps: steps,
    onProgress: ({ tokens }) => {
      seen += tokens;
    },
  });
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const { perplexity } = await evaluateLoss(
    model,
    contiguousBatches(running(testLines), { batchSize: 10, chunkLength: 64 }),
  );
  const parameters = [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
  add(name, perplexity, parameters, seconds, seen / seconds, published);
  optimizer.dispose();
  model.dispose();
}
console.log();
printTable(rows);
for (const name of ["lstm-2048-512", "lstm-2x8192-1024"]) {
  const shapes = parameterShapes(rnnPreset(name, 793_471));
  console.log(`${name}, 793,471 words: ${parameterCount(shapes).toLocaleString("en")} parameters`);
}
