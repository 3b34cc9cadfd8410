/**
 * Losses that compare the target with a few noise ids instead of the whole vocabulary, in training only; the layer
 * itself is a full softmax, which evaluation uses. K noise ids are drawn once per batch and shared by its rows, so a
 * step costs O(N K inputSize) for N rows instead of O(N V inputSize). With logits s and noise probabilities Q:
 *
 *   sampled softmax (Jean et al. 2015):  -log softmax over {target, noise} of s(w) - log(K Q(w))
 *   NCE (Mnih & Teh 2012, eq. 8-9):      -log σ(s(w) - log(K Q(w))) - Σ_noise log(1 - σ(s(v) - log(K Q(v))))
 *   BlackOut (Ji et al. 2016, eq. 5-7):  p = softmax over {target, noise} of s(w) - log Q(w);
 *                                        -log p(target) - Σ_noise log(1 - p(v))
 *
 * A noise id that is the row's target is left out of that row.
 */
import { checkInteger, OptionError } from "@seq/core";
import { embedding, linear } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { FullSoftmax, type FullSoftmaxOptions } from "./full-softmax.ts";
import { NoiseDistribution } from "./noise.ts";
import type { OutputContext, OutputLayer } from "./output-layer.types.ts";

export type SampledLoss = "sampled-softmax" | "nce" | "blackout";

export interface SampledOutputOptions extends FullSoftmaxOptions {
  readonly method: SampledLoss;
  /** K, the noise ids of a batch. */
  readonly samples: number;
  /** Occurrences of each id in training: the noise follows them. */
  readonly counts: ArrayLike<number>;
  /** α of Q ∝ count^α. Default 0.75. */
  readonly power?: number;
}

const excluded = -1e9; // as good as -Infinity, without NaN in the gradient

export class SampledOutput implements OutputLayer {
  readonly kind: SampledLoss;
  readonly inputSize: number;
  readonly vocabSize: number;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly samples: number;
  readonly noise: NoiseDistribution;
  readonly #full: FullSoftmax;

  /** @throws {OptionError} `OPTION_RANGE` */
  constructor({ method, samples, counts, power = 0.75, ...full }: SampledOutputOptions) {
    checkInteger("SampledOutput", "samples", samples, { min: 1 });
    if (counts.length !== full.vocabSize) {
      throw new OptionError(
        `SampledOutput: counts has ${counts.length} numbers, expected ${full.vocabSize} (vocabSize).`,
        { code: "OPTION_RANGE", details: { option: "counts" } },
      );
    }
    this.kind = method;
    this.samples = samples;
    this.noise = new NoiseDistribution(counts, power);
    this.#full = new FullSoftmax(full);
    this.inputSize = full.inputSize;
    this.vocabSize = full.vocabSize;
    this.parameters = this.#full.parameters;
    // NCE takes the logits for normalised log-probabilities: begin near the uniform distribution.
    if (method === "nce") {
      tf.tidy(() => this.#full.bias.assign(tf.fill([full.vocabSize], -Math.log(full.vocabSize))));
    }
  }

  loss(x: tf.Tensor, targets: Int32Array, { training, rng }: OutputContext): tf.Tensor {
    if (!training) return this.#full.loss(x, targets);
    if (rng === undefined) {
      throw new OptionError("SampledOutput.loss: training draws noise and needs rng.", {
        code: "MISSING_OPTION",
        details: { option: "rng" },
      });
    }
    return this.sampledLoss(x, targets, this.noise.draw(this.samples, rng));
  }

  /** The training loss against given noise ids. */
  sampledLoss(x: tf.Tensor, targets: Int32Array, noise: Int32Array): tf.Tensor {
    const { target, others, hits } = this.#logits(x, targets, noise);
    const logNoise = (ids: Int32Array): tf.Tensor =>
      tf.tensor1d(Float32Array.from(ids, (id) => Math.log(this.noise.probs[id]!)));
    const shift = this.kind === "blackout" ? 0 : Math.log(noise.length);
    const s = tf.sub(target, tf.add(logNoise(targets), shift)); // [N]
    const v = tf.add(tf.sub(others, tf.add(logNoise(noise), shift)), tf.mul(hits, excluded)); // [N, K]
    if (this.kind === "nce") {
      const good = tf.softplus(tf.neg(s)); // -log σ(s)
      const bad = tf.sum(tf.softplus(v), 1); // -log (1 - σ(v)); 0 for what is excluded
      return tf.mean(tf.add(good, bad));
    }
    const logProbs = tf.logSoftmax(tf.concat([tf.expandDims(s, 1), v], 1)) as tf.Tensor2D; // [N, 1 + K]
    const [rows, width] = logProbs.shape;
    const chosen = tf.neg(tf.squeeze(tf.slice2d(logProbs, [0, 0], [rows, 1]), [1]));
    if (this.kind === "sampled-softmax") return tf.mean(chosen);
    const p = tf.exp(tf.slice2d(logProbs, [0, 1], [rows, width - 1]));
    // p reaches 1 in float32 when a noise id wins by far; the bound keeps the logarithm and its gradient finite.
    const others2 = tf.neg(tf.sum(tf.log(tf.sub(1, tf.minimum(p, 1 - 1e-6))), 1));
    return tf.mean(tf.add(chosen, others2));
  }

  /** Logits of each row's target `[N]` and of the noise `[N, K]`, and where a noise id is the target (1, else 0). */
  #logits(x: tf.Tensor, targets: Int32Array, noise: Int32Array) {
    const { weight, bias } = this.#full;
    const ids = new Int32Array(targets.length + noise.length);
    ids.set(targets);
    ids.set(noise, targets.length);
    const index = tf.tensor1d(ids, "int32");
    const rows = embedding(weight, index) as tf.Tensor2D; // [N + K, H]
    const biases = tf.reshape(embedding(tf.reshape(bias, [-1, 1]), index), [-1]);
    const own = tf.slice2d(rows, [0, 0], [targets.length, this.inputSize]);
    const target = tf.add(
      tf.sum(tf.mul(x, own), 1),
      tf.slice1d(biases as tf.Tensor1D, 0, targets.length),
    );
    const others = linear(
      x,
      tf.slice2d(rows, [targets.length, 0], [noise.length, this.inputSize]),
      tf.slice1d(biases as tf.Tensor1D, targets.length, noise.length),
    );
    const hits = new Float32Array(targets.length * noise.length);
    for (let n = 0; n < targets.length; n++) {
      for (let k = 0; k < noise.length; k++) {
        if (targets[n] === noise[k]) hits[n * noise.length + k] = 1;
      }
    }
    return { target, others, hits: tf.tensor2d(hits, [targets.length, noise.length]) };
  }

  logProbs(x: tf.Tensor): tf.Tensor {
    return this.#full.logProbs(x);
  }

  targetLogProbs(x: tf.Tensor, targets: Int32Array): tf.Tensor {
    return this.#full.targetLogProbs(x, targets);
  }

  dispose(): void {
    this.#full.dispose();
  }
}
