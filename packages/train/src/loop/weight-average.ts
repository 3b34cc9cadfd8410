/**
 * Averages of the parameters over training: exponential (EMA), plain from a step on (SWA, Polyak), or plain from when the
 * validation score stops improving (NT-ASGD). They often generalise better than the last parameters.
 */
import { checkInteger, checkNumber, checkOptions, FormatError, OptionError } from "@seq/core";
import { add, mul, sub, tensor, tidy, type Variable, variable } from "@tensorflow/tfjs-core";
import { copyTensors, type TensorValues } from "../checkpoint/weights.ts";

export type AveragingOptions =
  | {
      readonly method: "exponential";
      /** avg' = decay avg + (1 - decay) θ (default 0.999). */
      readonly decay?: number;
    }
  | {
      readonly method: "mean";
      /** First step whose parameters count (default 1). */
      readonly from?: number;
      /**
       * Instead of `from`: begin when a score is worse than the best one of those more than this many evaluations ago
       * (Merity, Keskar & Socher 2018, algorithm 1: 5).
       */
      readonly nonMonotone?: number;
      /** Steps between the parameters that count (default 1). */
      readonly every?: number;
    };

interface AverageState {
  /** Parameters averaged so far. */
  readonly count: number;
  /** Step from which on they count; `null` while a trigger is awaited. */
  readonly from: number | null;
  /** Scores seen by the trigger. */
  readonly scores: readonly number[];
}

export class WeightAverage {
  readonly #options: AveragingOptions;
  readonly #parameters: ReadonlyMap<string, Variable>;
  readonly #averages = new Map<string, Variable>();
  #state: AverageState;

  constructor(parameters: ReadonlyMap<string, Variable>, options: AveragingOptions) {
    const where = "averaging";
    this.#parameters = parameters;
    this.#options = options;
    if (options.method === "exponential") {
      checkOptions(where, options, ["method", "decay"]);
      checkNumber(where, "decay", options.decay ?? 0.999, { min: 0, max: 1 });
      this.#state = { count: 0, from: 1, scores: [] };
      return;
    }
    if (options.method !== "mean") {
      throw new OptionError(
        `averaging: method is "${(options as { method: unknown }).method}", expected "exponential" or "mean".`,
        { code: "OPTION_RANGE", details: { option: "method" } },
      );
    }
    checkOptions(where, options, ["method", "from", "nonMonotone", "every"]);
    const { from, nonMonotone, every = 1 } = options;
    checkInteger(where, "every", every, { min: 1 });
    if (from !== undefined && nonMonotone !== undefined) {
      throw new OptionError("averaging: from and nonMonotone exclude each other; give one.", {
        code: "OPTION_CONFLICT",
      });
    }
    if (nonMonotone !== undefined) checkInteger(where, "nonMonotone", nonMonotone, { min: 0 });
    const first =
      nonMonotone === undefined ? checkInteger(where, "from", from ?? 1, { min: 1 }) : null;
    this.#state = { count: 0, from: first, scores: [] };
  }

  /** True once there is something to average. */
  get active(): boolean {
    return this.#state.count > 0;
  }

  /** After each step, which counts from 1. */
  update(step: number): void {
    const { from, count } = this.#state;
    const options = this.#options;
    const every = options.method === "mean" ? (options.every ?? 1) : 1;
    if (from === null || step < from || (step - from) % every !== 0) return;
    // Weight of the old average: 0 at first, then the decay, or n / (n + 1).
    const old = options.method === "mean" ? count / (count + 1) : (options.decay ?? 0.999);
    for (const [name, parameter] of this.#parameters) {
      const average = this.#averages.get(name);
      // Products, not clones: a clone shares its memory, which optimizers change in place.
      if (average === undefined)
        this.#averages.set(name, tidy(() => variable(mul(parameter, 1), false))); // biome-ignore format: one line
      else tidy(() => average.assign(add(average, mul(sub(parameter, average), 1 - old))));
    }
    this.#state = { ...this.#state, count: count + 1 };
  }

  /** Takes a validation score, for the non-monotone trigger. @param step - steps done so far. */
  observe(score: number, better: "lower" | "higher", step: number): void {
    const options = this.#options;
    if (options.method !== "mean" || options.nonMonotone === undefined) return;
    const { from, scores } = this.#state;
    const loss = better === "lower" ? score : -score;
    const earlier = scores.slice(0, Math.max(0, scores.length - options.nonMonotone));
    const triggered = from === null && earlier.length > 0 && loss > Math.min(...earlier);
    this.#state = {
      ...this.#state,
      scores: [...scores, loss],
      from: triggered ? step + 1 : from,
    };
  }

  /** Exchanges parameters and averages; a second call undoes it. Nothing happens while not active. */
  swap(): void {
    for (const [name, average] of this.#averages) {
      const parameter = this.#parameters.get(name) as Variable;
      tidy(() => {
        const [held, taken] = [mul(parameter, 1), mul(average, 1)];
        parameter.assign(taken);
        average.assign(held);
      });
    }
  }

  snapshot(): { state: unknown; tensors: Map<string, TensorValues> } {
    return { state: this.#state, tensors: copyTensors(this.#averages) };
  }

  /** @throws {FormatError} `AVERAGE_STATE` */
  restore({
    state,
    tensors,
  }: {
    state: unknown;
    tensors: ReadonlyMap<string, TensorValues>;
  }): void {
    const { count, from, scores } = (state ?? {}) as Partial<AverageState>;
    if (!Number.isSafeInteger(count) || from === undefined || !Array.isArray(scores)) {
      throw new FormatError(
        "averaging: the checkpoint has no averages; it was saved by a run without averaging.",
        { code: "AVERAGE_STATE" },
      );
    }
    this.dispose();
    for (const [name, { shape, values }] of tensors) {
      this.#averages.set(name, tidy(() => variable(tensor(values, [...shape]), false))); // biome-ignore format: one line
    }
    this.#state = { count: count as number, from, scores };
  }

  dispose(): void {
    for (const average of this.#averages.values()) average.dispose();
    this.#averages.clear();
  }
}
