import { float16ToNumber, Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { corpusFromSequences, corpusFromText } from "../ngram/corpus.ts";
import { estimateKneserNey } from "../ngram/estimate.ts";
import { estimateStupidBackoff } from "../ngram/fixed-form.ts";
import { RnnLanguageModel } from "../rnn-lm/rnn-language-model.ts";
import { WindowLanguageModel } from "../window-lm/window-language-model.ts";
import { languageModelFromFiles, languageModelToFiles, type SavedLanguageModel } from "./files.ts";
import { float16Bits, type Precision } from "./precision.ts";

const endId = 12;
const probe = [
  [1, 2, 3, 11, 0],
  [7, 7],
];

function rnn(seed = 3): RnnLanguageModel {
  return new RnnLanguageModel(
    {
      cell: "lstm", vocabSize: 13, embeddingSize: 6, hiddenSize: 9, numLayers: 2, tied: true, endId,
      learnInitialState: true, dropout: { output: 0.3 }, maxent: { order: 3, bits: 6 },
    },
    new Rng(seed),
  ); // biome-ignore format: a record
}

const models: Record<string, () => SavedLanguageModel> = {
  rnn,
  "rnn, adaptive with ranks": () =>
    new RnnLanguageModel(
      {
        cell: "gru", vocabSize: 13, embeddingSize: 6, hiddenSize: 8, endId,
        output: { kind: "adaptive", cutoffs: [4], divValue: 2, ranks: [...Array(13).keys()].reverse() },
      },
      new Rng(2),
    ), // biome-ignore format: a record
  window: () =>
    new WindowLanguageModel(
      { vocabSize: 13, window: 2, embeddingSize: 5, hiddenSize: 6, endId },
      new Rng(1),
    ),
  "n-gram of ids": () =>
    estimateKneserNey(
      corpusFromSequences(
        [
          [1, 2, 3, 1, 2],
          [11, 0, 1, 2],
        ],
        { vocabSize: 13, endId },
      ),
      {
        order: 3,
        discountFallback: true,
      },
    ),
  "n-gram of words": () =>
    estimateStupidBackoff(corpusFromText("a b __proto__ c d e f g h i\nb a\n"), { order: 2 }),
};

function reader(files: ReadonlyMap<string, Uint8Array>) {
  return async (name: string): Promise<Uint8Array> => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new Error(`no ${name}`);
    return bytes;
  };
}

beforeAll(async () => {
  await loadKernels({ backend: "cpu" });
});

describe("languageModelToFiles", () => {
  test.each(Object.entries(models))("%s: loads to the same scores", async (_, create) => {
    const model = create();
    const extra = new Map([["tokenizer.json", new TextEncoder().encode("{}")]]);
    const { model: loaded, readFile } = await languageModelFromFiles(
      reader(languageModelToFiles(model, { files: extra })),
      "folder",
    );
    expect(loaded.score(probe)).toEqual(model.score(probe));
    expect(new TextDecoder().decode(await readFile("tokenizer.json"))).toBe("{}");
    if ("vocabulary" in model) {
      expect((loaded as typeof model).vocabulary?.tokens).toEqual(model.vocabulary?.tokens);
    }
  });

  test.each([
    ["float16", 0.002, 0.55],
    ["int8", 0.05, 0.5],
  ] as const)(
    "in %s scores nearly the same from a smaller file",
    async (precision, tolerance, share) => {
      const model = rnn();
      const full = languageModelToFiles(model).get("weights.safetensors")!;
      const files = languageModelToFiles(model, { precision });
      const { model: loaded } = await languageModelFromFiles(reader(files), "folder");
      const [a, b] = [model.score(probe), loaded.score(probe)];
      a.forEach(({ logProb, logProbs }, i) => {
        expect(Math.abs(b[i]!.logProb - logProb) / logProbs.length).toBeLessThan(tolerance);
        expect(b[i]!.logProb).not.toBe(logProb);
      });
      const data = (bytes: Uint8Array) =>
        bytes.length - Number(new DataView(bytes.buffer).getUint32(0, true));
      expect(data(files.get("weights.safetensors")!)).toBeLessThan(share * data(full));
    },
  );

  test("refuses damaged, foreign and contradicting files, naming them", async () => {
    const files = languageModelToFiles(rnn());
    const load = (changes: Record<string, Uint8Array>) =>
      languageModelFromFiles(reader(new Map([...files, ...Object.entries(changes)])), "m");
    const damaged = files.get("weights.safetensors")!.slice();
    damaged[damaged.length - 1]! ^= 1;
    await expect(load({ "weights.safetensors": damaged })).rejects.toThrow(
      /m: weights.safetensors is damaged/,
    );
    const manifest = new TextDecoder().decode(files.get("manifest.json"));
    const other = new TextEncoder().encode(manifest.replace('"language-model"', '"translator"'));
    await expect(load({ "manifest.json": other })).rejects.toThrow(
      'm/manifest.json: holds a "translator", expected a "language-model"; give the folder of a language-model.',
    );
    const foreign = languageModelToFiles(
      new WindowLanguageModel(
        { vocabSize: 13, window: 2, embeddingSize: 5, hiddenSize: 6 },
        new Rng(1),
      ),
    );
    const swapped = languageModelToFiles(rnn(), {
      files: new Map([["weights.safetensors", foreign.get("weights.safetensors")!]]),
    });
    await expect(languageModelFromFiles(reader(swapped), "m")).rejects.toThrow(
      /m\/weights.safetensors: does not fit the model: "encoder.weight" is missing/,
    );
  });

  test("leaves no tensors behind when loading fails", async () => {
    const foreign = languageModelToFiles(
      new WindowLanguageModel(
        { vocabSize: 13, window: 2, embeddingSize: 5, hiddenSize: 6 },
        new Rng(1),
      ),
    );
    const swapped = languageModelToFiles(rnn(), {
      files: new Map([["weights.safetensors", foreign.get("weights.safetensors")!]]),
    });
    const before = tf.memory().numTensors;
    await expect(languageModelFromFiles(reader(swapped), "m")).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("refuses a precision for an n-gram model", () => {
    const model = models["n-gram of ids"]!();
    expect(() => languageModelToFiles(model, { precision: "int8" as Precision })).toThrow(
      'languageModelToFiles: precision is "int8", an n-gram model is saved in float32 only.',
    );
  });
});

describe("float16Bits", () => {
  test("is the inverse of reading, for all finite values", () => {
    const wrong: number[] = [];
    for (let bits = 0; bits < 0x7c00; bits++) {
      const value = float16ToNumber(bits);
      if (float16Bits(value) !== bits || float16Bits(-value) !== (bits | 0x8000)) wrong.push(bits);
    }
    expect(wrong).toEqual([]);
  });

  test("rounds to the nearest, ties to even", () => {
    fc.assert(
      fc.property(fc.float({ min: -60000, max: 60000, noNaN: true }), (value) => {
        const near = float16ToNumber(float16Bits(value));
        const bits = float16Bits(value);
        const distance = Math.abs(near - value);
        for (const other of [bits - 1, bits + 1]) {
          if ((other & 0x7fff) > 0x7bff || other < 0) continue;
          expect(Math.abs(float16ToNumber(other) - value)).toBeGreaterThanOrEqual(distance);
        }
      }),
    );
    expect(float16Bits(1 + 2 ** -11)).toBe(0x3c00);
    expect(float16Bits(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(float16Bits(1e9)).toBe(0x7c00);
  });
});
