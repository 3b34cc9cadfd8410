/**
 * Single-label classification: accuracy, confusion matrix, precision/recall/F1 per class and averaged,
 * Matthews' correlation. Everything follows from the counts of (actual, predicted) pairs, which add up.
 * Conventions (0/0, weighted and macro averages) are scikit-learn's.
 */
import {
  checkOptions,
  type Metric,
  OptionError,
  type Score,
  ShapeError,
  VocabularyError,
} from "@seq/core";
import { RunningScore, segmentStatistics } from "../running-score.ts";
import { formatSignature } from "../signature.ts";
import {
  macroAverage,
  microAverage,
  type PrecisionRecall,
  precisionRecall,
  sortedNames,
  weightedAverage,
  type ZeroDivision,
} from "./averages.ts";

/** Counts by actual label, then by predicted label. */
export type LabelPairs = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface ClassificationOptions {
  /** All labels, in the order of the matrix. Others are then an error. Default: those that occur, sorted. */
  readonly labels?: readonly string[];
  /** What a precision or recall of 0/0 is. Default 0. */
  readonly zeroDivision?: ZeroDivision;
}

export interface ConfusionMatrix {
  readonly labels: readonly string[];
  /** `[actual][predicted]` */
  readonly counts: readonly (readonly number[])[];
}

export interface ClassificationScore extends Score {
  readonly name: "accuracy";
  /** Accuracy, 0 to 1. */
  readonly value: number;
  /** For single labels precision, recall and F1 of this average are all the accuracy. */
  readonly micro: PrecisionRecall;
  readonly macro: PrecisionRecall;
  readonly weighted: PrecisionRecall;
  /** By label. */
  readonly types: ReadonlyMap<string, PrecisionRecall>;
  /** -1 to 1; 0 when either side has only one label. */
  readonly matthews: number;
  readonly confusion: ConfusionMatrix;
}

/** The classification metric: a segment is one predicted and one true label. */
export class Classification implements Metric<string, string, LabelPairs, ClassificationScore> {
  readonly name = "accuracy";
  readonly signature: string;
  readonly #labels: readonly string[] | undefined;
  readonly #zeroDivision: ZeroDivision;

  constructor(options: ClassificationOptions = {}) {
    checkOptions("Classification", options, ["labels", "zeroDivision"]);
    this.#labels = options.labels === undefined ? undefined : [...options.labels];
    if (this.#labels !== undefined && new Set(this.#labels).size !== this.#labels.length) {
      throw new OptionError("Classification: a label stands twice in labels; name each once.", {
        code: "OPTION_RANGE",
      });
    }
    this.#zeroDivision = options.zeroDivision ?? 0;
    this.signature = formatSignature(
      [
        ["labels", this.#labels?.length ?? "seen"],
        ["zero", this.#zeroDivision],
      ],
      "seq",
    );
  }

  /** @throws {VocabularyError} `UNKNOWN_LABEL` for a label that is not among `labels`. */
  statistics(predicted: string, actual: string): LabelPairs {
    this.#check("predicted", predicted);
    this.#check("actual", actual);
    return new Map([[actual, new Map([[predicted, 1]])]]);
  }

  merge(left: LabelPairs, right: LabelPairs): LabelPairs {
    const sum = new Map<string, ReadonlyMap<string, number>>(left);
    for (const [actual, row] of right) {
      const own = new Map(sum.get(actual));
      for (const [predicted, count] of row) own.set(predicted, (own.get(predicted) ?? 0) + count);
      sum.set(actual, own);
    }
    return sum;
  }

  empty(): LabelPairs {
    return new Map();
  }

  score(pairs: LabelPairs): ClassificationScore {
    const confusion = this.#matrix(pairs);
    const { labels, counts } = confusion;
    const classes = labels.map((_, k) => ({
      correct: counts[k]?.[k] ?? 0,
      actual: sumOf(counts[k] ?? []),
      predicted: sumOf(counts.map((row) => row[k] ?? 0)),
    }));
    const total = sumOf(classes.map(({ actual }) => actual));
    const zero = this.#zeroDivision;
    return {
      name: this.name,
      value: sumOf(classes.map(({ correct }) => correct)) / total,
      signature: this.signature,
      micro: microAverage(classes, zero),
      macro: macroAverage(classes, zero),
      weighted: weightedAverage(classes, zero),
      types: new Map(labels.map((label, k) => [label, precisionRecall(classes[k]!, zero)])),
      matthews: matthewsCorrelation(classes, total),
      confusion,
    };
  }

  #matrix(pairs: LabelPairs): ConfusionMatrix {
    const seen = new Set(pairs.keys());
    for (const row of pairs.values()) for (const predicted of row.keys()) seen.add(predicted);
    const labels = this.#labels ?? sortedNames(seen);
    const counts = labels.map((actual) =>
      labels.map((predicted) => pairs.get(actual)?.get(predicted) ?? 0),
    );
    return { labels, counts };
  }

  #check(side: string, label: string): void {
    if (this.#labels !== undefined && !this.#labels.includes(label)) {
      throw new VocabularyError(
        `Classification: the ${side} label is ${JSON.stringify(label)}, expected one of ${this.#labels.join(", ")}.`,
        { code: "UNKNOWN_LABEL", details: { label } },
      );
    }
  }
}

/**
 * All of it for two lists of labels.
 *
 * @throws {ShapeError} `SEGMENT_COUNT` when the lists differ in length or are empty.
 * @example classificationScore(["a", "b"], ["a", "a"]).value // 0.5
 */
export function classificationScore(
  predicted: readonly string[],
  actual: readonly string[],
  options: ClassificationOptions = {},
): ClassificationScore {
  if (predicted.length !== actual.length) {
    throw new ShapeError(
      `classificationScore: ${predicted.length} predicted labels for ${actual.length} true ones; give one for each.`,
      { code: "SEGMENT_COUNT" },
    );
  }
  // Counted here and not pair by pair through `merge`, which makes a new map each time.
  const metric = new Classification(options);
  const pairs = new Map<string, Map<string, number>>();
  for (const [i, guess] of predicted.entries()) {
    const truth = actual[i] as string;
    segmentStatistics(metric, i + 1, guess, truth); // for its checks
    const row = pairs.get(truth) ?? new Map<string, number>();
    pairs.set(truth, row.set(guess, (row.get(guess) ?? 0) + 1));
  }
  const running = new RunningScore(metric);
  running.addStatistics(pairs, predicted.length);
  return running.score();
}

/**
 * Matthews' correlation for any number of classes (Gorodkin 2004, R_K).
 *
 *   (c s - Σ p_k t_k) / √((s² - Σ p_k²)(s² - Σ t_k²)),  c right of s, p_k predicted and t_k actual of class k
 */
function matthewsCorrelation(
  classes: readonly { correct: number; predicted: number; actual: number }[],
  s: number,
): number {
  const c = sumOf(classes.map(({ correct }) => correct));
  const ofPredicted = s * s - sumOf(classes.map(({ predicted }) => predicted ** 2));
  const ofActual = s * s - sumOf(classes.map(({ actual }) => actual ** 2));
  const covariance = c * s - sumOf(classes.map(({ predicted, actual }) => predicted * actual));
  const scale = Math.sqrt(ofPredicted) * Math.sqrt(ofActual);
  return scale === 0 ? 0 : covariance / scale;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
