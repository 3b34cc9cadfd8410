/** Keeps the best of a validation score and counts the evaluations since. */
import { checkNumber, checkOneOf, OptionError } from "@seq/core";
import type { EvaluationOptions } from "./fit.types.ts";

export interface WatchState {
  /** `null` before the first score. */
  readonly best: number | null;
  readonly bestStep: number;
  /** Evaluations since the best one. */
  readonly since: number;
}

export class Watch {
  readonly #key: string;
  readonly #sign: number;
  readonly #patience: number;
  readonly #gain: number;
  #state: WatchState = { best: null, bestStep: 0, since: 0 };

  constructor({ watch = "loss", better = "lower", patience, minimumGain = 0 }: EvaluationOptions) {
    this.#key = watch;
    this.#sign =
      checkOneOf("fit", "evaluation.better", better, ["lower", "higher"]) === "lower" ? -1 : 1;
    this.#patience =
      patience === undefined
        ? Number.POSITIVE_INFINITY
        : checkNumber("fit", "evaluation.patience", patience, { min: 0 });
    this.#gain = checkNumber("fit", "evaluation.minimumGain", minimumGain, { min: 0 });
  }

  /**
   * Takes the scores of an evaluation.
   *
   * @returns the watched score, and whether it is the best so far.
   * @throws {OptionError} `NO_SUCH_SCORE` when the hook did not return it.
   */
  take(scores: Readonly<Record<string, number>>, step: number): { score: number; best: boolean } {
    const score = Object.hasOwn(scores, this.#key) ? scores[this.#key] : undefined;
    if (typeof score !== "number") {
      throw new OptionError(
        `fit: the evaluation returned ${Object.keys(scores).join(", ") || "nothing"}, expected the watched score "${this.#key}"; return it or set evaluation.watch.`,
        { code: "NO_SUCH_SCORE", details: { watch: this.#key, found: Object.keys(scores) } },
      );
    }
    const { best } = this.#state;
    const isBest =
      !Number.isNaN(score) && (best === null || (score - best) * this.#sign > this.#gain);
    this.#state = isBest
      ? { best: score, bestStep: step, since: 0 }
      : { ...this.#state, since: this.#state.since + 1 };
    return { score, best: isBest };
  }

  /** True when more evaluations than the patience went by without a better score. */
  get exhausted(): boolean {
    return this.#state.since > this.#patience;
  }

  get state(): WatchState {
    return this.#state;
  }

  set state(state: WatchState) {
    this.#state = { best: state.best, bestStep: state.bestStep, since: state.since };
  }
}
