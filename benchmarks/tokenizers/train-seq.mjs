/** One training run of ours: `train-seq.mjs KIND CORPUS OUT SIZE WORKERS`; prints its figures as JSON. */
import { writeFileSync } from "node:fs";
import { trainTokenizer, writeTokenizerJson } from "@seq/tokenizers";
import { readLines } from "@seq/tokenizers/node";
import { trainInParallel } from "@seq/tokenizers/workers";

const [, , kind, corpus, out, size, workers] = process.argv;
const vocabSize = Number(size);
const options = {
  bpe: { preset: "gpt2", vocabSize },
  // What Hugging Face's default trainer does: no special token, no unseen byte, no least frequency.
  "bpe-like-hf": { preset: "gpt2", vocabSize: 30000, specialTokens: [], allBytes: false, minFrequency: 0 },
  wordpiece: { preset: "bert", vocabSize, score: "frequency", minFrequency: 0 },
  "wordpiece-gain": { preset: "bert", vocabSize },
  unigram: { preset: "t5", vocabSize },
}[kind]; // biome-ignore format: a table
const keepLineEnds = kind.startsWith("bpe");

const cpu = process.cpuUsage();
const begin = performance.now();
const tokenizer =
  Number(workers) > 1
    ? await trainInParallel(
        { files: [corpus], keepLineEnds },
        { ...options, workers: Number(workers) },
      )
    : trainTokenizer(readLines(corpus, { keepLineEnds }), options);
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(cpu);
const megabytes = process.resourceUsage().maxRSS / 1024;
writeFileSync(out, writeTokenizerJson(tokenizer));
console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, megabytes }));
