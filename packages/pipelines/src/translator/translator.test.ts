import { SeqError } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { MemoryStorage, type TextPair } from "@seq/train";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { Files } from "../artifact/artifact-files.ts";
import { evaluateTranslator } from "./evaluate-translator.ts";
import { translatorFromFiles, translatorToFiles } from "./files.ts";
import { type TranslatorTraining, trainTranslator } from "./train-translator.ts";

/** Words of two letters with their letters exchanged: small enough to be learned in a moment. */
const letters = [..."abcdef"];
const words = letters.flatMap((a) => letters.map((b) => a + b));
const pairs: TextPair[] = words.flatMap((x) =>
  words.slice(0, 12).map((y) => ({ source: `${x} ${y}`, target: `${x[1]}${x[0]} ${y[1]}${y[0]}` })),
);
const data = {
  train: pairs.filter((_, i) => i % 13 !== 0),
  dev: pairs.filter((_, i) => i % 13 === 0),
};
const options = {
  ...{ sourceVocabSize: 40, targetVocabSize: 40, embeddingSize: 16, hiddenSize: 24, dropout: 0 },
  ...{ labelSmoothing: 0, batchTokens: 400, learningRate: 0.01, steps: 250, evaluateEvery: 125 },
};

const read = (files: Files) => (name: string) => {
  const bytes = files.get(name);
  return bytes ? Promise.resolve(bytes) : Promise.reject(new Error(`no ${name}`));
};

let training: TranslatorTraining;
beforeAll(async () => {
  await loadKernels({ simd: "exact" });
  training = await trainTranslator(data, options);
});

describe("trainTranslator", () => {
  test("learns, and tells how it went", async () => {
    expect(training).toMatchObject({ reason: "maxSteps", steps: 250, devSteps: [125, 250] });
    expect(training.trainLoss).toHaveLength(250);
    expect(training.devLoss[1]).toBeLessThan(0.1);
    const scores = await evaluateTranslator(training.translator, data.dev);
    expect(scores.exactMatch).toBeGreaterThan(0.9);
    expect(scores.perplexity).toBeLessThan(1.1);
    // Two words a line: BLEU counts characters, and says so.
    expect(scores.bleuSignature).toContain("tok:char");
  });

  test("gives equal losses for equal seeds and goes on from a checkpoint to the same curve", async () => {
    const short = { ...options, steps: 12, evaluateEvery: 4 };
    const whole = await trainTranslator(data, short);
    const again = await trainTranslator(data, short);
    expect(again.trainLoss).toEqual(whole.trainLoss);
    const storage = new MemoryStorage();
    const stop = new AbortController();
    const cut = await trainTranslator(data, short, {
      signal: stop.signal,
      checkpoints: { storage },
      onProgress: ({ step }) => {
        if (step === 7) stop.abort();
      },
    });
    expect([cut.reason, cut.steps]).toEqual(["aborted", 7]);
    const resumed: number[] = [];
    const rest = await trainTranslator(data, short, {
      checkpoints: { storage, resume: true, onResume: ({ step }) => resumed.push(step) },
    });
    expect(resumed).toEqual([7]);
    expect(rest.trainLoss).toEqual(whole.trainLoss);
    expect(rest.devLoss).toEqual(whole.devLoss);
    for (const { translator } of [whole, again, cut, rest]) translator.dispose();
  });

  test("refuses no pairs and unknown options", async () => {
    await expect(trainTranslator({ train: [], dev: [] })).rejects.toMatchObject({
      code: "NO_DATA",
    });
    await expect(trainTranslator(data, { hidden: 3 } as object)).rejects.toMatchObject({
      code: "UNKNOWN_OPTION",
    });
  });
});

describe("Translator", () => {
  test("translates each line as it does alone, an empty one to nothing, with attention that adds up", () => {
    const { translator } = training;
    const lines = ["ab cd", "", "fe", "ab cd ef ba"];
    const together = translator.translate(lines);
    lines.forEach((line, i) => {
      expect(together[i]?.[0]?.text).toBe(translator.translate([line])[0]?.[0]?.text);
    });
    expect(together[1]?.[0]?.text).toBe("");
    const attention = together[0]?.[0]?.attention;
    expect(attention?.weights).toHaveLength(attention?.targetPieces.length as number);
    for (const row of attention?.weights ?? []) {
      expect(row).toHaveLength(attention?.sourcePieces.length as number);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }
  });

  test("gives the n best, best first", () => {
    const [best = []] = training.translator.translate(["ab cd"], { beamWidth: 4, nBest: 3 });
    expect(best).toHaveLength(3);
    expect(best.map(({ score }) => score)).toEqual(
      best.map(({ score }) => score).sort((a, b) => b - a),
    );
  });

  test("names a line that is too long", () => {
    expect(() => training.translator.translate(["ab", "ab ".repeat(2000)])).toThrow(
      /line 2 has \d+ pieces/,
    );
  });

  test("goes through its files with equal translations, and leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    const files = translatorToFiles(training.translator);
    const loaded = await translatorFromFiles(read(files), "m");
    const lines = ["ab cd", "ef fa"];
    expect(loaded.translate(lines)).toEqual(training.translator.translate(lines));
    loaded.dispose();
    const cut = new Map(files).set("weights.safetensors", new Uint8Array(8));
    try {
      await translatorFromFiles(read(cut), "m");
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("ARTIFACT_CHECKSUM");
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
