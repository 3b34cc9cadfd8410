/** A linear-chain conditional random field over tag scores: tags are chosen together, not one by one. */
import { newVariable } from "@seq/cells";
import { ShapeError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";

import type { ChainScores } from "./crf-reference.ts";
import { chainLikelihood, viterbi } from "./forward-backward.ts";

/**
 * p(y | x) = exp s(y) / Σ_y' exp s(y'),
 * s(y) = start[y_1] + Σ_t emissions[t][y_t] + Σ_t transitions[y_{t-1}][y_t] + end[y_n]
 *
 * Transitions start at 0: an untrained layer leaves the emissions as they are.
 *
 * @see Lafferty, McCallum & Pereira 2001; for taggers: Lample et al. 2016, section 2.2.
 */
export class LinearChainCrf {
  /** `transitions` `[from, to]`, `start` and `end` `[tagCount]`; owned by the layer. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly tagCount: number;

  constructor(tagCount: number) {
    this.tagCount = tagCount;
    this.parameters = new Map([
      ["transitions", newVariable(new Float32Array(tagCount * tagCount), [tagCount, tagCount])],
      ["start", newVariable(new Float32Array(tagCount), [tagCount])],
      ["end", newVariable(new Float32Array(tagCount), [tagCount])],
    ]);
  }

  /**
   * Sum over the rows of -ln p(tags | emissions), in nats; differentiable in emissions and parameters.
   *
   * @param emissions - `[batch, time, tagCount]`; pads are not read and get no gradient.
   * @param tags - `[batch * time]`
   * @param lengths - each at least 1.
   */
  negativeLogLikelihood(emissions: tf.Tensor, tags: Int32Array, lengths: Int32Array): tf.Scalar {
    this.#check(emissions);
    const inputs = [emissions, ...this.parameters.values()];
    const likelihood = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
      const [scores, ...weights] = args.slice(0, 4) as [tf.Tensor, ...tf.Tensor[]];
      const { loss, gradients } = this.#likelihood(scores, weights, tags, lengths);
      return {
        value: tf.scalar(loss),
        gradFunc: (dy: tf.Tensor) =>
          gradients.map(([values, shape]) => tf.mul(tf.tensor(values, shape), dy)),
      };
    });
    return likelihood(...inputs) as tf.Scalar;
  }

  /** The most probable tags of each row, `[batch * time]`; 0 beyond lengths. */
  decode(emissions: tf.Tensor, lengths: Int32Array): Int32Array {
    this.#check(emissions);
    const [batch, time] = emissions.shape as [number, number, number];
    const chain = this.#chain([...this.parameters.values()]);
    const scores = emissions.dataSync();
    const tags = new Int32Array(batch * time);
    for (let row = 0; row < batch; row++) {
      const from = row * time;
      const own = scores.subarray(from * this.tagCount, (from + time) * this.tagCount);
      tags.set(viterbi({ ...chain, emissions: own }, lengths[row] as number).tags, from);
    }
    return tags;
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }

  #likelihood(
    emissions: tf.Tensor,
    weights: readonly tf.Tensor[],
    tags: Int32Array,
    lengths: Int32Array,
  ) {
    const { tagCount: count } = this;
    const [batch, time] = emissions.shape as [number, number, number];
    const chain = this.#chain(weights);
    const scores = emissions.dataSync();
    const sums = {
      emissions: new Float32Array(scores.length),
      transitions: new Float64Array(count * count),
      start: new Float64Array(count),
      end: new Float64Array(count),
    };
    let loss = 0;
    for (let row = 0; row < batch; row++) {
      const from = row * time;
      const own = scores.subarray(from * count, (from + time) * count);
      const length = lengths[row] as number;
      const gold = tags.subarray(from, from + length);
      const one = chainLikelihood({ ...chain, emissions: own }, gold, length);
      loss += one.loss;
      sums.emissions.set(one.emissions, from * count);
      addTo(sums.transitions, one.transitions);
      addTo(sums.start, one.start);
      addTo(sums.end, one.end);
    }
    const gradients: [Float32Array, number[]][] = [
      [sums.emissions, emissions.shape],
      [Float32Array.from(sums.transitions), [count, count]],
      [Float32Array.from(sums.start), [count]],
      [Float32Array.from(sums.end), [count]],
    ];
    return { loss, gradients };
  }

  #chain(weights: readonly tf.Tensor[]): Omit<ChainScores, "emissions"> {
    const [transitions, start, end] = weights.map((weight) => weight.dataSync());
    return {
      tagCount: this.tagCount,
      transitions: transitions as Float32Array,
      start: start as Float32Array,
      end: end as Float32Array,
    };
  }

  #check(emissions: tf.Tensor): void {
    if (emissions.rank === 3 && emissions.shape[2] === this.tagCount) return;
    throw new ShapeError(
      `LinearChainCrf: emissions have shape [${emissions.shape.join(", ")}], expected [batch, time, ${this.tagCount}] (tagCount).`,
      { code: "SHAPE_MISMATCH", details: { shape: emissions.shape } },
    );
  }
}

function addTo(sum: Float64Array, values: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!;
}
