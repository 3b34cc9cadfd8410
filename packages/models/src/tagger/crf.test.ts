import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { LinearChainCrf } from "./crf.ts";
import { allSequences, type ChainScores, logPartition, sequenceScore } from "./crf-reference.ts";
import { chainLikelihood, viterbi } from "./forward-backward.ts";

function randomChain(seed: number, tagCount: number, time: number): ChainScores {
  const rng = new Rng(seed);
  const draw = (length: number) => Float64Array.from({ length }, () => 2 * rng.normal());
  return {
    tagCount,
    emissions: draw(time * tagCount),
    transitions: draw(tagCount * tagCount),
    start: draw(tagCount),
    end: draw(tagCount),
  };
}

const chains = fc.record({
  seed: fc.integer(),
  tagCount: fc.integer({ min: 1, max: 4 }),
  time: fc.integer({ min: 1, max: 5 }),
});

describe("the linear chain", () => {
  test("gives a gold sequence its share of all sequences", () => {
    fc.assert(
      fc.property(chains, ({ seed, tagCount, time }) => {
        const chain = randomChain(seed, tagCount, time);
        const gold = new Rng(seed + 1);
        const tags = Array.from({ length: time }, () => gold.integer(tagCount));
        const expected = logPartition(chain, time) - sequenceScore(chain, tags);
        expect(chainLikelihood(chain, tags, time).loss).toBeCloseTo(expected, 9);
      }),
    );
  });

  test("Viterbi finds the best of all sequences", () => {
    fc.assert(
      fc.property(chains, ({ seed, tagCount, time }) => {
        const chain = randomChain(seed, tagCount, time);
        const best = Math.max(...allSequences(tagCount, time).map((y) => sequenceScore(chain, y)));
        const { tags, score } = viterbi(chain, time);
        expect(score).toBeCloseTo(best, 9);
        expect(sequenceScore(chain, [...tags])).toBeCloseTo(best, 9);
      }),
    );
  });

  test("its gradient is the slope of the loss in every score", () => {
    const time = 4;
    const chain = randomChain(3, 3, time);
    const tags = [2, 0, 1, 1];
    const gradient = chainLikelihood(chain, tags, time);
    for (const part of ["emissions", "transitions", "start", "end"] as const) {
      for (let i = 0; i < chain[part].length; i++) {
        const moved = (by: number) => {
          const values = Float64Array.from(chain[part]);
          values[i]! += by;
          return chainLikelihood({ ...chain, [part]: values }, tags, time).loss;
        };
        const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        expect(gradient[part][i]).toBeCloseTo(slope, 7);
      }
    }
  });
});

describe("LinearChainCrf", () => {
  beforeAll(() => loadKernels({ backend: "cpu" }));

  test("sums its rows, reads no pads, and its gradients are those of the chain", () => {
    const before = tf.memory().numTensors;
    const crf = new LinearChainCrf(3);
    const rng = new Rng(5);
    for (const parameter of crf.parameters.values()) {
      const values = Float32Array.from({ length: parameter.size }, () => rng.normal());
      tf.tidy(() => parameter.assign(tf.tensor(values, parameter.shape)));
    }
    const [transitions, start, end] = [...crf.parameters.values()].map((p) => p.dataSync());
    const values = Float32Array.from({ length: 2 * 4 * 3 }, () => rng.normal());
    const emissions = tf.tensor(values, [2, 4, 3]);
    const tags = Int32Array.of(0, 1, 2, 1, 2, 2, 9, 9);
    const lengths = Int32Array.of(4, 2);
    const { value, grads } = tf.tidy(() => {
      const loss = (x: tf.Tensor) => crf.negativeLogLikelihood(x, tags, lengths);
      return { value: loss(emissions), grads: tf.grad(loss)(emissions) };
    });
    const chain = { tagCount: 3, transitions: transitions!, start: start!, end: end! };
    const first = chainLikelihood({ ...chain, emissions: values.subarray(0, 12) }, [0, 1, 2, 1], 4);
    const second = chainLikelihood({ ...chain, emissions: values.subarray(12) }, [2, 2], 2);
    expect(value.dataSync()[0]).toBeCloseTo(first.loss + second.loss, 4);
    const expected = [...first.emissions, ...second.emissions, ...new Array(6).fill(0)];
    [...grads.dataSync()].forEach((g, i) => {
      expect(g).toBeCloseTo(expected[i] as number, 5);
    });
    expect([...crf.decode(emissions, lengths)].slice(6)).toEqual([0, 0]);
    tf.dispose([emissions, value, grads]);
    crf.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("refuses emissions of another number of tags", () => {
    const crf = new LinearChainCrf(3);
    const emissions = tf.zeros([1, 2, 4]);
    expect(() => crf.decode(emissions, Int32Array.of(2))).toThrow(
      "LinearChainCrf: emissions have shape [1, 2, 4], expected [batch, time, 3] (tagCount).",
    );
    emissions.dispose();
    crf.dispose();
  });
});
