/** Notices a training that runs away before it reaches NaN: the smoothed loss rises far above its lowest value. */
import { checkNumber, checkOptions, SeqError } from "@seq/core";

export interface DivergenceOptions {
  /** How many times its lowest value the smoothed loss may reach (default 3). */
  readonly factor?: number;
  /** Weight of the past in the smoothed loss, 0..1 (default 0.98: about the last 50 steps). */
  readonly smoothing?: number;
}

export interface DivergenceState {
  readonly steps: number;
  /** Exponential average of the losses, not yet corrected for its start at 0. */
  readonly average: number;
  /** `null` before the first step. */
  readonly lowest: number | null;
}

export class Divergence {
  readonly #factor: number;
  readonly #smoothing: number;
  state: DivergenceState = { steps: 0, average: 0, lowest: null };

  constructor(options: DivergenceOptions) {
    checkOptions("fit: divergence", options, ["factor", "smoothing"]);
    const { factor = 3, smoothing = 0.98 } = options;
    this.#factor = checkNumber("fit: divergence", "factor", factor, { min: 1 });
    this.#smoothing = checkNumber("fit: divergence", "smoothing", smoothing, {
      min: 0,
      max: 0.9999,
    });
  }

  /**
   * Takes the loss of a step.
   *
   * @throws {SeqError} `DIVERGED`
   */
  take(step: number, loss: number, learningRate: number): void {
    const steps = this.state.steps + 1;
    const average = this.#smoothing * this.state.average + (1 - this.#smoothing) * loss;
    const smoothed = average / (1 - this.#smoothing ** steps);
    const lowest = Math.min(this.state.lowest ?? smoothed, smoothed);
    this.state = { steps, average, lowest };
    if (smoothed > this.#factor * lowest) {
      throw new SeqError(
        `fit: at step ${step} the smoothed loss is ${smoothed}, above ${this.#factor} times its lowest value ${lowest} (learning rate ${learningRate}): the training diverges. Lower the learning rate, set clipNorm, or resume from an earlier checkpoint.`,
        { code: "DIVERGED", details: { step, smoothed, lowest, learningRate } },
      );
    }
  }
}
