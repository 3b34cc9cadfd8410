import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { Files } from "../artifact/artifact-files.ts";
import { splitWords } from "../words/split-words.ts";
import { classifierFromFiles, classifierToFiles } from "./files.ts";
import { type LabelledText, trainClassifier } from "./train-classifier.ts";

const good = ["fine", "lovely", "great"];
const bad = ["awful", "dull", "poor"];
const things = ["film", "book", "song", "play"];
const texts: LabelledText[] = things.flatMap((thing) =>
  [...good, ...bad].flatMap((word) => {
    const labels = [good.includes(word) ? "pos" : "neg"];
    return [
      { text: `The ${thing} is ${word}.`, labels },
      { text: `What a ${word} ${thing}!`, labels },
    ];
  }),
);
const options = {
  ...{ embeddingSize: 12, hiddenSize: 10, dropout: 0, steps: 80, learningRate: 0.02 },
  ...{ batchSize: 8, evaluateEvery: 40 },
};
const read = (files: Files) => (name: string) => Promise.resolve(files.get(name) as Uint8Array);

beforeAll(() => loadKernels({ simd: "exact" }));

describe("trainClassifier", () => {
  test("learns one label a text, and goes through its files", async () => {
    const before = tf.memory().numTensors;
    const { classifier, devLoss } = await trainClassifier(
      { train: texts, dev: texts.slice(0, 4) },
      { ...options, balance: true },
    );
    expect(devLoss.at(-1)).toBeLessThan(0.1);
    const [first, second, empty] = classifier.classify(["a lovely play", "the song is dull", ""]);
    expect([first?.labels, second?.labels]).toEqual([["pos"], ["neg"]]);
    expect(first?.ranking.reduce((sum, { prob }) => sum + prob, 0)).toBeCloseTo(1, 5);
    expect(empty?.labels).toHaveLength(1);
    const loaded = await classifierFromFiles(read(classifierToFiles(classifier)), "m");
    expect(loaded.classify(["a lovely play"])).toEqual(classifier.classify(["a lovely play"]));
    loaded.dispose();
    classifier.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("learns several labels a text, also none", async () => {
    const several = texts.map(({ text, labels }) => ({
      text,
      labels: text.includes("film") ? [...labels, "cinema"] : labels,
    }));
    const { classifier } = await trainClassifier(
      { train: several, dev: [] },
      { ...options, steps: 150, multiLabel: true },
    );
    expect(classifier.classify(["What a dull film!"])[0]?.labels.toSorted()).toEqual([
      "cinema",
      "neg",
    ]);
    classifier.dispose();
  });

  test("names texts with no label or too many, and labels that training has not seen", async () => {
    await expect(
      trainClassifier({ train: [{ text: "a", labels: ["x", "y"] }], dev: [] }),
    ).rejects.toThrow("trainClassifier (train): text 1 has 2 labels, expected exactly one");
    await expect(
      trainClassifier(
        { train: texts, dev: [{ text: "a", labels: ["new"] }] },
        { ...options, steps: 4, evaluateEvery: 2 },
      ),
    ).rejects.toThrow('label "new" is unknown');
  });
});

test("splitWords keeps apostrophes inside words and takes marks one by one", () => {
  expect(splitWords("Don't panic, 42!")).toEqual(["don't", "panic", ",", "42", "!"]);
  expect(splitWords("Ça va? ’tis")).toEqual(["ça", "va", "?", "’", "tis"]);
});
