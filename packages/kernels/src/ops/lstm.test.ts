import { SeqError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { gradientCases, type SequenceCase, sequenceCases } from "../../test/sequence-cases.ts";
import { centralDifferences, expectClose, randomValues } from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { referenceLstmSequence } from "../reference/lstm.ts";
import { lstmSequence, lstmStep } from "./lstm.ts";

/** Flat values by name, in the order in which gradients are taken. */
function valuesOf({ batch, time, inputSize, size }: SequenceCase, outSize: number) {
  return {
    x: randomValues(1, batch * time * inputSize),
    h: randomValues(2, batch * outSize),
    c: randomValues(3, batch * size),
    weightIh: randomValues(4, 4 * size * inputSize, 0.5),
    weightHh: randomValues(5, 4 * size * outSize, 0.5),
    biasIh: randomValues(6, 4 * size),
    biasHh: randomValues(7, 4 * size),
    ...(outSize !== size && { weightHr: randomValues(8, outSize * size, 0.5) }),
  } as Record<string, Float32Array>;
}

function shapesOf({ batch, time, inputSize, size }: SequenceCase, outSize: number) {
  return {
    x: [batch, time, inputSize],
    h: [batch, outSize],
    c: [batch, size],
    weightIh: [4 * size, inputSize],
    weightHh: [4 * size, outSize],
    biasIh: [4 * size],
    biasHh: [4 * size],
    weightHr: [outSize, size],
  } as Record<string, number[]>;
}

function run(tensors: Record<string, tf.Tensor>, { lengths, reverse }: SequenceCase) {
  const { x, h, c, ...weights } = tensors as Record<"x" | "h" | "c", tf.Tensor>;
  return lstmSequence(x, { h, c }, weights as never, {
    ...(lengths && { lengths: Int32Array.from(lengths) }),
    ...(reverse && { reverse }),
  });
}

function reference(values: Record<string, ArrayLike<number>>, sequence: SequenceCase) {
  const { x, h, c, ...weights } = values as Record<"x" | "h" | "c", ArrayLike<number>>;
  return referenceLstmSequence({ ...sequence, x }, { h, c }, weights as never);
}

describe.each(["cpu", "wasm"] as const)("lstmSequence on %s", (backend) => {
  test.each(sequenceCases)("equals the reference: $name", async (sequence) => {
    await loadKernels({ backend });
    for (const outSize of [sequence.size, Math.ceil(sequence.size / 2)]) {
      const values = valuesOf(sequence, outSize);
      const shapes = shapesOf(sequence, outSize);
      tf.tidy(() => {
        const tensors = Object.fromEntries(
          Object.entries(values).map(([name, v]) => [name, tf.tensor(v, shapes[name])]),
        );
        const { outputs, state } = run(tensors, sequence);
        const expected = reference(values, sequence);
        expect(outputs.shape).toEqual([sequence.batch, sequence.time, outSize]);
        expectClose(outputs.dataSync(), expected.outputs, 2e-6, "outputs");
        expectClose(state.h.dataSync(), expected.h, 2e-6, "h");
        expectClose(state.c.dataSync(), expected.c, 2e-6, "c");
      });
    }
  });

  test.each(gradientCases)("gradients equal central differences: $name", async (sequence) => {
    await loadKernels({ backend });
    for (const outSize of [sequence.size, Math.ceil(sequence.size / 2)]) {
      const values = valuesOf(sequence, outSize);
      const shapes = shapesOf(sequence, outSize);
      const { batch, time, size } = sequence;
      const lossWeights = {
        outputs: randomValues(11, batch * time * outSize),
        h: randomValues(12, batch * outSize),
        c: randomValues(13, batch * size),
      };
      const dot = (a: ArrayLike<number>, b: Float32Array) =>
        b.reduce((sum, value, i) => sum + value * (a[i] as number), 0);
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const names = Object.keys(values);
        const gradients = tf.grads((...tensors) => {
          const byName = Object.fromEntries(
            names.map((name, i) => [name, tensors[i] as tf.Tensor]),
          );
          const { outputs, state } = run(byName, sequence);
          return tf.addN([
            tf.sum(tf.mul(outputs, tf.tensor(lossWeights.outputs, outputs.shape))),
            tf.sum(tf.mul(state.h, tf.tensor(lossWeights.h, state.h.shape))),
            tf.sum(tf.mul(state.c, tf.tensor(lossWeights.c, state.c.shape))),
          ]);
        })(names.map((name) => tf.tensor(values[name] as Float32Array, shapes[name])));
        names.forEach((name, i) => {
          const expected = centralDifferences((changed) => {
            const { outputs, h, c } = reference({ ...values, [name]: changed }, sequence);
            return (
              dot(outputs, lossWeights.outputs) + dot(h, lossWeights.h) + dot(c, lossWeights.c)
            );
          }, values[name] as Float32Array);
          expectClose((gradients[i] as tf.Tensor).dataSync(), expected, 1e-5, `d${name}`);
        });
      });
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  test("without biases, and when only the final state is used, gradients flow too", async () => {
    await loadKernels({ backend });
    const sequence = sequenceCases[6] as SequenceCase;
    const { biasIh: _, biasHh: __, ...values } = valuesOf(sequence, sequence.size);
    const shapes = shapesOf(sequence, sequence.size);
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(values).map(([name, v]) => [name, tf.tensor(v, shapes[name])]),
      );
      const gradient = tf.grad((weightHh) =>
        tf.sum(run({ ...tensors, weightHh }, sequence).state.c),
      )(tensors["weightHh"] as tf.Tensor);
      const expected = centralDifferences(
        (weightHh) => reference({ ...values, weightHh }, sequence).c.reduce((a, b) => a + b, 0),
        values["weightHh"] as Float32Array,
      );
      expectClose(gradient.dataSync(), expected, 1e-5);
    });
  });

  test("step by step equals the sequence, and a step's gradients flow", async () => {
    await loadKernels({ backend });
    const sequence: SequenceCase = { name: "", batch: 3, time: 4, inputSize: 5, size: 6 };
    const values = valuesOf(sequence, 6);
    const shapes = shapesOf(sequence, 6);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(values).map(([name, v]) => [name, tf.tensor(v, shapes[name])]),
      );
      const { x, h, c, ...weights } = tensors as Record<string, tf.Tensor>;
      const byStep = (weights: Record<string, tf.Tensor>) => {
        let state = { h: h as tf.Tensor, c: c as tf.Tensor };
        for (let t = 0; t < 4; t++) {
          const xt = tf.reshape(tf.slice(x as tf.Tensor, [0, t, 0], [3, 1, 5]), [3, 5]);
          state = lstmStep(xt, state, weights as never);
        }
        return state;
      };
      const whole = run(tensors, sequence).state;
      expectClose(byStep(weights).h.dataSync(), whole.h.dataSync(), 1e-6);
      expectClose(byStep(weights).c.dataSync(), whole.c.dataSync(), 1e-6);
      const gradient = (f: (weightHh: tf.Tensor) => tf.Tensor) =>
        tf
          .grad((w) => tf.sum(f(w)))(weights["weightHh"] as tf.Tensor)
          .dataSync();
      expectClose(
        gradient((weightHh) => byStep({ ...weights, weightHh }).h),
        gradient((weightHh) => run({ ...tensors, weightHh }, sequence).state.h),
        1e-5,
      );
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test("wrong shapes and options are refused in one line", async () => {
    await loadKernels({ backend });
    const sequence = sequenceCases[1] as SequenceCase;
    const shapes = shapesOf(sequence, 5);
    const zeros = (change: Record<string, number[]>) =>
      Object.fromEntries(
        Object.entries({ ...shapes, ...change })
          .filter(([name]) => name !== "weightHr")
          .map(([name, shape]) => [name, tf.zeros(shape)]),
      );
    const messageOf = (f: () => unknown) => {
      try {
        f();
      } catch (error) {
        if (SeqError.is(error)) return `${error.code} ${error.message}`;
        throw error;
      }
      return "no error";
    };
    expect(messageOf(() => run(zeros({ weightIh: [20, 4] }), sequence))).toBe(
      "SHAPE_MISMATCH lstmSequence: weightIh has shape [20, 4], expected [20, 3].",
    );
    expect(messageOf(() => run(zeros({ h: [1, 4] }), sequence))).toBe(
      "SHAPE_MISMATCH lstmSequence: state.h has shape [1, 4], expected [1, 5].",
    );
    expect(messageOf(() => run(zeros({}), { ...sequence, lengths: [6] }))).toBe(
      "OPTION_RANGE lstmSequence: lengths[0] is 6, expected from 1 to 5 (the time axis).",
    );
    expect(messageOf(() => run(zeros({}), { ...sequence, lengths: [1, 2] }))).toBe(
      "LENGTHS_MISMATCH lstmSequence: lengths has 2 entries, expected 1 (one per row of the batch).",
    );
  });
});

describe("the LSTM kernels", () => {
  test("pads may hold anything, also NaN: outputs and gradients do not change", async () => {
    await loadKernels({ backend: "wasm" });
    const sequence = sequenceCases[7] as SequenceCase;
    const values = valuesOf(sequence, sequence.size);
    const shapes = shapesOf(sequence, sequence.size);
    const { batch, time, inputSize, lengths } = sequence;
    const dirty = Float32Array.from(values["x"] as Float32Array);
    for (let row = 0; row < batch; row++) {
      const from = row * time + (lengths?.[row] as number);
      dirty.fill(Number.NaN, from * inputSize, (row + 1) * time * inputSize);
    }
    tf.tidy(() => {
      const results = [values["x"] as Float32Array, dirty].map((x) => {
        const tensors = Object.fromEntries(
          Object.entries({ ...values, x }).map(([name, v]) => [name, tf.tensor(v, shapes[name])]),
        );
        const names = ["x", "weightIh", "weightHh"];
        const gradients = tf.grads((...some) =>
          tf.sum(
            run(
              { ...tensors, ...Object.fromEntries(names.map((n, i) => [n, some[i]])) } as never,
              sequence,
            ).outputs,
          ),
        )(names.map((name) => tensors[name] as tf.Tensor));
        return [run(tensors, sequence).outputs, ...gradients].map((t) => [...t.dataSync()]);
      });
      expect(results[1]).toEqual(results[0]);
    });
  });

  test("are what lstmSequence runs on wasm", async () => {
    await loadKernels({ backend: "wasm" });
    expect(tf.getKernel("SeqLstm", "wasm")).toBeDefined();
    expect(tf.getKernel("SeqLstmGradient", "wasm")).toBeDefined();
  });
});
