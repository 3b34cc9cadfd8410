/** Precision, recall and F1 from counts, per class and averaged, with the conventions of scikit-learn. */

/** What was found of one class. */
export interface ClassCounts {
  /** Predicted and right. */
  correct: number;
  predicted: number;
  /** Really there. */
  actual: number;
}

export interface PrecisionRecall {
  /** correct / predicted */
  readonly precision: number;
  /** correct / actual */
  readonly recall: number;
  /** 2 P R / (P + R) */
  readonly f1: number;
  /** Number of actual ones. */
  readonly support: number;
}

/** What stands for 0/0: a precision without predictions, a recall without actual ones. */
export type ZeroDivision = 0 | 1;

export function precisionRecall(
  { correct, predicted, actual }: Readonly<ClassCounts>,
  zeroDivision: ZeroDivision,
): PrecisionRecall {
  const precision = predicted > 0 ? correct / predicted : zeroDivision;
  const recall = actual > 0 ? correct / actual : zeroDivision;
  const sum = precision + recall;
  return { precision, recall, f1: sum > 0 ? (2 * precision * recall) / sum : 0, support: actual };
}

/** Over all classes at once: large classes count more. */
export function microAverage(
  classes: Iterable<Readonly<ClassCounts>>,
  zeroDivision: ZeroDivision,
): PrecisionRecall {
  const sum: ClassCounts = { correct: 0, predicted: 0, actual: 0 };
  for (const { correct, predicted, actual } of classes) {
    sum.correct += correct;
    sum.predicted += predicted;
    sum.actual += actual;
  }
  return precisionRecall(sum, zeroDivision);
}

/** The mean over classes: each counts the same. NaN without a class. */
export function macroAverage(
  classes: readonly Readonly<ClassCounts>[],
  zeroDivision: ZeroDivision,
): PrecisionRecall {
  return weightedMean(classes, zeroDivision, () => 1, classes.length);
}

/** The mean over classes weighted by support. */
export function weightedAverage(
  classes: readonly Readonly<ClassCounts>[],
  zeroDivision: ZeroDivision,
): PrecisionRecall {
  const total = classes.reduce((sum, { actual }) => sum + actual, 0);
  if (total === 0) {
    const anyPredicted = classes.some(({ predicted }) => predicted > 0);
    const precision = anyPredicted ? 0 : zeroDivision;
    return { precision, recall: zeroDivision, f1: precision, support: 0 };
  }
  return weightedMean(classes, zeroDivision, ({ actual }) => actual, total);
}

function weightedMean(
  classes: readonly Readonly<ClassCounts>[],
  zeroDivision: ZeroDivision,
  weightOf: (counts: Readonly<ClassCounts>) => number,
  totalWeight: number,
): PrecisionRecall {
  const sum = { precision: 0, recall: 0, f1: 0, support: 0 };
  for (const counts of classes) {
    const weight = weightOf(counts);
    const own = precisionRecall(counts, zeroDivision);
    sum.precision += weight * own.precision;
    sum.recall += weight * own.recall;
    sum.f1 += weight * own.f1;
    sum.support += own.support;
  }
  return {
    precision: sum.precision / totalWeight,
    recall: sum.recall / totalWeight,
    f1: sum.f1 / totalWeight,
    support: sum.support,
  };
}

/** Class names in the order of their code points, as Python sorts them. */
export function sortedNames(names: Iterable<string>): string[] {
  return Array.from(names).sort(compareCodePoints);
}

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] as string).codePointAt(0)! - (right[i] as string).codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
