import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { gradientCases, type SequenceCase, sequenceCases } from "../../test/sequence-cases.ts";
import { centralDifferences, expectClose, randomValues } from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { referenceElmanSequence } from "../reference/elman.ts";
import { referenceGruSequence } from "../reference/gru.ts";
import { elmanSequence, elmanStep } from "./elman.ts";
import { gruSequence, gruStep } from "./gru.ts";

type Values = Record<"x" | "h", ArrayLike<number>>;
type Tensors = Record<"x" | "h", tf.Tensor>;
interface State {
  readonly outputs: tf.Tensor;
  readonly state: { readonly h: tf.Tensor };
}

/** The variants under test: gates per unit, ours, the reference. */
const variants = [
  ...(["after-product", "before-product"] as const).map((resetGate) => ({
    name: `gruSequence, reset ${resetGate}`,
    gates: 3,
    kernel: "SeqGru",
    run: ({ x, h, ...weights }: Tensors, options: object): State =>
      gruSequence(x, { h }, weights as never, { ...options, resetGate }),
    step: (x: tf.Tensor, h: tf.Tensor, weights: object) =>
      gruStep(x, { h }, weights as never, { resetGate }),
    reference: (sequence: SequenceCase, { x, h, ...weights }: Values) =>
      referenceGruSequence({ ...sequence, x }, h, weights as never, resetGate),
  })),
  ...(["tanh", "relu", "sigmoid", "identity"] as const).map((activation) => ({
    name: `elmanSequence, ${activation}`,
    gates: 1,
    kernel: "SeqElman",
    run: ({ x, h, ...weights }: Tensors, options: object): State =>
      elmanSequence(x, { h }, weights as never, { ...options, activation }),
    step: (x: tf.Tensor, h: tf.Tensor, weights: object) =>
      elmanStep(x, { h }, weights as never, { activation }),
    reference: (sequence: SequenceCase, { x, h, ...weights }: Values) =>
      referenceElmanSequence({ ...sequence, x }, h, weights as never, activation),
  })),
];

function valuesOf({ batch, time, inputSize, size }: SequenceCase, gates: number) {
  const scale = gates === 1 ? 0.3 : 0.5;
  return {
    x: randomValues(1, batch * time * inputSize),
    h: randomValues(2, batch * size),
    weightIh: randomValues(4, gates * size * inputSize, scale),
    weightHh: randomValues(5, gates * size * size, scale),
    biasIh: randomValues(6, gates * size),
    biasHh: randomValues(7, gates * size),
  };
}

function tensorsOf(values: Record<string, Float32Array>, sequence: SequenceCase, gates: number) {
  const { batch, time, inputSize, size } = sequence;
  const shapes: Record<string, number[]> = {
    x: [batch, time, inputSize],
    h: [batch, size],
    weightIh: [gates * size, inputSize],
    weightHh: [gates * size, size],
    biasIh: [gates * size],
    biasHh: [gates * size],
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, v]) => [name, tf.tensor(v, shapes[name])]),
  ) as Tensors;
}

function optionsOf({ lengths, reverse }: SequenceCase) {
  return { ...(lengths && { lengths: Int32Array.from(lengths) }), ...(reverse && { reverse }) };
}

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  describe.each(variants)("$name", ({ gates, run, step, reference }) => {
    test("equals the reference for every shape", async () => {
      await loadKernels({ backend });
      for (const sequence of sequenceCases) {
        const values = valuesOf(sequence, gates);
        tf.tidy(() => {
          const { outputs, state } = run(tensorsOf(values, sequence, gates), optionsOf(sequence));
          const expected = reference(sequence, values);
          expect(outputs.shape).toEqual([sequence.batch, sequence.time, sequence.size]);
          expectClose(outputs.dataSync(), expected.outputs, 2e-6, `${sequence.name}: outputs`);
          expectClose(state.h.dataSync(), expected.h, 2e-6, `${sequence.name}: h`);
        });
      }
    });

    test("gradients equal central differences, and nothing is left behind", async () => {
      await loadKernels({ backend });
      const cases = backend === "cpu" ? gradientCases.slice(-1) : gradientCases;
      for (const sequence of cases) {
        const values = valuesOf(sequence, gates);
        const lossWeights = {
          outputs: randomValues(11, sequence.batch * sequence.time * sequence.size),
          h: randomValues(12, sequence.batch * sequence.size),
        };
        const dot = (a: ArrayLike<number>, b: Float32Array) =>
          b.reduce((sum, value, i) => sum + value * (a[i] as number), 0);
        const before = tf.memory().numTensors;
        tf.tidy(() => {
          const names = Object.keys(values) as (keyof typeof values)[];
          const tensors = tensorsOf(values, sequence, gates) as never as Record<string, tf.Tensor>;
          const gradients = tf.grads((...some) => {
            const byName = Object.fromEntries(names.map((name, i) => [name, some[i]]));
            const { outputs, state } = run(byName as never, optionsOf(sequence));
            return tf.add(
              tf.sum(tf.mul(outputs, tf.tensor(lossWeights.outputs, outputs.shape))),
              tf.sum(tf.mul(state.h, tf.tensor(lossWeights.h, state.h.shape))),
            );
          })(names.map((name) => tensors[name] as tf.Tensor));
          names.forEach((name, i) => {
            const expected = centralDifferences((changed) => {
              const { outputs, h } = reference(sequence, { ...values, [name]: changed });
              return dot(outputs, lossWeights.outputs) + dot(h, lossWeights.h);
            }, values[name]);
            const what = `${sequence.name}: d${name}`;
            expectClose((gradients[i] as tf.Tensor).dataSync(), expected, 1e-5, what);
          });
        });
        expect(tf.memory().numTensors).toBe(before);
      }
    });

    test("step by step equals the sequence", async () => {
      await loadKernels({ backend });
      const sequence: SequenceCase = { name: "", batch: 3, time: 4, inputSize: 5, size: 6 };
      tf.tidy(() => {
        const tensors = tensorsOf(valuesOf(sequence, gates), sequence, gates);
        const { x, h: initial, ...weights } = tensors;
        let h = initial;
        for (let t = 0; t < 4; t++) {
          const xt = tf.reshape(tf.slice(x, [0, t, 0], [3, 1, 5]), [3, 5]);
          const before = tf.memory().numTensors;
          h = step(xt, h, weights).h;
          expect(tf.memory().numTensors).toBe(before + 1);
        }
        expectClose(h.dataSync(), run(tensors, {}).state.h.dataSync(), 1e-6);
      });
    });
  });
});

test.each(variants)("$name runs its kernels on wasm", async ({ kernel }) => {
  await loadKernels({ backend: "wasm" });
  expect(tf.getKernel(kernel, "wasm")).toBeDefined();
  expect(tf.getKernel(`${kernel}Gradient`, "wasm")).toBeDefined();
});
