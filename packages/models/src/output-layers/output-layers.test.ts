import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { AdaptiveSoftmax } from "./adaptive-softmax.ts";
import { ClassSoftmax, classBoundaries } from "./class-softmax.ts";
import { FullSoftmax } from "./full-softmax.ts";
import { NoiseDistribution } from "./noise.ts";
import type { OutputLayer } from "./output-layer.types.ts";
import { RankedOutput, ranksOf } from "./ranked-output.ts";
import { type SampledLoss, SampledOutput } from "./sampled-output.ts";

const inputSize = 6;
const vocabSize = 13;
const counts = Array.from({ length: vocabSize }, (_, id) => 100 / (id + 1));
const rng = () => new Rng(3);

const layers: Record<string, () => OutputLayer> = {
  "full softmax": () => new FullSoftmax({ inputSize, vocabSize, rng: rng() }),
  adaptive: () =>
    new AdaptiveSoftmax({ inputSize, vocabSize, cutoffs: [4, 9], divValue: 2, rng: rng() }),
  "adaptive, one cluster": () =>
    new AdaptiveSoftmax({ inputSize, vocabSize, cutoffs: [], rng: rng() }),
  classes: () => new ClassSoftmax({ inputSize, vocabSize, boundaries: [2, 3, 8], rng: rng() }),
  ranked: () =>
    new RankedOutput(
      new AdaptiveSoftmax({ inputSize, vocabSize, cutoffs: [5], divValue: 2, rng: rng() }),
      ranksOf(Array.from({ length: vocabSize }, (_, id) => (id * 7) % 13)),
    ),
  blackout: () =>
    new SampledOutput({ inputSize, vocabSize, rng: rng(), method: "blackout", samples: 5, counts }),
};

function inputs(rows: number, seed = 5): tf.Tensor2D {
  const noise = new Rng(seed);
  return tf.tensor2d(
    Float32Array.from({ length: rows * inputSize }, () => noise.normal()),
    [rows, inputSize],
  );
}

beforeAll(async () => {
  await loadKernels({ backend: "wasm" });
});

describe.each(Object.entries(layers))("%s", (_, create) => {
  test("is a distribution, from which targets and loss are read", () => {
    const layer = create();
    const targets = Int32Array.from([0, 12, 5, 8, 3, 3, 9]);
    tf.tidy(() => {
      const x = inputs(targets.length);
      const table = layer.logProbs(x);
      const sums = tf.sum(tf.exp(table), 1).dataSync();
      for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
      const values = table.dataSync();
      const picked = layer.targetLogProbs(x, targets).dataSync();
      let mean = 0;
      targets.forEach((id, row) => {
        expect(picked[row]).toBeCloseTo(values[row * vocabSize + id]!, 5);
        mean -= picked[row]! / targets.length;
      });
      expect(layer.loss(x, targets, { training: false }).dataSync()[0]).toBeCloseTo(mean, 5);
    });
    layer.dispose();
  });
});

describe("AdaptiveSoftmax", () => {
  test("equals the full softmax when all ids are in the head", () => {
    tf.tidy(() => {
      const adaptive = new AdaptiveSoftmax({ inputSize, vocabSize, cutoffs: [], rng: rng() });
      const full = new FullSoftmax({ inputSize, vocabSize, rng: rng() });
      full.weight.assign(adaptive.parameters.get("head.weight")!);
      const x = inputs(4);
      const [a, b] = [adaptive.logProbs(x).dataSync(), full.logProbs(x).dataSync()];
      a.forEach((value, i) => {
        expect(value).toBeCloseTo(b[i]!, 6);
      });
    });
  });

  test("refuses cutoffs that do not rise and clusters without dimensions", () => {
    expect(
      () => new AdaptiveSoftmax({ inputSize, vocabSize, cutoffs: [4, 4], rng: rng() }),
    ).toThrow(
      "AdaptiveSoftmax: cutoffs are [4, 4], expected whole numbers that rise from 1 to 12 (vocabSize - 1).",
    );
    expect(
      () => new AdaptiveSoftmax({ inputSize, vocabSize, cutoffs: [4, 9], divValue: 4, rng: rng() }),
    ).toThrow(
      "AdaptiveSoftmax: cluster 1 would work in floor(6 / 4^2) = 0 dimensions; expected at least 1. Lower divValue or use fewer cutoffs.",
    );
  });
});

describe("classBoundaries", () => {
  test("cuts into classes of about equal mass, as many as asked for", () => {
    expect(classBoundaries([100, 25, 9, 4, 4, 1], 2)).toEqual([2]);
    expect(classBoundaries([1, 1, 1, 1], 4)).toEqual([1, 2, 3]);
    expect(classBoundaries([1000000, 1, 1, 1], 3)).toEqual([1, 3]);
    expect(classBoundaries(counts, 5)).toHaveLength(4);
  });
});

describe("NoiseDistribution", () => {
  test("draws ids by their counts to the power", () => {
    const noise = new NoiseDistribution(counts, 0.75);
    const draws = 60000;
    const found = new Float64Array(vocabSize);
    for (const id of noise.draw(draws, new Rng(1))) found[id]!++;
    let statistic = 0;
    const total = counts.reduce((sum, c) => sum + c ** 0.75, 0);
    counts.forEach((count, id) => {
      expect(noise.probs[id]).toBeCloseTo(count ** 0.75 / total, 12);
      const expected = (draws * count ** 0.75) / total;
      statistic += (found[id]! - expected) ** 2 / expected;
    });
    expect(statistic).toBeLessThan(32.9); // 99.9 % of chi-square with 12 degrees of freedom
  });
});

/** The losses as their papers write them, in float64. */
function reference(
  method: SampledLoss,
  x: number[][],
  weight: number[][],
  bias: number[],
  targets: number[],
  noise: number[],
  q: Float64Array,
): number {
  const logit = (row: number[], id: number) =>
    row.reduce((sum, value, j) => sum + value * weight[id]![j]!, bias[id]!);
  let total = 0;
  x.forEach((row, n) => {
    const target = targets[n]!;
    const others = noise.filter((id) => id !== target);
    if (method === "nce") {
      const k = noise.length;
      const delta = (id: number) => logit(row, id) - Math.log(k * q[id]!);
      total -= Math.log(1 / (1 + Math.exp(-delta(target))));
      for (const id of others) total -= Math.log(1 - 1 / (1 + Math.exp(-delta(id))));
    } else {
      const mass = (id: number) => Math.exp(logit(row, id)) / q[id]!;
      const sum = mass(target) + others.reduce((s, id) => s + mass(id), 0);
      total -= Math.log(mass(target) / sum);
      if (method === "blackout") for (const id of others) total -= Math.log(1 - mass(id) / sum);
    }
  });
  return total / x.length;
}

describe.each(["sampled-softmax", "nce", "blackout"] as const)("%s", (method) => {
  const targets = [1, 7, 2, 12];
  const noise = [0, 7, 3, 3, 5]; // a hit and a repetition

  test("has the loss and the gradient of its equation", () => {
    const layer = new SampledOutput({
      inputSize,
      vocabSize,
      rng: rng(),
      method,
      samples: 5,
      counts,
    });
    const x = tf.variable(inputs(targets.length));
    const read = (name: string) => layer.parameters.get(name)!.arraySync();
    const values = {
      x: x.arraySync() as number[][],
      weight: read("weight") as number[][],
      bias: read("bias") as number[],
    };
    const loss = () =>
      reference(method, values.x, values.weight, values.bias, targets, noise, layer.noise.probs);
    const { value, grads } = tf.variableGrads(
      () => layer.sampledLoss(x, Int32Array.from(targets), Int32Array.from(noise)) as tf.Scalar,
    );
    expect(value.dataSync()[0]).toBeCloseTo(loss(), 4);
    const central = (list: number[], j: number): number => {
      const [held, h] = [list[j]!, 1e-5];
      list[j] = held + h;
      const above = loss();
      list[j] = held - h;
      const below = loss();
      list[j] = held;
      return (above - below) / (2 * h);
    };
    const weight = grads[layer.parameters.get("weight")!.name]!.arraySync() as number[][];
    values.weight.forEach((row, id) => {
      row.forEach((_, j) => {
        expect(weight[id]![j]).toBeCloseTo(central(row, j), 4);
      });
    });
    const bias = grads[layer.parameters.get("bias")!.name]!.arraySync() as number[];
    bias.forEach((g, id) => {
      expect(g).toBeCloseTo(central(values.bias, id), 4);
    });
    const dx = grads[x.name]!.arraySync() as number[][];
    dx.forEach((row, n) => {
      row.forEach((g, j) => {
        expect(g).toBeCloseTo(central(values.x[n]!, j), 4);
      });
    });
    tf.dispose([value, grads]);
    layer.dispose();
    x.dispose();
  });

  test("learns a distribution that the full softmax would learn", () => {
    // Each of two inputs has its own distribution; gradient descent on sampled losses must find it.
    const size = 8;
    const wanted = [
      [0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.03, 0.02],
      [0.02, 0.03, 0.05, 0.1, 0.1, 0.1, 0.2, 0.4],
    ];
    const even = new Array<number>(size).fill(10);
    const layer = new SampledOutput({
      inputSize: 2, vocabSize: size, rng: rng(), method, samples: 6, counts: even, power: 1,
    }); // biome-ignore format: a record
    const draw = new Rng(11);
    const sampler = wanted.map(
      (row) =>
        new NoiseDistribution(
          row.map((p) => 1000 * p),
          1,
        ),
    );
    const optimizer = tf.train.adam(0.02);
    for (let step = 0; step < 350; step++) {
      if (step === 230) (optimizer as unknown as { learningRate: number }).learningRate = 0.004;
      const rows = Array.from({ length: 64 }, (_, i) => i % 2);
      const ids = Int32Array.from(rows, (which) => sampler[which]!.draw(1, draw)[0]!);
      tf.tidy(() => {
        const x = tf.tensor2d(rows.map((which) => [which === 0 ? 1 : 0, which]));
        optimizer.minimize(
          () => layer.loss(x, ids, { training: true, rng: draw }) as tf.Scalar,
          false,
          [...layer.parameters.values()],
        );
      });
    }
    const found = tf.tidy(() => tf.exp(layer.logProbs(tf.eye(2))).arraySync()) as number[][];
    found.forEach((row, which) => {
      const divergence = row.reduce(
        (kl, p, id) => kl + wanted[which]![id]! * Math.log(wanted[which]![id]! / p),
        0,
      );
      expect(divergence).toBeLessThan(0.04);
    });
    layer.dispose();
  });

  test("is the exact cross-entropy in evaluation, and needs rng in training", () => {
    const layer = new SampledOutput({
      inputSize,
      vocabSize,
      rng: rng(),
      method,
      samples: 5,
      counts,
    });
    expect(() =>
      tf.tidy(() => layer.loss(inputs(1), Int32Array.of(1), { training: true })),
    ).toThrow("SampledOutput.loss: training draws noise and needs rng.");
    layer.dispose();
  });
});
