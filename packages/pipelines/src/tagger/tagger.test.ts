import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { Files } from "../artifact/artifact-files.ts";
import { taggerFromFiles, taggerToFiles } from "./files.ts";
import type { TaggedSentence } from "./tagging.ts";
import { trainTagger } from "./train-tagger.ts";

/** Names begin with a capital letter; the word after "in" is a place. */
const sentences: TaggedSentence[] = ["Ada", "Bob", "Cy", "Dee"].flatMap((who) =>
  ["Rome", "Oslo", "Bonn"].flatMap((where) => [
    { tokens: [who, "lives", "in", where], tags: ["B-PER", "O", "O", "B-LOC"] },
    { tokens: ["in", where, "sleeps", who, "."], tags: ["O", "B-LOC", "O", "B-PER", "O"] },
  ]),
);
const options = {
  ...{ wordEmbeddingSize: 12, hiddenSize: 12, dropout: 0, steps: 120, learningRate: 0.02 },
  ...{ batchSize: 8, evaluateEvery: 60 },
};

const read = (files: Files) => (name: string) => Promise.resolve(files.get(name) as Uint8Array);

beforeAll(() => loadKernels({ simd: "exact" }));

describe.each([false, true])("trainTagger, CRF %s", (crf) => {
  test("learns from context and spelling, tags the unseen, and goes through its files", async () => {
    const before = tf.memory().numTensors;
    const { tagger, devLoss } = await trainTagger(
      { train: sentences, dev: sentences.slice(0, 3) },
      { ...options, crf },
    );
    expect(devLoss.at(-1)).toBeLessThan(0.1);
    const unseen = ["Eve", "lives", "in", "Lund"];
    const [one, two, none] = tagger.tag([unseen, ["in", "Oslo", "sleeps", "Ada", "."], []]);
    expect(two?.tags).toEqual(["O", "B-LOC", "O", "B-PER", "O"]);
    expect(one?.tags).toHaveLength(4);
    expect(one?.probs.every((p) => p > 0 && p <= 1)).toBe(true);
    expect(none?.tags).toEqual([]);
    const loaded = await taggerFromFiles(read(taggerToFiles(tagger)), "m");
    expect(loaded.tag([unseen])).toEqual(tagger.tag([unseen]));
    loaded.dispose();
    tagger.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test("trainTagger names broken sentences and unknown tags", async () => {
  const broken = [{ tokens: ["a", "b"], tags: ["X"] }];
  await expect(trainTagger({ train: broken, dev: [] })).rejects.toThrow(
    "trainTagger (train): sentence 1 has 2 tokens and 1 tags; expected one tag for each token.",
  );
  const strange = [{ tokens: ["a"], tags: ["B-NEW"] }];
  await expect(
    trainTagger({ train: sentences, dev: strange }, { ...options, steps: 10, evaluateEvery: 5 }),
  ).rejects.toThrow('tag "B-NEW" of word "a" is unknown');
});
