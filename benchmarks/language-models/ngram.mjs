/**
 * `node benchmarks/language-models/ngram.mjs`: modified Kneser-Ney of order 5 on WikiText-2: time and memory of the
 * estimation, queries per second, file sizes, perplexity. Times are processor seconds (other work stretches the clock);
 * wall seconds beside them.
 */
import {
  corpusFromText,
  crossEntropy,
  estimateKneserNey,
  languageModelFromFiles,
  languageModelToFiles,
} from "@seq/models";
import { corpusText, cpuSeconds, median, printTable, textLines } from "./shared.mjs";

const order = Number(process.argv[2] ?? 5);
const train = corpusText("wikitext-2/train.txt.gz");
const estimate = () => {
  const corpus = corpusFromText(textLines(train), { specialSymbols: "keep" });
  return { corpus, model: estimateKneserNey(corpus, { order }) };
};
const { cpu, wall, result } = cpuSeconds(estimate);
const { corpus, model } = result;
const test = textLines(corpusText("wikitext-2/test.txt")).map((line) =>
  model.vocabulary.encode(line),
);
const tokens = test.reduce((sum, { length }) => sum + length + 1, 0);
const speeds = Array.from({ length: 5 }, () => tokens / cpuSeconds(() => model.score(test)).cpu);
const { perplexity } = crossEntropy(model, test);
const files = languageModelToFiles(model);
const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
const { model: loaded } = await languageModelFromFiles(async (name) => files.get(name), "memory");
const same = loaded
  .score(test.slice(0, 200))
  .every(({ logProb }, i) => logProb === model.score([test[i]])[0].logProb);
printTable([
  ["modified Kneser-Ney, WikiText-2 train", `order ${order}`],
  ["tokens", corpus.ids.length],
  ["n-grams by order", model.counts.join(" ")],
  ["read and estimate, CPU s (wall s)", `${cpu.toFixed(1)} (${wall.toFixed(1)})`],
  ["peak memory, MB", Math.round(process.resourceUsage().maxRSS / 1e3)],
  ["queries, tokens per CPU second", Math.round(median(speeds))],
  ["test perplexity (per token, with </s>)", perplexity.toFixed(2)],
  ["saved model, MB", (bytes / 1e6).toFixed(1)],
  ["loaded model gives the same scores", same],
]);
