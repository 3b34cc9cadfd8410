/** What the benchmarks of training share: configurations of the language model, batches, medians. */
import { Rng } from "@seq/core";
import { RnnLanguageModel } from "@seq/models";

/** batch, time, hidden (= embedding), vocabulary, layers: as the baselines were measured. */
export const configurations = {
  A: [16, 35, 128, 1000, 1],
  B: [32, 35, 256, 10000, 1],
  C: [20, 35, 650, 10000, 2],
};

export function makeModel(name, seed = 1) {
  const [, , hiddenSize, vocabSize, numLayers] = configurations[name];
  return new RnnLanguageModel(
    { cell: "lstm", vocabSize, embeddingSize: hiddenSize, hiddenSize, numLayers },
    new Rng(seed),
  );
}

/** Rows of random ids, all of one length: `time` targets each. */
export function makeRows(name, count, seed = 2) {
  const [, time, , vocabSize] = configurations[name];
  const rng = new Rng(seed);
  return Array.from({ length: count }, () =>
    Int32Array.from({ length: time + 1 }, () => rng.integer(vocabSize)),
  );
}

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
