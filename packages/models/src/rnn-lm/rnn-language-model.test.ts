import { Rng, type SequenceBatch } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beamGenerate } from "../generate/beam-generate.ts";
import { generate } from "../generate/generate.ts";
import { nextLogProbs } from "../language-model/queries.ts";
import { scoreByStream } from "../language-model/score-by-stream.ts";
import type { RnnLanguageModelConfig } from "./config.ts";
import { parameterCount, parameterShapes } from "./parameter-shapes.ts";
import { rnnPreset } from "./presets.ts";
import { RnnLanguageModel, type RnnState } from "./rnn-language-model.ts";
import { disposeState } from "./score-by-forward.ts";

const vocabSize = 11;
const endId = 10;
const counts = Array.from({ length: vocabSize }, (_, i) => 50 - 4 * i);

const configs: Record<string, RnnLanguageModelConfig> = {
  elman: { cell: "elman", vocabSize, embeddingSize: 5, hiddenSize: 6 },
  "gru, two layers, tied": {
    cell: "gru",
    vocabSize,
    embeddingSize: 6,
    hiddenSize: 6,
    numLayers: 2,
    tied: true,
  },
  "lstm, tied through a projection, learned state": {
    cell: "lstm", vocabSize, embeddingSize: 4, hiddenSize: 7, tied: true, learnInitialState: true,
  }, // biome-ignore format: a table
  "lstm with projection": {
    cell: "lstm",
    vocabSize,
    embeddingSize: 5,
    hiddenSize: 8,
    projSize: 3,
    numLayers: 2,
  },
  "lstm of rising sizes, adaptive": {
    cell: "lstm", vocabSize, embeddingSize: 5, hiddenSize: [6, 8], output: { kind: "adaptive", cutoffs: [3, 6], divValue: 2 },
  }, // biome-ignore format: a table
  "lstm, adaptive with ranks": {
    cell: "lstm", vocabSize, embeddingSize: 5, hiddenSize: 6,
    output: { kind: "adaptive", cutoffs: [4], divValue: 2, ranks: [3, 1, 0, 2, 4, 6, 5, 7, 10, 9, 8] },
  }, // biome-ignore format: a table
  "lstm, classes": {
    cell: "lstm",
    vocabSize,
    embeddingSize: 5,
    hiddenSize: 6,
    output: { kind: "class", boundaries: [2, 5] },
  },
  "gru, blackout": {
    cell: "gru",
    vocabSize,
    embeddingSize: 5,
    hiddenSize: 6,
    output: { kind: "blackout", samples: 4, counts },
  },
  "lstm with maxent": {
    cell: "lstm",
    vocabSize,
    embeddingSize: 5,
    hiddenSize: 6,
    maxent: { order: 3, bits: 8 },
  },
};

function build(config: RnnLanguageModelConfig, seed = 1): RnnLanguageModel {
  const model = new RnnLanguageModel({ ...config, endId }, new Rng(seed));
  const noise = new Rng(seed + 1);
  const perturb = (tensor: tf.Variable): void => {
    const values = Float32Array.from({ length: tensor.size }, () => noise.normal(0, 0.4));
    tf.tidy(() => tensor.assign(tf.add(tensor, tf.tensor(values, tensor.shape))));
  };
  for (const tensor of model.parameters.values()) perturb(tensor); // far from uniform and from zero biases
  return model;
}

function batchOf(rows: readonly (readonly number[])[]): SequenceBatch {
  const time = Math.max(...rows.map((row) => row.length));
  const ids = new Int32Array(rows.length * time);
  rows.forEach((row, i) => {
    ids.set(row, i * time);
  });
  return { ids, lengths: Int32Array.from(rows, (row) => row.length), batchSize: rows.length, time };
}

beforeAll(async () => {
  await loadKernels({ backend: "wasm" });
});
afterAll(() => {
  tf.disposeVariables();
});

describe.each(Object.entries(configs))("RnnLanguageModel: %s", (_, config) => {
  const sequences = [[1, 2, 3], [], [4, 4, 9, 8, 7, 1], [0]];

  test("gives a distribution after any prefix", () => {
    const model = build(config);
    for (const prefix of [[], [3], [3, 9, 0, 5]]) {
      const sum = nextLogProbs(model, prefix).reduce((total, l) => total + Math.exp(l), 0);
      expect(sum).toBeCloseTo(1, 5);
    }
    model.dispose();
  });

  test("scores in a batch as step by step, and leaves no tensors", () => {
    const model = build(config);
    const before = tf.memory().numTensors;
    const fast = model.score(sequences);
    const slow = scoreByStream(model, sequences, {}, 3);
    fast.forEach(({ logProbs, logProb }, i) => {
      expect(logProbs.length).toBe(sequences[i]!.length + 1);
      logProbs.forEach((value, t) => {
        expect(value).toBeCloseTo(slow[i]!.logProbs[t]!, 4);
      });
      expect(logProb).toBeCloseTo(slow[i]!.logProb, 3);
    });
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test("has a loss that is the mean of the scores, however the text is cut into chunks", () => {
    const model = build(config);
    const rows = [
      [endId, 1, 2, 3, 9, 9, 4],
      [endId, 4, 0, 8, 7, 1, 1],
    ];
    const [a, b] = model.score(
      rows.map((row) => row.slice(1)),
      { end: false },
    );
    const expected = -(a!.logProb + b!.logProb) / 12;
    const whole = tf.tidy(() => model.loss(batchOf(rows), { training: false }).mean.dataSync()[0]!);
    expect(whole).toBeCloseTo(expected, 4);
    let total = 0;
    let state: RnnState | undefined;
    for (const [from, to] of [
      [0, 3],
      [2, 4],
      [3, 7],
    ] as const) {
      const chunk = batchOf(rows.map((row) => row.slice(from, to)));
      const loss = model.loss(chunk, { training: false, ...(state && { state }) });
      total += loss.mean.dataSync()[0]! * loss.targets;
      loss.mean.dispose();
      if (state) disposeState(state);
      state = loss.state as RnnState;
    }
    disposeState(state!);
    expect(total / 12).toBeCloseTo(expected, 4);
    model.dispose();
  });

  test("has padding that counts nowhere", () => {
    const model = build(config);
    const lossOf = (batch: SequenceBatch) =>
      tf.tidy(() => {
        const { mean, targets } = model.loss(batch, { training: false });
        return [mean.dataSync()[0]! * targets, targets] as const;
      });
    const rows = [
      [1, 2, 3, 4, 5],
      [6, 7],
      [8, 9, 1],
    ];
    const [sum, targets] = lossOf(batchOf(rows));
    const single = rows.map((row) => lossOf(batchOf([row])));
    expect(targets).toBe(7);
    expect(sum).toBeCloseTo(
      single.reduce((total, [s]) => total + s, 0),
      3,
    );
    model.dispose();
  });

  test("gets a gradient for every parameter", () => {
    const model = build(config);
    const batch = batchOf([
      [1, 2, 9, 3, 0, 6, 7],
      [8, 5, 4, 1, endId, 2, 3],
    ]);
    const { grads, value } = tf.variableGrads(() => {
      const { mean } = model.loss(batch, { training: true, rng: new Rng(4) });
      return mean as tf.Scalar;
    }, [...model.parameters.values()]);
    for (const [name, tensor] of model.parameters) {
      const norm = tf.tidy(() => tf.norm(grads[tensor.name]!).dataSync()[0]!);
      expect(norm, name).toBeGreaterThan(0);
    }
    tf.dispose([grads, value]);
    model.dispose();
  });
});

describe("RnnLanguageModel", () => {
  test("refuses bidirectional layers with the reason", () => {
    expect(
      () =>
        new RnnLanguageModel({ ...configs["elman"]!, bidirectional: true } as never, new Rng(0)),
    ).toThrow(
      "RnnLanguageModel: bidirectional layers read the words that a language model has to predict, so their loss means nothing; expected one direction. Use a tagger or a classifier for both directions.",
    );
  });

  test("refuses combinations that cannot be honoured", () => {
    const refuse = (config: object) => () =>
      new RnnLanguageModel({ ...configs["elman"]!, ...config } as never, new Rng(0));
    expect(refuse({ tied: true, output: { kind: "adaptive", cutoffs: [2] } })).toThrow(
      'RnnLanguageModel: tied is true with an output of kind "adaptive"',
    );
    expect(refuse({ projSize: 3 })).toThrow(
      "RnnLanguageModel: projSize is 3 for a elman of hidden size 6",
    );
    expect(
      refuse({ maxent: { order: 2, bits: 8 }, output: { kind: "nce", samples: 2, counts } }),
    ).toThrow("RnnLanguageModel: maxent adds to the logits of the full softmax");
    expect(refuse({ dropout: { hiden: 0.1 } })).toThrow('unknown option "hiden"');
    expect(refuse({ hiddenSize: [4, 5], numLayers: 3 })).toThrow("2 hidden sizes for numLayers 3");
  });

  test("names its parameters as PyTorch's example does, and tying leaves out one matrix", () => {
    const untied = build({ cell: "lstm", vocabSize, embeddingSize: 6, hiddenSize: 6 });
    const tied = build({ cell: "lstm", vocabSize, embeddingSize: 6, hiddenSize: 6, tied: true });
    expect([...untied.parameters.keys()]).toEqual([
      "encoder.weight",
      "rnn.weight_ih_l0",
      "rnn.weight_hh_l0",
      "rnn.bias_ih_l0",
      "rnn.bias_hh_l0",
      "decoder.weight",
      "decoder.bias",
    ]);
    const count = (model: RnnLanguageModel) =>
      [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
    expect(count(untied) - count(tied)).toBe(vocabSize * 6);
    untied.dispose();
    tied.dispose();
  });

  test("a tied weight's gradient is the sum of both uses", () => {
    const config = { cell: "gru", vocabSize, embeddingSize: 6, hiddenSize: 6 } as const;
    const tied = build({ ...config, tied: true });
    const untied = new RnnLanguageModel({ ...config, endId }, new Rng(1));
    for (const [name, variable] of untied.parameters) {
      const source = tied.parameters.get(name) ?? tied.parameters.get("encoder.weight")!;
      variable.assign(source);
    }
    const batch = batchOf([[1, 2, 3, 9, 4]]);
    const gradients = (model: RnnLanguageModel) =>
      tf.variableGrads(() => model.loss(batch, { training: false }).mean as tf.Scalar);
    const one = gradients(tied).grads[tied.parameters.get("encoder.weight")!.name]!.dataSync();
    const two = gradients(untied).grads;
    const encoder = two[untied.parameters.get("encoder.weight")!.name]!.dataSync();
    const decoder = two[untied.parameters.get("decoder.weight")!.name]!.dataSync();
    one.forEach((value, i) => {
      expect(value).toBeCloseTo(encoder[i]! + decoder[i]!, 5);
    });
  });

  test("parameter shapes agree with the models that are built", () => {
    for (const config of Object.values(configs)) {
      if (config.output?.kind === "adaptive" || config.output?.kind === "class") continue;
      const model = build(config);
      const built = [...model.parameters].map(([name, { shape }]) => [name, shape]);
      expect(new Map(built as [string, number[]][])).toEqual(parameterShapes(config));
      model.dispose();
    }
  });

  test("counts the parameters of published configurations", () => {
    const count = (name: Parameters<typeof rnnPreset>[0], size: number) =>
      parameterCount(parameterShapes(rnnPreset(name, size)));
    expect(count("zaremba-small", 10000)).toBe(4653200); // 4.65 M, as its authors' code prints
    // 793,471 words: 0.4 G for each embedding, the LSTM of 2048 with projection to 512 between them.
    const words = 793471;
    expect(count("lstm-2048-512", words)).toBe(
      2 * words * 512 + words + 4 * 2048 * (512 + 512 + 2) + 512 * 2048,
    );
    expect(count("lstm-2x8192-1024", words)).toBe(
      2 * words * 1024 + words + 2 * (4 * 8192 * (1024 + 1024 + 2) + 1024 * 8192),
    );
    expect(count("awd-lstm", 33278)).toBeGreaterThan(33e6);
    expect(count("awd-lstm", 33278)).toBeLessThan(34e6); // 33 M in the paper
  });

  test("trains alike from one seed, with all regularisation on, and otherwise from another", () => {
    const config: RnnLanguageModelConfig = {
      ...configs["lstm of rising sizes, adaptive"]!,
      dropout: {
        embedding: 0.1,
        input: 0.2,
        hidden: 0.3,
        output: 0.4,
        weight: 0.5,
        variational: true,
      },
      ar: 2,
      tar: 1,
    };
    const model = build(config);
    const batch = batchOf([[1, 2, 9, 3, 0, 6, 7]]);
    const loss = (seed: number, training = true) =>
      tf.tidy(() => model.loss(batch, { training, rng: new Rng(seed) }).mean.dataSync()[0]!);
    expect(loss(3)).toBe(loss(3));
    expect(loss(3)).not.toBe(loss(4));
    expect(loss(3, false)).toBe(loss(4, false));
    model.dispose();
  });

  test("variational dropout keeps one mask for all steps of a row", () => {
    const model = build({
      cell: "lstm", vocabSize, embeddingSize: 16, hiddenSize: 4, dropout: { output: 0.5, variational: true },
    }); // biome-ignore format: a record
    const ids = Int32Array.from([1, 2, 3, 4, 5, 6]);
    const next = { inputs: ids, batchSize: 1, time: 6, lengths: Int32Array.of(6) };
    const { outputs, raw } = tf.tidy(() => {
      const run = model.forward(next, { training: true, rng: new Rng(2) });
      return { outputs: run.outputs.dataSync(), raw: run.raw.dataSync() };
    }) as unknown as { outputs: Float32Array; raw: Float32Array };
    for (let j = 0; j < 4; j++) {
      const kept = Array.from({ length: 6 }, (_, t) => outputs[t * 4 + j] !== 0);
      expect(new Set(kept).size).toBe(1);
      if (kept[0]) expect(outputs[j]).toBeCloseTo(2 * raw[j]!, 5);
    }
    model.dispose();
  });

  test("regularises activations by their squares and by their changes", () => {
    const base = { cell: "gru", vocabSize, embeddingSize: 5, hiddenSize: 6 } as const;
    const batch = batchOf([[1, 2, 9, 3, 0]]);
    const loss = (extra: object) =>
      tf.tidy(
        () =>
          build({ ...base, ...extra })
            .loss(batch, { training: true, rng: new Rng(0) })
            .mean.dataSync()[0]!,
      );
    const model = build(base);
    let raw: number[] = [];
    tf.tidy(() => {
      const next = {
        inputs: Int32Array.from([1, 2, 9, 3]),
        batchSize: 1,
        time: 4,
        lengths: Int32Array.of(4),
      };
      raw = [...model.forward(next, { training: false }).raw.dataSync()];
    });
    const squares = raw.reduce((sum, h) => sum + h * h, 0) / raw.length;
    let changes = 0;
    for (let i = 6; i < raw.length; i++) changes += (raw[i]! - raw[i - 6]!) ** 2 / (raw.length - 6);
    expect(loss({ ar: 3 }) - loss({})).toBeCloseTo(3 * squares, 4);
    expect(loss({ tar: 3 }) - loss({})).toBeCloseTo(3 * changes, 4);
  });

  test("stream rows can be copied, held and reset", () => {
    const model = build(configs["lstm with maxent"]!);
    const table = (stream: ReturnType<RnnLanguageModel["stream"]>) => {
      const out = new Float32Array(stream.rows * vocabSize);
      stream.logProbs(out);
      return Array.from({ length: stream.rows }, (_, r) =>
        [...out.slice(r * vocabSize, (r + 1) * vocabSize)].map((x) => x.toFixed(4)),
      );
    };
    const before = tf.memory().numTensors;
    const stream = model.stream(2);
    const fresh = table(stream)[0];
    stream.advance([1, 2]);
    const [first, second] = table(stream);
    stream.select([1, 0]);
    expect(table(stream)).toEqual([second, first]);
    stream.advance([-1, 3]);
    expect(table(stream)[0]).toEqual(second);
    expect(table(stream)[1]).not.toEqual(first);
    stream.reset(1);
    expect(table(stream)).toEqual([second, fresh]);
    stream.dispose();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test("training steps and generated tokens leave no tensors behind", () => {
    const model = build({ ...configs["gru, blackout"]!, dropout: { output: 0.2, weight: 0.1 } });
    const optimizer = tf.train.sgd(0.1);
    const step = (seed: number) => {
      const { grads, value } = tf.variableGrads(() => {
        const { mean } = model.loss(batchOf([[1, 2, 9, 3]]), {
          training: true,
          rng: new Rng(seed),
        });
        return mean as tf.Scalar;
      }, [...model.parameters.values()]);
      optimizer.applyGradients(grads);
      tf.dispose([grads, value]);
    };
    step(0);
    const before = tf.memory().numTensors;
    for (let seed = 1; seed <= 30; seed++) step(seed);
    generate(model, {
      prompts: [[1], [2, 3]],
      maxNewTokens: 40,
      stopIds: [],
      rng: new Rng(1),
      topK: 5,
    });
    beamGenerate(model, { prompt: [1], maxNewTokens: 8, beamWidth: 3 });
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test("generates in a batch what it generates alone", () => {
    const model = build(configs["gru, two layers, tied"]!);
    const prompts = [[1, 2, 3], [], [9]];
    const together = generate(model, { prompts, maxNewTokens: 8, temperature: 0, stopIds: [] });
    prompts.forEach((prompt, i) => {
      const [alone] = generate(model, {
        prompts: [prompt],
        maxNewTokens: 8,
        temperature: 0,
        stopIds: [],
      });
      expect(together[i]!.ids).toEqual(alone!.ids);
      expect(together[i]!.logProb).toBeCloseTo(alone!.logProb, 3);
    });
    model.dispose();
  });

  test("sequences longer than a chunk score as in one piece", () => {
    const model = build({ cell: "gru", vocabSize, embeddingSize: 4, hiddenSize: 5 });
    const rng = new Rng(9);
    const long = Array.from({ length: 150 }, () => rng.integer(vocabSize));
    const middle = Array.from({ length: 70 }, () => rng.integer(vocabSize));
    const slow = scoreByStream(model, [middle, long]);
    model.score([middle, long]).forEach(({ logProbs }, i) => {
      logProbs.forEach((value, t) => {
        expect(value).toBeCloseTo(slow[i]!.logProbs[t]!, 3);
      });
    });
    model.dispose();
  });
});
