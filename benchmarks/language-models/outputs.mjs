/**
 * `node benchmarks/language-models/outputs.mjs [tokens] [vocabulary] [epochs]`: output layers against the full softmax on
 * one LSTM of 128, the same text, batches, seeds and number of steps: perplexity on WikiText-2's validation text and
 * processor seconds of training, as ratios to the full softmax. Last, an Elman network of 128 with and without hashed
 * maximum-entropy features.
 */
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { classBoundaries, RnnLanguageModel, ranksOf } from "@seq/models";
import { Adam, contiguousBatches, evaluateLoss, fit } from "@seq/train";
import { corpusText, printTable, textLines } from "./shared.mjs";

const tokens = Number(process.argv[2] ?? 150_000);
const wanted = Number(process.argv[3] ?? 30_000);
const epochs = Number(process.argv[4] ?? 2);
console.log(JSON.stringify(await loadKernels({ backend: "wasm", threads: 1 })));

const words = textLines(corpusText("wikitext-2/train.txt.gz")).flatMap((line) => [
  ...line.trim().split(/\s+/),
  "\n",
]);
const counted = new Map();
for (const word of words) counted.set(word, (counted.get(word) ?? 0) + 1);
counted.delete("<unk>");
const kept = [...counted].sort((a, b) => b[1] - a[1]).slice(0, wanted - 1);
const idOf = new Map(kept.map(([word], i) => [word, i + 1]));
const vocabSize = kept.length + 1;
const train = Int32Array.from(words.slice(0, tokens), (word) => idOf.get(word) ?? 0);
const valid = Int32Array.from(
  textLines(corpusText("wikitext-2/valid.txt"))
    .slice(0, 600)
    .flatMap((line) => [...line.trim().split(/\s+/), "\n"]),
  (word) => idOf.get(word) ?? 0,
);
// Counts of the whole corpus, so that noise and classes know all words.
const counts = new Array(vocabSize).fill(1);
for (const word of words) counts[idOf.get(word) ?? 0]++;
const ranks = [...ranksOf(counts)];
const byRank = [...counts].sort((a, b) => b - a);
console.log(
  `${train.length} tokens, ${vocabSize} words, ${epochs} epochs, ${valid.length} validation tokens`,
);

async function run(name, config) {
  const model = new RnnLanguageModel(
    { vocabSize, embeddingSize: 128, hiddenSize: 128, ...config },
    new Rng(1),
  );
  const optimizer = new Adam({ learningRate: 2e-3 });
  const data = contiguousBatches(train, { batchSize: 20, chunkLength: 35 });
  const before = process.cpuUsage();
  await fit(model, data, { optimizer, clipNorm: 1, seed: 1, maxEpochs: epochs });
  const { user, system } = process.cpuUsage(before);
  const { perplexity } = await evaluateLoss(
    model,
    contiguousBatches(valid, { batchSize: 10, chunkLength: 64 }),
  );
  optimizer.dispose();
  model.dispose();
  const result = { name, perplexity, seconds: (user + system) / 1e6 };
  console.log(`${name}: perplexity ${perplexity.toFixed(1)}, ${result.seconds.toFixed(1)} CPU s`);
  return result;
}

const lstm = { cell: "lstm" };
const samples = Math.round(vocabSize / 40);
const results = [
  await run("full softmax", lstm),
  await run("adaptive softmax", {
    ...lstm,
    output: { kind: "adaptive", cutoffs: [2000, 10_000].filter((c) => c < vocabSize), ranks },
  }),
  await run("classes", {
    ...lstm,
    output: { kind: "class", boundaries: classBoundaries(byRank, 60), ranks },
  }),
  await run("sampled softmax", { ...lstm, output: { kind: "sampled-softmax", samples, counts } }),
  await run("BlackOut", { ...lstm, output: { kind: "blackout", samples, counts, power: 0.4 } }),
  await run("NCE", { ...lstm, output: { kind: "nce", samples, counts } }),
];
const [full] = results;
printTable([
  ["output layer", "perplexity", "/ full", "CPU s", "/ full"],
  ...results.map(({ name, perplexity, seconds }) => [
    name,
    perplexity.toFixed(1),
    (perplexity / full.perplexity).toFixed(3),
    seconds.toFixed(1),
    (seconds / full.seconds).toFixed(2),
  ]),
]);
if (vocabSize <= 12_000) {
  const plain = await run("Elman", { cell: "elman" });
  const maxent = await run("Elman with maxent features of order 4", {
    cell: "elman",
    maxent: { order: 4, bits: 20 },
  });
  console.log(`maxent / plain: ${(maxent.perplexity / plain.perplexity).toFixed(3)}`);
}
