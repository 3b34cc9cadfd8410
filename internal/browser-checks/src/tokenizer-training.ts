/** Trains tokenizers in whatever engine runs this; the test compares the bytes. */
import { type TrainTokenizerOptions, trainTokenizer, writeTokenizerJson } from "@seq/tokenizers";
import { trainInParallel } from "@seq/tokenizers/workers";

const runs: readonly TrainTokenizerOptions[] = [
  { preset: "gpt2", vocabSize: 800 },
  { preset: "o200k", vocabSize: 800 },
  { preset: "llama", vocabSize: 800 },
  { preset: "bert", vocabSize: 800 },
  { preset: "t5", vocabSize: 800 },
  { preset: "t5", vocabSize: 800, sparse: true },
];

/** The SHA-256 of each tokenizer's file; the last one was counted on two workers. */
export async function trainingDigests(lines: readonly string[], workerUrl: URL): Promise<string[]> {
  const digests: string[] = [];
  for (const options of runs) {
    digests.push(await digest(writeTokenizerJson(trainTokenizer(lines, options))));
  }
  const parallel = { preset: "bert", vocabSize: 800, workers: 2, workerUrl } as const;
  digests.push(await digest(writeTokenizerJson(await trainInParallel(lines, parallel))));
  return digests;
}

async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
