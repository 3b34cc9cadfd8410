/** What the lectures say of gradients through time, checked on a small Elman language model. */
import { Rng } from "@seq/core";
import { elmanSequence, elmanStep, loadKernels } from "@seq/kernels";
import {
  add,
  grad,
  grads,
  mul,
  reshape,
  type Scalar,
  slice,
  sum,
  type Tensor,
  tensor,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { referenceLoss } from "../../test/tiny-reference.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { padSequences } from "../data/pad-sequences.ts";
import { SGD } from "../optimizers/sgd.ts";
import { computeGradients } from "./compute-gradients.ts";
import { fit } from "./fit.ts";
import type { StepEvent } from "./fit.types.ts";

beforeAll(() => loadKernels({ backend: "cpu" }));

function random(rng: Rng, shape: number[], scale = 0.5): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, () => rng.normal(0, scale)),
    shape,
  );
}

describe("back-propagation through time", () => {
  test("the gradient of shared recurrent weights is the sum of the gradients of one copy for each step", () => {
    const rng = new Rng(3);
    const [batch, time, size] = [3, 6, 5];
    const x = random(rng, [batch, time, size]);
    const h0 = random(rng, [batch, size]);
    const weightIh = random(rng, [size, size]);
    const weightHh = random(rng, [size, size], 1);
    const goal = random(rng, [batch, time, size], 1);
    const at = (sequence: Tensor, t: number) =>
      reshape(slice(sequence, [0, t, 0], [batch, 1, size]), [batch, size]);

    const shared = grad((weight: Tensor) => {
      const run = elmanSequence(x, { h: h0 }, { weightIh, weightHh: weight });
      return sum(mul(run.outputs, goal));
    })(weightHh);

    const copies = Array.from({ length: time }, () => weightHh.clone());
    const parts = grads((...weights: Tensor[]) => {
      let h = h0;
      let loss: Tensor = tensor(0);
      weights.forEach((weight, t) => {
        h = elmanStep(at(x, t), { h }, { weightIh, weightHh: weight }).h;
        loss = add(loss, sum(mul(h, at(goal, t))));
      });
      return loss as Scalar;
    })(copies);

    expect(parts).toHaveLength(time);
    const sums = new Float64Array(size * size);
    for (const part of parts) {
      part.dataSync().forEach((value, i) => {
        sums[i]! += value;
      });
    }
    const values = shared.dataSync();
    // Every step has its share: no single part is the whole.
    for (const part of parts) expect([...part.dataSync()]).not.toEqual([...values]);
    sums.forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    });
  });

  test("all gradients of the unrolled network are the central differences of a float64 reference", () => {
    const hiddenSize = 4;
    const model = new TinyLanguageModel({ vocabSize: 5, hiddenSize, scale: 0.6 });
    const batch = padSequences([
      [0, 1, 2, 3, 4, 0],
      [4, 2, 0],
    ]);
    const { loss, gradients } = computeGradients(model, model.parameters, batch, {
      training: false,
    });
    const weights = new Map(
      [...model.parameters].map(([name, p]) => [name, Float64Array.from(p.dataSync())]),
    );
    expect(loss).toBeCloseTo(referenceLoss(weights, batch, hiddenSize), 6);
    const step = 1e-5;
    for (const [name, values] of weights) {
      const slopes = gradients.get(name)!.dataSync();
      values.forEach((value, i) => {
        values[i] = value + step;
        const above = referenceLoss(weights, batch, hiddenSize);
        values[i] = value - step;
        const below = referenceLoss(weights, batch, hiddenSize);
        values[i] = value;
        const expected = (above - below) / (2 * step);
        expect(Math.abs(slopes[i]! - expected), `${name}[${i}]`).toBeLessThan(1e-6);
      });
    }
  });
});

describe("exploding gradients", () => {
  const size = 8;

  /** A linear Elman network (Pascanu et al. 2013, section 2.1) with recurrent weights of radius 1.5: rotations times 1.5. */
  function explodingModel(seed: number): TinyLanguageModel {
    const options = { vocabSize: 6, hiddenSize: size, seed, activation: "identity" } as const;
    const model = new TinyLanguageModel(options);
    const weight = new Float32Array(size * size);
    const rng = new Rng(seed);
    for (let pair = 0; pair < size; pair += 2) {
      const angle = 2 * Math.PI * rng.uniform();
      const [c, s] = [1.5 * Math.cos(angle), 1.5 * Math.sin(angle)];
      weight.set([c, -s], pair * size + pair);
      weight.set([s, c], (pair + 1) * size + pair);
    }
    model.get("weightHh").assign(tensor(weight, [size, size]));
    return model;
  }

  async function train(seed: number, clipNorm?: number): Promise<StepEvent[]> {
    const rng = new Rng(100 + seed);
    // Two letters in turn, and at the end the first letter again.
    const rows = Array.from({ length: 32 }, () => {
      const first = rng.integer(3);
      return Int32Array.from({ length: 18 }, (_, t) => (t % 17 === 0 ? first : 3 + (t % 3)));
    });
    const events: StepEvent[] = [];
    await fit(explodingModel(seed), sequenceBatches(rows, { batchSize: 8, seed }), {
      ...{ optimizer: new SGD({ learningRate: 0.1 }), maxSteps: 100 },
      ...(clipNorm === undefined ? {} : { clipNorm }),
      onProgress: (event) => events.push(event),
    });
    return events;
  }

  test("an Elman network of radius 1.5 diverges without clipping and trains with it, over several seeds", async () => {
    for (const seed of [1, 2, 3]) {
      await expect(train(seed)).rejects.toMatchObject({ code: "NON_FINITE_LOSS" });
      const events = await train(seed, 0.5);
      expect(events[0]?.gradientNorm).toBeGreaterThan(100); // exploded: 1.5 to the power of 16 is 657
      expect(events[0]?.loss).toBeGreaterThan(10);
      expect(events.at(-1)?.loss).toBeLessThan(1.3); // chance is ln 6 = 1.79
    }
  });
});
