/**
 * Linear probes: what a state says plainly. A logistic regression on recorded states; where it can tell the
 * labels of sentences it has not seen, they can be read off the state by one linear map.
 *
 * Features are standardised by the training part; full-batch gradient descent with momentum in float64, so
 * the result depends on the data and the seed only. Cost: iterations * examples * size * classes.
 *
 * A probe that is strong by itself shows little: compare with the share of the commonest label, and with the
 * same probe on shuffled labels (`control`).
 *
 * @see Alain & Bengio 2016; Hewitt & Liang 2019 (control tasks).
 */
import { checkInteger, checkNumber, checkOptions, type Rng, ShapeError } from "@seq/core";

export interface ProbeOptions {
  /** Splits the examples and shuffles the control's labels. */
  readonly rng: Rng;
  /** Share of examples to train on; the rest is tested on. Default 0.7. */
  readonly trainShare?: number;
  /** Weight of ½‖W‖² in the loss (mean cross-entropy). Default 1e-3. */
  readonly l2?: number;
  /** Default 300. */
  readonly iterations?: number;
  /**
   * Examples with the same number stay on one side of the split: the sentence of each word. Default: each
   * example by itself.
   */
  readonly groups?: ArrayLike<number>;
}

export interface ProbeResult {
  /** On the test part, 0 to 1. */
  readonly accuracy: number;
  readonly trainAccuracy: number;
  /** Share of the training part's commonest label in the test part: what guessing gets. */
  readonly majority: number;
  /** Test accuracy of the same probe trained and tested on shuffled labels. */
  readonly control: number;
  readonly testExamples: number;
  /** Row-major `[classes, size + 1]`, the bias last; for standardised features. */
  readonly weights: Float64Array;
}

/**
 * @param features - row-major `[examples, size]`, such as cell states.
 * @param labels - one class 0..classes-1 per example.
 * @throws {ShapeError} `SHAPE_MISMATCH` when sizes contradict each other, `NO_DATA` when a part of the split is empty.
 */
export function linearProbe(
  features: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: ProbeOptions,
): ProbeResult {
  const where = "linearProbe";
  checkOptions(where, options, ["rng", "trainShare", "l2", "iterations", "groups"]);
  const share = checkNumber(where, "trainShare", options.trainShare ?? 0.7, { min: 0, max: 1 });
  const l2 = checkNumber(where, "l2", options.l2 ?? 1e-3, { min: 0 });
  const iterations = checkInteger(where, "iterations", options.iterations ?? 300, { min: 1 });
  const size = features.length / labels.length;
  if (labels.length === 0 || !Number.isInteger(size) || size === 0) {
    throw new ShapeError(
      `linearProbe: ${features.length} features do not make one row for each of ${labels.length} labels.`,
      { code: "SHAPE_MISMATCH" },
    );
  }
  const classes = countClasses(labels);
  const { train, test } = split(labels.length, share, options);
  const data = standardise(features, size, train);
  const fit = (own: ArrayLike<number>) => {
    const weights = fitSoftmax(data, own, train, { size, classes, l2, iterations });
    return {
      weights,
      accuracyOn: (rows: Int32Array) => accuracyOf(data, own, rows, weights, size, classes),
    };
  };
  const probe = fit(labels);
  const shuffled = fit(options.rng.shuffle(Int32Array.from(labels) as never) as ArrayLike<number>);
  return {
    accuracy: probe.accuracyOn(test),
    trainAccuracy: probe.accuracyOn(train),
    majority: majorityShare(labels, train, test, classes),
    control: shuffled.accuracyOn(test),
    testExamples: test.length,
    weights: probe.weights,
  };
}

function countClasses(labels: ArrayLike<number>): number {
  let classes = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0) {
      throw new ShapeError(`linearProbe: label ${i + 1} is ${label}, expected a class from 0.`, {
        code: "SHAPE_MISMATCH",
        details: { example: i + 1 },
      });
    }
    classes = Math.max(classes, label + 1);
  }
  return classes;
}

function split(examples: number, share: number, { rng, groups }: ProbeOptions) {
  const groupOf = (i: number) => (groups === undefined ? i : groups[i]!);
  const all = [...new Set(Array.from({ length: examples }, (_, i) => groupOf(i)))];
  const chosen = new Set(rng.shuffle(all).slice(0, Math.round(share * all.length)));
  const rows = Array.from({ length: examples }, (_, i) => i);
  const train = Int32Array.from(rows.filter((i) => chosen.has(groupOf(i))));
  const test = Int32Array.from(rows.filter((i) => !chosen.has(groupOf(i))));
  if (train.length === 0 || test.length === 0) {
    throw new ShapeError(
      `linearProbe: the split leaves ${train.length} examples to train on and ${test.length} to test on; give more, or another trainShare.`,
      { code: "NO_DATA" },
    );
  }
  return { train, test };
}

function standardise(features: ArrayLike<number>, size: number, train: Int32Array): Float64Array {
  const out = Float64Array.from(features);
  for (let k = 0; k < size; k++) {
    let [sum, squares] = [0, 0];
    for (const row of train) sum += out[row * size + k]!;
    const mean = sum / train.length;
    for (const row of train) squares += (out[row * size + k]! - mean) ** 2;
    const deviation = Math.sqrt(squares / train.length) || 1; // a constant feature says nothing
    for (let i = k; i < out.length; i += size) out[i] = (out[i]! - mean) / deviation;
  }
  return out;
}

interface Fit {
  readonly size: number;
  readonly classes: number;
  readonly l2: number;
  readonly iterations: number;
}

/** Heavy-ball descent; for standardised features the step 1 / (½ · mean squared length) is safe. */
function fitSoftmax(
  data: Float64Array,
  labels: ArrayLike<number>,
  rows: Int32Array,
  { size, classes, l2, iterations }: Fit,
): Float64Array {
  const width = size + 1;
  const weights = new Float64Array(classes * width);
  const velocity = new Float64Array(classes * width);
  const gradient = new Float64Array(classes * width);
  const probs = new Float64Array(classes);
  const rate = 1 / (0.5 * width + l2);
  for (let round = 0; round < iterations; round++) {
    gradient.fill(0);
    for (const row of rows) {
      softmaxRow(data, row, weights, size, probs);
      for (let c = 0; c < classes; c++) {
        const error = (probs[c]! - (labels[row] === c ? 1 : 0)) / rows.length;
        const at = c * width;
        for (let k = 0; k < size; k++) gradient[at + k]! += error * data[row * size + k]!;
        gradient[at + size]! += error;
      }
    }
    for (let i = 0; i < weights.length; i++) {
      const decay = i % width === size ? 0 : l2 * weights[i]!;
      velocity[i] = 0.9 * velocity[i]! - rate * (gradient[i]! + decay);
      weights[i]! += velocity[i]!;
    }
  }
  return weights;
}

function softmaxRow(
  data: Float64Array,
  row: number,
  weights: Float64Array,
  size: number,
  probs: Float64Array,
): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < probs.length; c++) {
    const at = c * (size + 1);
    let sum = weights[at + size]!;
    for (let k = 0; k < size; k++) sum += weights[at + k]! * data[row * size + k]!;
    probs[c] = sum;
    largest = Math.max(largest, sum);
  }
  let total = 0;
  for (let c = 0; c < probs.length; c++) total += probs[c] = Math.exp(probs[c]! - largest);
  for (let c = 0; c < probs.length; c++) probs[c]! /= total;
}

function accuracyOf(
  data: Float64Array,
  labels: ArrayLike<number>,
  rows: Int32Array,
  weights: Float64Array,
  size: number,
  classes: number,
): number {
  const probs = new Float64Array(classes);
  let right = 0;
  for (const row of rows) {
    softmaxRow(data, row, weights, size, probs);
    if (probs.indexOf(Math.max(...probs)) === labels[row]) right++;
  }
  return right / rows.length;
}

function majorityShare(
  labels: ArrayLike<number>,
  train: Int32Array,
  test: Int32Array,
  classes: number,
): number {
  const counts = new Float64Array(classes);
  for (const row of train) counts[labels[row]!]!++;
  const commonest = counts.indexOf(Math.max(...counts));
  return test.reduce((sum, row) => sum + (labels[row] === commonest ? 1 : 0), 0) / test.length;
}
