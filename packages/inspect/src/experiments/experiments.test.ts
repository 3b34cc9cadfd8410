import { GRUCell, LSTM, LSTMCell, recordGates } from "@seq/cells";
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type AgreementItem, agreementItems, agreementVocabulary } from "../behaviour/agreement.ts";
import { genderTexts, genderVocabulary } from "../behaviour/templates.ts";
import { recordStates } from "../gates/record-states.ts";
import { spectralRadius } from "../gradients/matrices.ts";
import { linearProbe } from "../probes/linear-probe.ts";
import { probeLayers } from "../probes/probe-layers.ts";
import { elmanOfRadius, standardCells } from "./cell-kinds.ts";
import { explodingGradients } from "./exploding-gradients.ts";
import { delayedCopy, memorySpan } from "./memory-span.ts";
import { numberPrediction } from "./number-prediction.ts";
import { oneHotInput, type SymbolTask, trainReadout } from "./train-readout.ts";

beforeAll(async () => {
  await loadKernels({ threads: 1 });
});

describe("delayedCopy", () => {
  test("shows the symbols, then distractors, then the sign that asks for each in order", () => {
    const task = delayedCopy(5, { length: 2, choices: 3, distractors: 2 });
    const { ids, targets, time } = task.draw(new Rng(1), 50);
    expect([time, task.symbols, task.classes]).toEqual([9, 6, 3]);
    for (let row = 0; row < 50; row++) {
      const own = Array.from(ids.subarray(row * 9, row * 9 + 9));
      expect(Math.max(own[0]!, own[1]!)).toBeLessThan(3);
      for (const id of own.slice(2, 7)) expect([3, 4]).toContain(id);
      expect(own.slice(7)).toEqual([5, 5]);
      const asked = Array.from(targets.subarray(row * 9, row * 9 + 9));
      expect(asked).toEqual([-1, -1, -1, -1, -1, -1, -1, own[0], own[1]]);
    }
  });
});

describe("trainReadout", () => {
  test("learns delayed copy, gives the same losses for the same seed, and leaves no tensor behind", () => {
    const before = tf.memory().numTensors;
    const run = () => {
      const task = delayedCopy(4, { length: 1, choices: 4 });
      const cell = new GRUCell({ inputSize: task.symbols, hiddenSize: 16, rng: new Rng(1) });
      const trained = trainReadout(cell, task, { rng: new Rng(2), steps: 150 });
      const accuracy = trained.accuracy(task.draw(new Rng(3), 200));
      trained.dispose();
      cell.dispose();
      return { accuracy, losses: trained.losses };
    };
    const first = run();
    expect(first.accuracy).toBeGreaterThan(0.95);
    expect(first.losses[0]).toBeCloseTo(Math.log(4), 0);
    expect(run().losses).toEqual(first.losses);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("stops when asked to", () => {
    const task = delayedCopy(1);
    const cell = new GRUCell({ inputSize: task.symbols, hiddenSize: 4, rng: new Rng(1) });
    const signal = AbortSignal.abort(new Error("enough"));
    expect(() => trainReadout(cell, task, { rng: new Rng(1), steps: 5, signal })).toThrowError(
      "enough",
    );
  });
});

describe("memorySpan", () => {
  test("is short for Elman and long for GRU after the same training", () => {
    const seen: number[] = [];
    const { Elman, GRU } = standardCells;
    const [elman, gru] = memorySpan({
      cells: { Elman, GRU },
      copy: { length: 2, choices: 8 },
      delays: [1, 5, 10],
      steps: 300,
      learningRate: 0.02,
      onProgress: (cell, _, delay) => {
        if (cell === "GRU") seen.push(delay);
      },
    });
    expect(gru?.accuracies[2]).toBeGreaterThan(0.9);
    expect(elman?.accuracies[2]).toBeLessThan(0.5);
    expect(gru?.span).toBe(10);
    expect(elman?.span).toBeLessThan(5);
    expect(seen).toHaveLength(300);
    expect(gru?.trainedDelay).toBe(seen.at(-1));
  });

  test("is 0 for a cell that was not trained", () => {
    const [untrained] = memorySpan({
      cells: { Elman: standardCells.Elman },
      delays: [3],
      steps: 0,
    });
    expect(untrained?.span).toBe(0);
    expect(untrained?.accuracies[0]).toBeLessThan(0.6);
  });

  test("refuses delays out of order", () => {
    expect(() => memorySpan({ delays: [5, 2] })).toThrowError(
      "memorySpan: delays are 5, 2, expected an ascending list.",
    );
  });
});

describe("explodingGradients", () => {
  test("without clipping radius 1.5 diverges to NaN without a nonlinearity; clipped it learns the task", () => {
    const [unclipped, clipped] = explodingGradients({
      nonlinearity: "identity",
      delay: 10,
      steps: 300,
    });
    expect(unclipped.divergedAt).toBeLessThan(20);
    expect(unclipped.losses).toHaveLength(unclipped.divergedAt as number);
    expect(clipped.divergedAt).toBeUndefined();
    expect(clipped.accuracy).toBe(1);
    expect(Math.max(...clipped.gradientNorms)).toBeGreaterThan(50); // what was clipped to 1
  });

  test("with tanh it stays finite and learns nothing, where clipped it learns", () => {
    const [unclipped, clipped] = explodingGradients({ steps: 300 });
    expect(unclipped.accuracy).toBeLessThan(0.6);
    expect(clipped.accuracy).toBeGreaterThan(0.95);
  });

  test("starts from a matrix of the radius it says", () => {
    const cell = elmanOfRadius(1.5)({ inputSize: 3, hiddenSize: 12, rng: new Rng(5) });
    const weight = cell.parameters.get("weight_hh") as tf.Tensor;
    expect(spectralRadius(weight.dataSync(), 12)).toBeCloseTo(1.5, 4);
    cell.dispose();
  });
});

describe("numberPrediction", () => {
  test("cells learn the subject's number where the rule of the last noun fails", () => {
    const results = numberPrediction({
      cells: { GRU: standardCells.GRU },
      steps: 250,
      testItems: 400,
      testAttractors: 3,
    });
    expect(results.map(({ cell }) => cell)).toEqual(["GRU", "last noun"]);
    const [gru, lastNoun] = results;
    expect(gru?.groups.map(({ group }) => group)).toEqual([0, 1, 2, 3]);
    for (const { errorRate } of gru?.groups ?? []) expect(errorRate).toBeLessThan(0.15);
    expect(lastNoun?.groups[0]?.errors).toBe(0);
    expect(lastNoun?.groups[2]?.errorRate).toBeGreaterThan(0.5);
  });
});

describe("the gender of the subject", () => {
  test("can be read off the cell state of an LSTM that learned to choose the pronoun", () => {
    const vocabulary = new Map(genderVocabulary().map((word, id) => [word, id]));
    const time = 30;
    const encode = (texts: ReturnType<typeof genderTexts>) => {
      const ids = new Int32Array(texts.length * time);
      const targets = new Int32Array(texts.length * time).fill(-1);
      const gender = new Int32Array(texts.length * time).fill(-1);
      for (const [row, text] of texts.entries()) {
        for (let t = 0; t < time; t++) {
          const at = row * time + t;
          ids[at] = vocabulary.get(text.words[t] ?? ".") as number;
          gender[at] = text.gender[t] ?? -1;
          if (text.pronouns.includes(t + 1)) targets[at] = text.gender[t] as number; // say it before reading it
        }
      }
      return { ids, targets, gender, batchSize: texts.length, time };
    };
    const task: SymbolTask = {
      symbols: vocabulary.size,
      classes: 2,
      draw: (rng, batchSize) => {
        const { ids, targets } = encode(genderTexts(batchSize, 4, rng));
        return { ids, targets, batchSize, time };
      },
    };
    const cell = new LSTMCell({ inputSize: task.symbols, hiddenSize: 12, rng: new Rng(1) });
    const trained = trainReadout(cell, task, { rng: new Rng(2), steps: 150 });
    expect(trained.accuracy(task.draw(new Rng(3), 100))).toBeGreaterThan(0.95);

    const batch = encode(genderTexts(60, 4, new Rng(4)));
    const states = tf.tidy(() => {
      const recording = recordGates(cell, oneHotInput(batch, task.symbols));
      return recording.states["c"]!.dataSync().slice();
    });
    // In the middle of the first clause: the name was some words ago, the pronoun is still to come.
    const chosen = Array.from({ length: 60 * time }, (_, i) => i).filter(
      (i) => batch.gender[i]! >= 0 && batch.ids[i] === vocabulary.get("."),
    );
    const features = chosen.flatMap((i) => Array.from(states.subarray(i * 12, (i + 1) * 12)));
    const labels = chosen.map((i) => batch.gender[i] as number);
    const probe = linearProbe(features, labels, {
      rng: new Rng(5),
      groups: chosen.map((i) => Math.floor(i / time)),
    });
    expect(probe.accuracy).toBeGreaterThan(0.9);
    expect(probe.control).toBeLessThan(0.7);
    trained.dispose();
    cell.dispose();
  });
});

describe("layers of a tagger", () => {
  test("the lower holds the word class, which the upper has given up for the sentence's label", () => {
    const time = 24;
    const vocabulary = new Map(agreementVocabulary().map((word, id) => [word, id + 1]));
    const wordClass = (word: string, before: string | undefined) =>
      word === "the" ? 0 : before === "the" ? (word.endsWith("s") ? 2 : 1) : 3;
    const encode = (items: readonly AgreementItem[]) => {
      const shape = items.length * time;
      const ids = new Int32Array(shape); // 0 pads the front
      const targets = new Int32Array(shape).fill(-1);
      const classes = new Int32Array(shape).fill(-1);
      for (const [row, { prefix, number }] of items.entries()) {
        const words = prefix.slice(-time);
        const begin = (row + 1) * time - words.length;
        for (const [k, word] of words.entries()) {
          ids[begin + k] = vocabulary.get(word) as number;
          classes[begin + k] = wordClass(word, words[k - 1]);
        }
        targets[(row + 1) * time - 1] = number === "plural" ? 1 : 0;
      }
      return { ids, targets, classes, batchSize: items.length, time };
    };
    const task: SymbolTask = {
      symbols: vocabulary.size + 1,
      classes: 2,
      draw: (rng, batchSize) => encode(agreementItems(batchSize, { rng, maxAttractors: 2 })),
    };
    const size = 12;
    const layers = new LSTM({
      inputSize: task.symbols,
      hiddenSize: size,
      numLayers: 2,
      rng: new Rng(1),
    });
    const trained = trainReadout(layers, task, { rng: new Rng(2), steps: 250 });
    const batch = encode(agreementItems(100, { rng: new Rng(9), maxAttractors: 2 }));
    expect(trained.accuracy(batch)).toBeGreaterThan(0.95);

    const xs = oneHotInput(batch, task.symbols);
    const recording = recordStates(layers, xs);
    xs.dispose();
    const at = (labels: Int32Array) => Array.from(labels.keys()).filter((i) => labels[i]! >= 0);
    const probesOf = (name: string, labels: Int32Array) => {
      const rows = at(labels);
      const features = recording.layers.map(({ h }) =>
        rows.flatMap((i) => Array.from(h!.values.subarray(i * size, (i + 1) * size))),
      );
      const groups = rows.map((i) => Math.floor(i / time));
      const own = { [name]: rows.map((i) => labels[i] as number) };
      return probeLayers(features, own, { rng: new Rng(3), groups });
    };
    const [lower, upper] = probesOf("word class", batch.classes);
    expect(lower!.accuracy).toBeGreaterThan(0.8);
    expect(lower!.accuracy).toBeGreaterThan(upper!.accuracy + 0.1);
    const [, label] = probesOf("number", batch.targets);
    expect(label!.accuracy).toBeGreaterThan(0.9);
    trained.dispose();
    layers.dispose();
  });
});
