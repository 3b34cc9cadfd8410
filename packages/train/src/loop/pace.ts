/** Speed and time left, from a clock that only goes forward. */

/** Counts steps and tokens over a sliding window. */
export class Pace {
  readonly #clock: () => number;
  readonly #window: number;
  readonly #begin: number;
  /** Time and tokens so far after each of the last steps. */
  readonly #marks: [time: number, tokens: number][] = [];
  #tokens = 0;

  /** @param window - steps that the figures look back. */
  constructor(clock: () => number, window = 20) {
    this.#clock = clock;
    this.#window = window;
    this.#begin = clock();
    this.#marks.push([this.#begin, 0]);
  }

  /** Seconds since the beginning. */
  get seconds(): number {
    return (this.#clock() - this.#begin) / 1000;
  }

  /** After each step. */
  count(tokens: number): void {
    this.#tokens += tokens;
    this.#marks.push([this.#clock(), this.#tokens]);
    if (this.#marks.length > this.#window + 1) this.#marks.shift();
  }

  /** Time that is not training (an evaluation, a checkpoint) stays out of the figures. */
  pause<T>(work: () => Promise<T>): Promise<T> {
    const start = this.#clock();
    return work().finally(() => {
      const gap = this.#clock() - start;
      for (const mark of this.#marks) mark[0] += gap;
    });
  }

  get tokensPerSecond(): number {
    const [first, last] = [this.#marks[0]!, this.#marks.at(-1)!];
    return last[0] > first[0] ? ((last[1] - first[1]) / (last[0] - first[0])) * 1000 : 0;
  }

  /** Seconds a step takes of late; `undefined` before the first. */
  get secondsPerStep(): number | undefined {
    const steps = this.#marks.length - 1;
    if (steps === 0) return undefined;
    return (this.#marks.at(-1)![0] - this.#marks[0]![0]) / steps / 1000;
  }
}
