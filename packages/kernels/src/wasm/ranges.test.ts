import { Rng } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import { randomIntegers, randomValues } from "../../test/values.ts";
import { kernelInfo, loadKernels } from "../load.ts";
import { attention } from "../ops/attention.ts";
import { dropout } from "../ops/dropout.ts";
import { embedding } from "../ops/embedding.ts";
import { globalNorm } from "../ops/global-norm.ts";
import { layerNorm } from "../ops/layer-norm.ts";
import { linearCrossEntropy } from "../ops/linear-cross-entropy.ts";
import { adamUpdate, asgdUpdate, rmspropUpdate, sgdUpdate } from "../ops/optimizers.ts";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy.ts";

afterAll(async () => {
  await loadKernels({ backend: "wasm", threads: 1 });
});

function random(seed: number, ...shape: number[]): tf.Tensor {
  return tf.tensor(randomValues(seed, tf.util.sizeFromShape(shape)), shape);
}

/** Values and gradients of one function, with unequal weights on every output. */
function both(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): tf.Tensor[] {
  const weighted = (...all: tf.Tensor[]) => {
    const out = f(...all);
    return tf.sum(tf.mul(out, random(99, ...out.shape)));
  };
  return [f(...inputs), ...tf.grads(weighted)(inputs)];
}

/** Every kernel that threads share by ranges, big enough to wake them; sizes that no count of threads divides. */
const runs: Record<string, () => tf.Tensor[]> = {
  embedding: () => {
    const ids = tf.tensor(randomIntegers(1, 1001, 307), [7, 143], "int32");
    const options = { paddingIndex: 3, scaleGradientByFrequency: true };
    return both((w) => embedding(w as tf.Tensor, ids, options), [random(2, 307, 65)]);
  },
  softmaxCrossEntropy: () => {
    const ids = tf.tensor1d(randomIntegers(1, 101, 403).fill(-100, 5, 9), "int32");
    return both(
      (z) => softmaxCrossEntropy(z as tf.Tensor, ids, { reduction: "none", labelSmoothing: 0.1 }),
      [random(2, 101, 403)],
    );
  },
  linearCrossEntropy: () => {
    const ids = tf.tensor1d(randomIntegers(1, 101, 403).fill(-100, 5, 9), "int32");
    return both(
      (x, w, b) => linearCrossEntropy(x as tf.Tensor, w as tf.Tensor, b as tf.Tensor, ids),
      [random(2, 101, 67), random(3, 403, 67), random(4, 403)],
    );
  },
  dotAttention: () =>
    both(
      (q, k, v) => attention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor).context,
      [random(1, 13, 9, 33), random(2, 13, 21, 33), random(3, 13, 21, 17)],
    ),
  additiveAttention: () => {
    const lengths = Int32Array.from({ length: 13 }, (_, i) => 21 - i);
    return both(
      (q, k, v, queryWeight, scoreWeight) =>
        attention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, {
          score: "additive",
          lengths,
          weights: { queryWeight, scoreWeight } as never,
        }).context,
      [
        random(1, 13, 33),
        random(2, 13, 21, 35),
        random(3, 13, 21, 17),
        random(4, 35, 33),
        random(5, 35),
      ],
    );
  },
  layerNorm: () =>
    both(
      (x, g, b) => layerNorm(x as tf.Tensor, g as tf.Tensor, b as tf.Tensor),
      [random(1, 201, 131), random(2, 131), random(3, 131)],
    ),
  dropout: () => both((x) => dropout(x as tf.Tensor, 0.3, new Rng(5)), [random(1, 40_003)]),
  optimizers: () => {
    const size = 40_003;
    const slots = [1, 2, 3, 4, 5].map((seed) => tf.variable(random(seed, size)));
    const [parameter, a, b, c, d] = slots as [
      tf.Variable,
      tf.Variable,
      tf.Variable,
      tf.Variable,
      tf.Variable,
    ];
    for (const slot of [a, b, c, d]) slot.assign(tf.add(tf.abs(slot), 1));
    const gradient = random(6, size);
    const update = { parameter, gradient, learningRate: 0.01, step: 3, gradientScale: 0.5 };
    adamUpdate({ ...update, firstMoment: a, secondMoment: b, maxSecondMoment: c });
    sgdUpdate({ ...update, momentum: 0.9, nesterov: true, momentumBuffer: a });
    rmspropUpdate({ ...update, squareAverage: b, gradientAverage: d });
    asgdUpdate({ ...update, average: c, eta: 0.1, mu: 0.5 });
    return slots;
  },
  globalNorm: () => [
    tf.tensor1d(new Float32Array(new Float64Array([globalNorm([random(1, 400_003)])]).buffer)),
  ],
};

function bitsOf(run: () => tf.Tensor[]): Uint32Array[] {
  let bits: Uint32Array[] = [];
  tf.tidy(() => {
    const tensors = run();
    bits = tensors.map((tensor) => new Uint32Array((tensor.dataSync() as Float32Array).buffer));
    tf.dispose(tensors);
  });
  return bits;
}

describe("kernels that threads share by ranges", () => {
  test.each(Object.entries(runs))(
    "%s gives the same bits for any number of threads",
    async (_, run) => {
      await loadKernels({ backend: "wasm", threads: 1 });
      const one = bitsOf(run);
      expect(one.flatMap((bits) => [...bits]).some((word) => word !== 0)).toBe(true);
      for (const threads of [2, 3, 5]) {
        await loadKernels({ threads });
        expect(kernelInfo().threads).toBe(threads);
        for (let round = 0; round < 3; round++) {
          bitsOf(run).forEach((bits, i) => {
            expect(
              bits.every((word, k) => word === one[i]?.[k]),
              `tensor ${i}`,
            ).toBe(true);
          });
        }
      }
    },
  );
});
