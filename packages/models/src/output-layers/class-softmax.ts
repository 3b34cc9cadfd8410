/**
 * Class-based softmax (Goodman 2001; Mikolov et al. 2011): log P(w | x) = log P(class(w) | x) + log P(w | class(w), x).
 * Ids must be sorted by frequency; classes are ranges of ids of about equal probability mass (of its square root, so
 * that frequent ids do not each get a class of their own). A training row costs O((classes + size of one class) inputSize).
 */
import { checkInteger, OptionError, type Rng } from "@seq/core";
import { linear, linearCrossEntropy } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import type { OutputLayer } from "./output-layer.types.ts";
import { groupRows, scatterRows } from "./rows.ts";
import { uniformVariable, zeroVariable } from "./variables.ts";

export interface ClassSoftmaxOptions {
  readonly inputSize: number;
  readonly vocabSize: number;
  /** First id of each class but the first, ascending; `classBoundaries` makes them from counts. */
  readonly boundaries: readonly number[];
  readonly rng: Rng;
}

/** The ids of one class: the first, and `[size, inputSize]`, `[size]`. */
interface Members {
  readonly from: number;
  readonly weight: tf.Variable;
  readonly bias: tf.Variable;
}

export class ClassSoftmax implements OutputLayer {
  readonly kind = "class";
  readonly inputSize: number;
  readonly vocabSize: number;
  readonly boundaries: readonly number[];
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #classWeight: tf.Variable;
  readonly #classBias: tf.Variable;
  readonly #members: readonly Members[];

  /** @throws {OptionError} `OPTION_RANGE` */
  constructor({ inputSize, vocabSize, boundaries, rng }: ClassSoftmaxOptions) {
    const valid = boundaries.every(
      (b, i) => Number.isInteger(b) && b > (boundaries[i - 1] ?? 0) && b < vocabSize,
    );
    if (!valid) {
      throw new OptionError(
        `ClassSoftmax: boundaries are [${boundaries.join(", ")}], expected whole numbers that rise from 1 to ${vocabSize - 1} (vocabSize - 1).`,
        { code: "OPTION_RANGE", details: { option: "boundaries", value: boundaries } },
      );
    }
    this.inputSize = inputSize;
    this.vocabSize = vocabSize;
    this.boundaries = boundaries;
    const bound = 1 / Math.sqrt(inputSize);
    this.#classWeight = uniformVariable([boundaries.length + 1, inputSize], bound, rng);
    this.#classBias = zeroVariable([boundaries.length + 1]);
    // Variables of their own: a step then changes only the classes that its targets are in.
    this.#members = [0, ...boundaries].map((from, c) => {
      const size = (boundaries[c] ?? vocabSize) - from;
      const weight = uniformVariable([size, inputSize], bound, rng);
      return { from, weight, bias: zeroVariable([size]) };
    });
    this.parameters = new Map([
      ["class.weight", this.#classWeight],
      ["class.bias", this.#classBias],
      ...this.#members.flatMap(({ weight, bias }, c): [string, tf.Variable][] => [
        [`member.${c}.weight`, weight],
        [`member.${c}.bias`, bias],
      ]),
    ]);
  }

  loss(x: tf.Tensor, targets: Int32Array): tf.Tensor {
    return tf.div(this.#losses(x, targets, "sum"), targets.length);
  }

  targetLogProbs(x: tf.Tensor, targets: Int32Array): tf.Tensor {
    return tf.neg(this.#losses(x, targets, "none"));
  }

  logProbs(x: tf.Tensor): tf.Tensor {
    const classes = tf.logSoftmax(linear(x, this.#classWeight, this.#classBias)) as tf.Tensor2D;
    const parts = this.#members.map(({ weight, bias }, c) => {
      const own = tf.logSoftmax(linear(x, weight, bias)) as tf.Tensor2D;
      return tf.add(own, tf.slice2d(classes, [0, c], [classes.shape[0], 1])) as tf.Tensor2D;
    });
    return tf.concat(parts, 1);
  }

  #losses(x: tf.Tensor, targets: Int32Array, reduction: "sum" | "none"): tf.Tensor {
    const classOf = targets.map((id) => this.#classOf(id));
    const ids = tf.tensor1d(classOf, "int32");
    let total = linearCrossEntropy(x, this.#classWeight, this.#classBias, ids, { reduction });
    for (const c of new Set(classOf)) {
      const { rows, x: own } = groupRows(x, classOf, c);
      const { from, weight, bias } = this.#members[c]!;
      const local = tf.tensor1d(
        rows.map((row) => targets[row]! - from),
        "int32",
      );
      const losses = linearCrossEntropy(own as tf.Tensor, weight, bias, local, { reduction });
      total = tf.add(
        total,
        reduction === "sum" ? losses : scatterRows(losses, rows, targets.length),
      );
    }
    return total;
  }

  #classOf(id: number): number {
    let low = 0;
    let high = this.boundaries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.boundaries[middle]! <= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}

/**
 * Cuts ids, sorted by falling count, into classes of about equal Σ √count.
 *
 * @throws {OptionError} `OPTION_RANGE` for more classes than ids.
 * @example classBoundaries([100, 25, 9, 4, 4, 1], 2) // [2]: 15 of 26 / 11
 */
export function classBoundaries(counts: ArrayLike<number>, classes: number): number[] {
  checkInteger("classBoundaries", "classes", classes, { min: 1, max: counts.length });
  const weights = Array.from(counts, (count) => Math.sqrt(count) + 1e-9);
  let left = weights.reduce((a, b) => a + b, 0); // mass of this class and those after it
  const boundaries: number[] = [];
  let sum = 0;
  for (let id = 0; id < weights.length; id++) {
    const open = classes - 1 - boundaries.length; // boundaries still to set
    const isLastChance = weights.length - id === open;
    if (sum > 0 && open > 0 && (sum >= left / (open + 1) || isLastChance)) {
      boundaries.push(id);
      left -= sum;
      sum = 0;
    }
    sum += weights[id]!;
  }
  return boundaries;
}
