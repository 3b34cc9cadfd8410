import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { trainTokenizer } from "@seq/tokenizers";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { textLanguageModelFromFiles, textLanguageModelToFiles } from "./files.ts";
import { trainLanguageModel } from "./train-language-model.ts";

const text =
  "ein Hund sieht eine Katze\neine Katze sieht einen Hund 😂\n\nder Hund schläft\n".repeat(25);

beforeAll(async () => {
  await loadKernels({ backend: "wasm" });
});

describe.each([
  ["kn", { arch: "kn", order: 4, unit: "bpe", vocabSize: 300 }],
  ["kn, words", { arch: "kn", order: 3, unit: "word" }],
  [
    "lstm",
    {
      arch: "lstm",
      unit: "char",
      hiddenSize: 20,
      embeddingSize: 10,
      layers: 1,
      dropout: 0.1,
      learningRate: 0.02,
      steps: 30,
    },
  ],
  [
    "rnn, tied",
    {
      arch: "rnn",
      unit: "bpe",
      vocabSize: 280,
      hiddenSize: 16,
      embeddingSize: 12,
      tied: true,
      learningRate: 0.02,
      steps: 30,
    },
  ],
  [
    "window",
    {
      arch: "window",
      unit: "char",
      window: 4,
      learningRate: 0.02,
      hiddenSize: 20,
      embeddingSize: 8,
      steps: 30,
    },
  ],
] as const)("trainLanguageModel: %s", (_, options) => {
  test("predicts, generates and comes back from files as it was", async () => {
    const before = tf.memory().numTensors;
    const { model } = await trainLanguageModel({ text, valid: "ein Hund schläft\n" }, options);
    const scores = model.evaluate(text);
    expect(scores.perplexity).toBeLessThan(model.tokenizer.vocabSize / 2);
    expect(scores.lines).toBe(100);
    expect(scores.bytes).toBe(new TextEncoder().encode(text).length);
    expect(scores.logProb).toBeCloseTo(-scores.nats * scores.tokens, 3);

    const files = textLanguageModelToFiles(model);
    const loaded = await textLanguageModelFromFiles(async (name) => files.get(name)!, "folder");
    const lines = ["ein Hund", "", "nie gesehen: Ω"];
    expect(loaded.score(lines)).toEqual(model.score(lines));
    const sample = (m: typeof model) =>
      m.generate({ prompt: "ein", maxTokens: 30, rng: new Rng(3) });
    expect(sample(loaded)).toEqual(sample(model));
    expect([...model.stream({ prompt: "ein", maxTokens: 30, rng: new Rng(3) })].join("")).toBe(
      sample(model).text,
    );
    expect(model.topK("ein ", 3)).toHaveLength(3);
    model.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test("a trained model in int8 or float16 keeps its perplexity within 1 %", async () => {
  const { model } = await trainLanguageModel(
    { text },
    { unit: "char", hiddenSize: 32, embeddingSize: 12, steps: 60, learningRate: 0.02 },
  );
  const { perplexity } = model.evaluate(text);
  for (const precision of ["int8", "float16"] as const) {
    const files = textLanguageModelToFiles(model, { precision });
    const loaded = await textLanguageModelFromFiles(async (name) => files.get(name)!, "folder");
    const ratio = loaded.evaluate(text).perplexity / perplexity;
    expect(Math.abs(ratio - 1), precision).toBeLessThan(0.01);
    expect(ratio, precision).not.toBe(1);
    loaded.dispose();
  }
  model.dispose();
});

describe("TextLanguageModel.stream", () => {
  test("joins generated words to the prompt by a space, and begins lines anew", async () => {
    const { model } = await trainLanguageModel(
      { text: "a b c\n".repeat(20) },
      { arch: "kn", unit: "word", order: 3 },
    );
    const parts = [...model.stream({ prompt: "c c\na", maxTokens: 7, temperature: 0 })];
    expect(parts.join("")).toBe(" b c\na b c\n");
    expect(model.generate({ prompt: "a", maxTokens: 9, temperature: 0, oneLine: true })).toEqual({
      text: " b c",
      stopReason: "end",
    });
  });
});

describe("trainLanguageModel", () => {
  test("refuses an empty text and a vocabulary larger than the text", async () => {
    await expect(trainLanguageModel({ text: " \n\n" })).rejects.toThrow(
      "trainLanguageModel: the text is empty, expected lines to learn from.",
    );
    await expect(
      trainLanguageModel({ text: "ab\n" }, { unit: "bpe", vocabSize: 500 }),
    ).rejects.toThrow(
      /the vocabulary has \d+ ids, the text only \d+ tokens; expected more text than vocabulary. Use a smaller vocabSize or more text./,
    );
  });

  test("refuses a tokenizer beside options for learning one", async () => {
    const tokenizer = trainTokenizer([text], {
      objective: "char",
      vocabSize: 60,
      specialTokens: ["<unk>", "</s>"],
    });
    await expect(trainLanguageModel({ text }, { tokenizer, unit: "char" })).rejects.toThrow(
      "trainLanguageModel: unit is for learning a tokenizer, but one is given; leave it out.",
    );
  });

  test("refuses a folder whose tokenizer is of another training", async () => {
    const { model } = await trainLanguageModel({ text }, { arch: "kn", unit: "char", order: 2 });
    const { model: other } = await trainLanguageModel(
      { text: `${text}xyz\n` },
      { arch: "kn", unit: "char", order: 2 },
    );
    const mixed = textLanguageModelToFiles(
      Object.assign(Object.create(Object.getPrototypeOf(model)), {
        model: model.model,
        tokenizer: other.tokenizer,
      }),
    );
    await expect(textLanguageModelFromFiles(async (name) => mixed.get(name)!, "m")).rejects.toThrow(
      /m: the tokenizer has \d+ ids, the model \d+; they are not of one training\./,
    );
  });

  test("stops at the signal and keeps what it has learned", async () => {
    const control = new AbortController();
    const { model, history } = await trainLanguageModel(
      { text },
      { unit: "char", hiddenSize: 8, embeddingSize: 4, steps: 5000 },
      { signal: control.signal, onProgress: ({ step }) => step === 3 && control.abort() },
    );
    expect(history).toMatchObject({ reason: "aborted", steps: 3 });
    model.dispose();
  });
});
