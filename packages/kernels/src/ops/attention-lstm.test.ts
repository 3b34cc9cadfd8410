import { SeqError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { centralDifferences, expectClose, randomValues } from "../../test/values.ts";
import { loadKernels } from "../load.ts";
import { type ReferenceDecoder, referenceAttentionLstm } from "../reference/attention-lstm.ts";
import { attentionLstmSequence } from "./attention-lstm.ts";

const cases: ReferenceDecoder[] = [
  { batch: 1, time: 1, sources: 1, embeddingSize: 1, size: 1 },
  { batch: 2, time: 3, sources: 4, embeddingSize: 3, size: 5 },
  { batch: 5, time: 4, sources: 6, embeddingSize: 3, size: 8, lengths: [6, 1, 3, 4, 2] },
  { batch: 3, time: 2, sources: 9, embeddingSize: 17, size: 33, lengths: [9, 5, 8] },
  { batch: 3, time: 2, sources: 3, embeddingSize: 2, size: 4, lengths: [2, 3, 1], scale: 0.5 },
];

function valuesOf({ batch, time, sources, embeddingSize, size }: ReferenceDecoder) {
  return {
    x: randomValues(1, batch * time * embeddingSize),
    h: randomValues(2, batch * size),
    c: randomValues(3, batch * size),
    keys: randomValues(4, batch * sources * size),
    weightIh: randomValues(5, 4 * size * (embeddingSize + size), 0.5),
    weightHh: randomValues(6, 4 * size * size, 0.5),
    biasIh: randomValues(7, 4 * size),
    biasHh: randomValues(8, 4 * size),
  };
}
type Values = { [name in keyof ReturnType<typeof valuesOf>]: ArrayLike<number> };
type Tensors = { [name in keyof Values]: tf.Tensor };

function tensorsOf(values: ReturnType<typeof valuesOf>, decoder: ReferenceDecoder): Tensors {
  const { batch, time, sources, embeddingSize, size } = decoder;
  const shapes: Record<string, number[]> = {
    x: [batch, time, embeddingSize],
    h: [batch, size],
    c: [batch, size],
    keys: [batch, sources, size],
    weightIh: [4 * size, embeddingSize + size],
    weightHh: [4 * size, size],
    biasIh: [4 * size],
    biasHh: [4 * size],
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, v]) => [name, tf.tensor(v, shapes[name])]),
  ) as Tensors;
}

function run({ x, h, c, keys, ...weights }: Tensors, { lengths, scale }: ReferenceDecoder) {
  return attentionLstmSequence(x, { h, c }, keys, weights, {
    ...(lengths && { lengths: Int32Array.from(lengths) }),
    ...(scale && { score: "scaled" }), // the case has H = 4, so 1 / √H = 0.5
  });
}

function reference({ x, h, c, keys, ...weights }: Values, decoder: ReferenceDecoder) {
  return referenceAttentionLstm(decoder, { x, h, c, keys }, weights);
}

describe.each(["cpu", "wasm"] as const)("attentionLstmSequence on %s", (backend) => {
  test.each(cases)(
    "equals the reference: $batch x $time over $sources, H $size",
    async (decoder) => {
      await loadKernels({ backend });
      const values = valuesOf(decoder);
      const expected = reference(values, decoder);
      tf.tidy(() => {
        const result = run(tensorsOf(values, decoder), decoder);
        expectClose(result.outputs.dataSync(), expected.outputs, 2e-6, "outputs");
        expectClose(result.contexts.dataSync(), expected.contexts, 2e-6, "contexts");
        const weights = result.attentionWeights.dataSync();
        expectClose(weights, expected.attentionWeights, 2e-6, "attentionWeights");
        expect([...weights].filter((w) => w === 0)).toHaveLength(
          [...expected.attentionWeights].filter((w) => w === 0).length,
        );
        expectClose(result.state.h.dataSync(), expected.h, 2e-6, "h");
        expectClose(result.state.c.dataSync(), expected.c, 2e-6, "c");
      });
    },
  );

  test("gradients through every result equal central differences, nothing is left", async () => {
    await loadKernels({ backend });
    for (const decoder of [cases[1], cases[2], cases[4]] as ReferenceDecoder[]) {
      const values = valuesOf(decoder);
      const { batch, time, sources, size } = decoder;
      const lossWeights = {
        outputs: randomValues(11, batch * time * size),
        contexts: randomValues(12, batch * time * size),
        attentionWeights: randomValues(13, batch * time * sources),
        h: randomValues(14, batch * size),
        c: randomValues(15, batch * size),
      };
      const loss = (changed: Values) => {
        const result = reference(changed, decoder);
        let total = 0;
        for (const name of Object.keys(lossWeights) as (keyof typeof lossWeights)[]) {
          lossWeights[name].forEach((w, i) => {
            total += w * (result[name][i] as number);
          });
        }
        return total;
      };
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const names = Object.keys(values) as (keyof typeof values)[];
        const tensors = tensorsOf(values, decoder);
        const gradients = tf.grads((...some) => {
          const byName = Object.fromEntries(names.map((name, i) => [name, some[i]]));
          const { state, ...rest } = run(byName as Tensors, decoder);
          const results: Record<string, tf.Tensor> = { ...rest, ...state };
          return tf.addN(
            Object.entries(lossWeights).map(([name, w]) => {
              const result = results[name] as tf.Tensor;
              return tf.sum(tf.mul(result, tf.tensor(w, result.shape)));
            }),
          );
        })(names.map((name) => tensors[name]));
        names.forEach((name, i) => {
          const expected = centralDifferences((v) => loss({ ...values, [name]: v }), values[name]);
          expectClose((gradients[i] as tf.Tensor).dataSync(), expected, 1e-5, `d${name}`);
        });
      });
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  test("keys of another size than h are refused", async () => {
    await loadKernels({ backend });
    const decoder = cases[1] as ReferenceDecoder;
    try {
      run({ ...tensorsOf(valuesOf(decoder), decoder), keys: tf.zeros([2, 4, 6]) }, decoder);
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.message).toBe(
        "attentionLstmSequence: keys has shape [2, 4, 6], expected [2, sources, 5].",
      );
    }
  });
});

test("attentionLstmSequence runs its kernels on wasm", async () => {
  await loadKernels({ backend: "wasm" });
  expect(tf.getKernel("SeqAttentionLstm", "wasm")).toBeDefined();
});
