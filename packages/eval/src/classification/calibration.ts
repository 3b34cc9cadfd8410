/**
 * Does a model that is 80 % sure come out right 80 % of the time?
 *
 *   ECE = Σ_b (n_b / N) |accuracy_b - confidence_b|,  MCE = max_b |accuracy_b - confidence_b|
 *
 * over M bins of equal width, ((b-1)/M, b/M]; a confidence of 0 falls into the first.
 *
 * @see Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 3 and 5.
 */
import {
  checkInteger,
  checkOptions,
  FormatError,
  type Metric,
  type Score,
  ShapeError,
} from "@seq/core";
import { RunningScore } from "../running-score.ts";
import { formatSignature } from "../signature.ts";
import { addStatistics } from "../statistics.ts";

export interface CalibrationOptions {
  /** M. Default 15. */
  readonly bins?: number;
}

export interface CalibrationBin {
  /** Upper edge. */
  readonly upTo: number;
  readonly count: number;
  /** Mean confidence and share of right answers; NaN in an empty bin. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface CalibrationScore extends Score {
  readonly name: "ECE";
  /** Expected calibration error, 0 to 1. */
  readonly value: number;
  readonly maximum: number;
  readonly bins: readonly CalibrationBin[];
}

/** The calibration metric: a segment is a confidence (0 to 1) and whether the answer was right. */
export class Calibration implements Metric<number, boolean, Float64Array, CalibrationScore> {
  readonly name = "ECE";
  readonly signature: string;
  readonly #bins: number;

  constructor(options: CalibrationOptions = {}) {
    checkOptions("Calibration", options, ["bins"]);
    this.#bins = checkInteger("Calibration", "bins", options.bins ?? 15, { min: 1, max: 100_000 });
    this.signature = formatSignature([["bins", this.#bins]], "seq");
  }

  /**
   * Per bin: count, sum of confidences, right answers.
   *
   * @throws {FormatError} `CONFIDENCE` outside 0..1.
   */
  statistics(confidence: number, right: boolean): Float64Array {
    if (!(confidence >= 0 && confidence <= 1)) {
      throw new FormatError(`Calibration: the confidence is ${confidence}, expected 0 to 1.`, {
        code: "CONFIDENCE",
        details: { confidence },
      });
    }
    const out = this.empty();
    let bin = Math.max(0, Math.ceil(confidence * this.#bins) - 1);
    if (bin > 0 && confidence <= bin / this.#bins) bin--; // 0.7 * 10 rounds to above 7
    out.set([1, confidence, right ? 1 : 0], 3 * bin);
    return out;
  }

  merge(left: Float64Array, right: Float64Array): Float64Array {
    return addStatistics(left, right);
  }

  empty(): Float64Array {
    return new Float64Array(3 * this.#bins);
  }

  score(statistics: Float64Array): CalibrationScore {
    const bins = Array.from({ length: this.#bins }, (_, b) => {
      const [count, confidences, right] = statistics.subarray(3 * b) as unknown as [
        number,
        number,
        number,
      ];
      return {
        upTo: (b + 1) / this.#bins,
        count,
        confidence: confidences / count,
        accuracy: right / count,
      };
    });
    const total = bins.reduce((sum, { count }) => sum + count, 0);
    const full = bins.filter(({ count }) => count > 0);
    const gap = ({ accuracy, confidence }: CalibrationBin) => Math.abs(accuracy - confidence);
    return {
      name: this.name,
      value: full.reduce((sum, bin) => sum + (bin.count / total) * gap(bin), 0),
      signature: this.signature,
      maximum: Math.max(0, ...full.map(gap)),
      bins,
    };
  }
}

/**
 * Calibration of a list of answers.
 *
 * @throws {ShapeError} `SEGMENT_COUNT` when the lists differ in length or are empty.
 * @example calibrationError([0.8, 0.8], [true, false]).value // 0.3
 */
export function calibrationError(
  confidences: ArrayLike<number>,
  right: ArrayLike<boolean>,
  options: CalibrationOptions = {},
): CalibrationScore {
  if (confidences.length !== right.length) {
    throw new ShapeError(
      `calibrationError: ${confidences.length} confidences for ${right.length} answers; give one for each.`,
      { code: "SEGMENT_COUNT" },
    );
  }
  const running = new RunningScore(new Calibration(options));
  for (let i = 0; i < confidences.length; i++) running.add(confidences[i]!, right[i]!);
  return running.score();
}
