import { readFileSync } from "node:fs";
import { SeqError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { centralDifferences, expectClose, randomValues } from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { type AttentionSizes, referenceAttention } from "../reference/attention.ts";
import { type AttentionScore, attention } from "./attention.ts";

const cases: [batch: number, queries: number, times: number, size: number, valueSize: number][] = [
  [1, 1, 1, 1, 1],
  [2, 1, 5, 3, 2],
  [3, 4, 7, 17, 5],
  [2, 3, 6, 4, 33],
  [2, 2, 9, 8, 16],
];

function lengthsOf(batch: number, times: number): Int32Array {
  return Int32Array.from({ length: batch }, (_, b) => Math.max(1, times - 2 * b));
}

describe.each(["cpu", "wasm"] as const)("attention on %s", (backend) => {
  beforeAll(async () => {
    await loadKernels({ backend, threads: 1 });
  });

  test.each(["dot", "scaled", "additive"] as const)(
    "%s equals the float64 reference, forward and backward",
    (score) => {
      for (const [batch, queries, times, size, valueSize] of cases) {
        for (const lengths of [undefined, lengthsOf(batch, times)]) {
          const sizes = { batch, queries, times, size, valueSize };
          const q = randomValues(1, batch * queries * size);
          const k = randomValues(2, batch * times * size);
          const v = randomValues(3, batch * times * valueSize);
          const u = randomValues(4, size);
          const forContext = randomValues(5, batch * queries * valueSize);
          const forWeights = randomValues(6, batch * queries * times);
          const loss = (
            q: ArrayLike<number>,
            k: ArrayLike<number>,
            v: ArrayLike<number>,
            u: ArrayLike<number>,
          ) => {
            const out = reference(score, { q, k, v, u }, sizes, lengths);
            return dot(out.context, forContext) + dot(out.weights, forWeights);
          };
          const before = tf.memory().numTensors;
          tf.tidy(() => {
            const identity = tf.eye(size) as tf.Tensor2D;
            const run = (query: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, u: tf.Tensor) => {
              const weights = { queryWeight: identity, scoreWeight: u };
              const out = attention(query, keys, values, {
                score,
                weights,
                ...(lengths && { lengths }),
              });
              const expected = reference(
                score,
                { q, k, v, u: u.dataSync() as Float32Array },
                sizes,
                lengths,
              );
              expectClose(out.context.dataSync(), expected.context, 2e-6, "context");
              expectClose(out.attentionWeights.dataSync(), expected.weights, 2e-6, "weights");
              if (lengths) expectZeroBeyond(out.attentionWeights, lengths);
              return tf.add(
                tf.sum(tf.mul(out.context, tf.tensor(forContext, out.context.shape))),
                tf.sum(
                  tf.mul(out.attentionWeights, tf.tensor(forWeights, out.attentionWeights.shape)),
                ),
              );
            };
            const inputs = [
              tf.tensor3d(q, [batch, queries, size]),
              tf.tensor3d(k, [batch, times, size]),
              tf.tensor3d(v, [batch, times, valueSize]),
            ];
            const scoreWeight = tf.tensor1d(u);
            const all = score === "additive" ? [...inputs, scoreWeight] : inputs;
            const gradients = tf.grads(((...x: tf.Tensor[]) =>
              run(
                x[0] as tf.Tensor,
                x[1] as tf.Tensor,
                x[2] as tf.Tensor,
                x[3] ?? scoreWeight,
              )) as never)(all);
            const expected = [
              centralDifferences((x) => loss(x, k, v, u), q),
              centralDifferences((x) => loss(q, x, v, u), k),
              centralDifferences((x) => loss(q, k, x, u), v),
              centralDifferences((x) => loss(q, k, v, x), u),
            ];
            gradients.forEach((gradient, i) => {
              expectClose(gradient.dataSync(), expected[i] as Float64Array, 2e-6, `gradient ${i}`);
            });
          });
          expect(tf.memory().numTensors).toBe(before);
        }
      }
    },
  );

  test("the worked example: q = [1, 0] over keys [1, 0], [0, 1], [1, 1]", () => {
    const query = tf.tensor2d([[1, 0]]);
    const keys = tf.tensor3d([
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
    ]);
    const { context, attentionWeights } = attention(query, keys, keys);
    expect(context.shape).toEqual([1, 2]);
    expect(attentionWeights.shape).toEqual([1, 3]);
    expectClose(attentionWeights.dataSync(), [0.422319, 0.155362, 0.422319], 1e-6);
    expectClose(context.dataSync(), [0.844638, 0.577681], 1e-6);
  });

  // The composition on cpu multiplies the pads by 0, so they have to be finite there.
  test.each(backend === "wasm" ? [7, Number.NaN, Infinity] : [7])(
    "%f in the pads changes nothing, and pads get gradient 0",
    (pad) => {
      const keys = randomValues(1, 2 * 4 * 3);
      const noisy = keys.map((value, i) => (i >= 18 ? pad : value)); // row 1, times 2 and 3
      const lengths = Int32Array.of(4, 2);
      const query = tf.tensor2d(randomValues(2, 6), [2, 3]);
      const weight = tf.tensor2d(randomValues(3, 6), [2, 3]);
      const run = (values: Float32Array) =>
        tf.valueAndGrad((k) => {
          const { context } = attention(query, k, k, { lengths });
          return tf.sum(tf.mul(context, weight));
        })(tf.tensor3d(values, [2, 4, 3]));
      const [clean, dirty] = [run(keys), run(noisy)];
      expect([...dirty.value.dataSync()]).toEqual([...clean.value.dataSync()]);
      expect([...dirty.grad.dataSync()]).toEqual([...clean.grad.dataSync()]);
      expect(
        dirty.grad
          .dataSync()
          .slice(18)
          .every((value) => value === 0),
      ).toBe(true);
    },
  );

  test("scores far apart give weights of exactly 1 and 0", () => {
    const query = tf.tensor2d([[1e4]]);
    const keys = tf.tensor3d([[[1], [-1], [0.5]]]);
    expect([...attention(query, keys, keys).attentionWeights.dataSync()]).toEqual([1, 0, 0]);
  });

  test("torch's cases", () => {
    const { cases } = JSON.parse(readFileSync(sharedPath("goldens/torch/attention.json"), "utf8"));
    const scores: Record<string, AttentionScore> = {
      dot: "dot",
      scaled_dot: "scaled",
      general: "general",
      additive: "additive",
    };
    let count = 0;
    for (const { kind, query, keys, values, key_lengths: lengths, expect: expected } of cases) {
      const score = scores[kind];
      if (score !== "dot" && score !== "scaled") continue; // the others: the goldens of @seq/cells
      count++;
      const k = tf.tensor(keys.data, keys.shape);
      const v = values ? tf.tensor(values.data, values.shape) : k;
      const options = { score, ...(lengths && { lengths: Int32Array.from(lengths) }) };
      const out = attention(tf.tensor(query.data, query.shape), k, v, options);
      expectClose(out.attentionWeights.dataSync(), expected.weights.data, 1e-5);
      expectClose(out.context.dataSync(), expected.context.data, 1e-5);
    }
    expect(count).toBeGreaterThan(3);
  });

  test("sizes that contradict each other, and weights that are missing, are refused by name", () => {
    const keys = tf.ones([2, 5, 3]);
    expect(() => attention(tf.ones([2, 4]), keys, keys)).toThrow(
      "attention: keys has shape [2, 5, 3], expected [2, 5, 4].",
    );
    expect(() => attention(tf.ones([2, 3]), keys, tf.ones([2, 4, 3]))).toThrow(
      "attention: values has shape [2, 4, 3], expected [2, 5, Dv].",
    );
    try {
      attention(tf.ones([2, 3]), keys, keys, { score: "general" });
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("MISSING_OPTION");
    }
  });
});

function reference(
  score: AttentionScore,
  {
    q,
    k,
    v,
    u,
  }: { q: ArrayLike<number>; k: ArrayLike<number>; v: ArrayLike<number>; u: ArrayLike<number> },
  sizes: AttentionSizes,
  lengths: Int32Array | undefined,
) {
  const masked = lengths && { lengths };
  if (score === "additive") return referenceAttention({ q, k, v, u, ...masked }, sizes);
  return referenceAttention(
    { q, k, v, scale: score === "dot" ? 1 : 1 / Math.sqrt(sizes.size), ...masked },
    sizes,
  );
}

function expectZeroBeyond(weights: tf.Tensor, lengths: Int32Array): void {
  const [batch, queries, times] = weights.shape as [number, number, number];
  const values = weights.dataSync();
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < queries; i++) {
      for (let t = lengths[b] as number; t < times; t++) {
        expect(values[(b * queries + i) * times + t]).toBe(0);
      }
    }
  }
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
