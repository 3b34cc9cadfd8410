/**
 * Adaptive softmax (Grave et al. 2017), equal to torch.nn.AdaptiveLogSoftmaxWithLoss.
 *
 * Ids must be sorted by frequency. The head holds the most frequent ones and one entry per cluster of rarer ones; a
 * cluster projects x down before its own softmax: log P(w) = log P(cluster) + log P(w | cluster). A step costs the head
 * plus, for the rows whose target is rare, one small cluster.
 */
import { checkNumber, OptionError, type Rng } from "@seq/core";
import { linear, linearCrossEntropy } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import type { OutputLayer } from "./output-layer.types.ts";
import { groupRows, scatterRows } from "./rows.ts";
import { uniformVariable, zeroVariable } from "./variables.ts";

export interface AdaptiveSoftmaxOptions {
  readonly inputSize: number;
  readonly vocabSize: number;
  /** First id of each cluster, ascending: `[2000, 10000]` gives a head of 2000 ids and two clusters. */
  readonly cutoffs: readonly number[];
  /** Cluster i works in floor(inputSize / divValue^(i+1)) dimensions. Default 4. */
  readonly divValue?: number;
  /** Default false, as torch's. */
  readonly headBias?: boolean;
  readonly rng: Rng;
}

interface Cluster {
  /** First id and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** `[size, inputSize]` and `[to - from, size]`. */
  readonly projection: tf.Variable;
  readonly weight: tf.Variable;
}

export class AdaptiveSoftmax implements OutputLayer {
  readonly kind = "adaptive";
  readonly inputSize: number;
  readonly vocabSize: number;
  readonly cutoffs: readonly number[];
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #headSize: number; // ids in the head
  readonly #headWeight: tf.Variable;
  readonly #headBias: tf.Variable | null;
  readonly #clusters: readonly Cluster[];

  /** @throws {OptionError} `OPTION_RANGE` */
  constructor(options: AdaptiveSoftmaxOptions) {
    const { inputSize, vocabSize, cutoffs, divValue = 4, headBias = false, rng } = options;
    checkCutoffs(cutoffs, vocabSize);
    checkNumber("AdaptiveSoftmax", "divValue", divValue, { min: 1 });
    this.inputSize = inputSize;
    this.vocabSize = vocabSize;
    this.cutoffs = cutoffs;
    this.#headSize = cutoffs[0] ?? vocabSize;
    const rows = this.#headSize + cutoffs.length;
    const bound = 1 / Math.sqrt(inputSize);
    this.#headWeight = uniformVariable([rows, inputSize], bound, rng);
    this.#headBias = headBias ? zeroVariable([rows]) : null;
    this.#clusters = cutoffs.map((from, i) => {
      const to = cutoffs[i + 1] ?? vocabSize;
      const size = Math.floor(inputSize / divValue ** (i + 1));
      if (size === 0) throw emptyCluster(i, inputSize, divValue);
      const projection = uniformVariable([size, inputSize], bound, rng);
      const weight = uniformVariable([to - from, size], 1 / Math.sqrt(size), rng);
      return { from, to, projection, weight };
    });
    this.parameters = new Map(this.#named());
  }

  /** torch's names. */
  *#named(): Generator<[string, tf.Variable]> {
    yield ["head.weight", this.#headWeight];
    if (this.#headBias !== null) yield ["head.bias", this.#headBias];
    for (const [i, { projection, weight }] of this.#clusters.entries()) {
      yield [`tail.${i}.0.weight`, projection];
      yield [`tail.${i}.1.weight`, weight];
    }
  }

  loss(x: tf.Tensor, targets: Int32Array): tf.Tensor {
    return tf.div(this.#losses(x, targets, "sum"), targets.length);
  }

  targetLogProbs(x: tf.Tensor, targets: Int32Array): tf.Tensor {
    return tf.neg(this.#losses(x, targets, "none"));
  }

  logProbs(x: tf.Tensor): tf.Tensor {
    const head = tf.logSoftmax(linear(x, this.#headWeight, this.#headBias)) as tf.Tensor2D;
    const rows = head.shape[0];
    const parts: tf.Tensor2D[] = [tf.slice2d(head, [0, 0], [rows, this.#headSize])];
    for (const [i, { projection, weight }] of this.#clusters.entries()) {
      const own = tf.logSoftmax(linear(linear(x, projection), weight)) as tf.Tensor2D;
      parts.push(tf.add(own, tf.slice2d(head, [0, this.#headSize + i], [rows, 1])));
    }
    return tf.concat(parts, 1);
  }

  /** -log P of the targets: their sum, or one per row. */
  #losses(x: tf.Tensor, targets: Int32Array, reduction: "sum" | "none"): tf.Tensor {
    const clusterOf = targets.map((id) =>
      this.#clusters.findIndex(({ from, to }) => id >= from && id < to),
    );
    const headTargets = targets.map((id, i) =>
      clusterOf[i]! < 0 ? id : this.#headSize + clusterOf[i]!,
    );
    const ids = tf.tensor1d(headTargets, "int32");
    let total = linearCrossEntropy(x, this.#headWeight, this.#headBias, ids, { reduction });
    for (const [i, { from, projection, weight }] of this.#clusters.entries()) {
      const { rows, x: own } = groupRows(x, clusterOf, i);
      if (own === undefined) continue;
      const local = tf.tensor1d(
        rows.map((row) => targets[row]! - from),
        "int32",
      );
      const losses = linearCrossEntropy(linear(own, projection), weight, null, local, {
        reduction,
      });
      total = tf.add(
        total,
        reduction === "sum" ? losses : scatterRows(losses, rows, targets.length),
      );
    }
    return total;
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}

function checkCutoffs(cutoffs: readonly number[], vocabSize: number): void {
  const valid = cutoffs.every(
    (cutoff, i) => Number.isInteger(cutoff) && cutoff > (cutoffs[i - 1] ?? 0) && cutoff < vocabSize,
  );
  if (!valid) {
    throw new OptionError(
      `AdaptiveSoftmax: cutoffs are [${cutoffs.join(", ")}], expected whole numbers that rise from 1 to ${vocabSize - 1} (vocabSize - 1).`,
      { code: "OPTION_RANGE", details: { option: "cutoffs", value: cutoffs, vocabSize } },
    );
  }
}

function emptyCluster(i: number, inputSize: number, divValue: number): OptionError {
  return new OptionError(
    `AdaptiveSoftmax: cluster ${i} would work in floor(${inputSize} / ${divValue}^${i + 1}) = 0 dimensions; expected at least 1. Lower divValue or use fewer cutoffs.`,
    { code: "OPTION_RANGE", details: { option: "divValue", value: divValue } },
  );
}
