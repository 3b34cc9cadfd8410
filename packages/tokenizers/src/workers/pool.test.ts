import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SeqError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BPE } from "../models/bpe/model.ts";
import { Unigram } from "../models/unigram/model.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { countWords } from "../training/count-words.ts";
import { runToEnd, type TrainingProgress } from "../training/progress.ts";
import { planTraining, trainTokenizer } from "../training/train.ts";
import { sortCounts } from "../training/word-counts.ts";
import { countWordsInParallel } from "./pool.ts";
import { trainInParallel } from "./train.ts";

const lines = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8")
  .split("\n")
  .slice(0, 8000);

let folder: string;
let workerUrl: URL;
let textFile: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "seq-workers-"));
  const outfile = join(folder, "count-worker.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "count-worker.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "neutral",
    conditions: ["@seq/source"],
    logLevel: "error",
  });
  workerUrl = pathToFileURL(outfile);
  textFile = join(folder, "lines.txt");
  writeFileSync(textFile, lines.map((line) => `${line}\n`).join(""));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fingerprint(tokenizer: Tokenizer): string {
  const { model } = tokenizer.parts;
  const merges = model instanceof BPE ? [...model.merges()] : [];
  const scores = model instanceof Unigram ? [...model.scores] : [];
  return JSON.stringify([[...model.vocab.entries()], merges, scores]);
}

async function errorOf(body: () => Promise<unknown>): Promise<SeqError> {
  try {
    await body();
  } catch (error) {
    if (SeqError.is(error)) return error;
  }
  throw new Error("expected a SeqError");
}

describe("countWordsInParallel", () => {
  test.each([1, 2, 3])("counts on %i workers what one thread counts", async (workers) => {
    const { normalizer, preTokenizer } = planTraining({ preset: "bert", vocabSize: 500 });
    const stages = { normalizer, preTokenizer };
    const expected = sortCounts(runToEnd(countWords(lines, stages)));
    const steps: TrainingProgress[] = [];
    const options = {
      workers,
      workerUrl,
      onProgress: (step: TrainingProgress) => steps.push(step),
    };
    const counted = await countWordsInParallel(lines, stages, options);
    expect(sortCounts(counted)).toEqual(expected);
    expect(steps.at(-1)).toEqual({ phase: "count", done: lines.length });
  });

  test("lets workers read files themselves, lines and all", async () => {
    const { preTokenizer } = planTraining({ preset: "gpt2", vocabSize: 500 });
    const withEnds = lines.map((line) => `${line}\n`);
    const expected = sortCounts(runToEnd(countWords(withEnds, { preTokenizer })));
    const corpus = { files: [textFile], keepLineEnds: true };
    const counted = await countWordsInParallel(corpus, { preTokenizer }, { workers: 2, workerUrl });
    expect(sortCounts(counted)).toEqual(expected);
  });

  test("counts weighted texts, streams and a single text", async () => {
    const options = { workers: 2, workerUrl };
    const stream = (async function* () {
      yield ["a b", 5] as const;
      yield "b";
    })();
    const { preTokenizer } = planTraining({ preset: "gpt", vocabSize: 500 });
    const counted = await countWordsInParallel(stream, { preTokenizer }, options);
    expect([...sortCounts(counted).counts]).toEqual([5, 6]);
    const single = await countWordsInParallel("b a b", { preTokenizer }, options);
    expect([...sortCounts(single).counts]).toEqual([1, 2]);
  });

  test("ends with the worker's error, a missing script, an abort", async () => {
    const options = { workers: 2, workerUrl };
    const wrong = await errorOf(() => countWordsInParallel([["a", -1]], {}, options));
    expect(wrong.message).toBe(
      "train: the count of a text is -1, expected a whole number above 0.",
    );
    const missing = { files: [join(folder, "no.txt")] };
    expect((await errorOf(() => countWordsInParallel(missing, {}, options))).code).toBe(
      "FILE_READ",
    );
    const noScript = { workers: 1, workerUrl: new URL("no-script.mjs", workerUrl) };
    expect((await errorOf(() => countWordsInParallel(["a"], {}, noScript))).code).toBe("WORKER");
    const controller = new AbortController();
    const aborting = {
      ...options,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    };
    expect((await errorOf(() => countWordsInParallel(lines, {}, aborting))).code).toBe("ABORTED");
    const aborted = { ...options, signal: AbortSignal.abort() };
    expect((await errorOf(() => countWordsInParallel(lines, {}, aborted))).code).toBe("ABORTED");
    expect((await errorOf(() => countWordsInParallel([], {}, { workers: 0 }))).code).toBe(
      "OPTION_RANGE",
    );
  });
});

test.each(["gpt2", "t5", "cl100k", "llama"] as const)(
  "trainInParallel gives the tokenizer of trainTokenizer: %s",
  async (preset) => {
    const options = { preset, vocabSize: 600 };
    const expected = fingerprint(trainTokenizer(lines, options));
    const trained = await trainInParallel(lines, { ...options, workers: 2, workerUrl });
    expect(fingerprint(trained)).toBe(expected);
    expect([...trained.encode("Speak, speak!").ids].length).toBeGreaterThan(2);
    const corpus = { files: [textFile] };
    const fromFiles = await trainInParallel(corpus, { ...options, workers: 3, workerUrl });
    expect(fingerprint(fromFiles)).toBe(expected);
  },
);
