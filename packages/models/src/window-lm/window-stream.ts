import { checkInteger } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import type { LanguageModelStream } from "../language-model/language-model.types.ts";
import type { WindowLanguageModel } from "./window-language-model.ts";

/** Sequences of a window model: the last N ids of each row. */
export class WindowStream implements LanguageModelStream {
  readonly rows: number;
  readonly #model: WindowLanguageModel;
  readonly #contexts: Int32Array;
  readonly #spare: Int32Array;

  constructor(model: WindowLanguageModel, rows: number) {
    this.rows = checkInteger("WindowLanguageModel.stream", "rows", rows, { min: 1 });
    this.#model = model;
    this.#contexts = new Int32Array(rows * model.window).fill(model.beginId);
    this.#spare = new Int32Array(rows * model.window);
  }

  advance(ids: ArrayLike<number>): void {
    const { window } = this.#model;
    for (let row = 0; row < this.rows; row++) {
      const id = ids[row]!;
      if (id < 0) continue;
      this.#contexts.copyWithin(row * window, row * window + 1, (row + 1) * window);
      this.#contexts[(row + 1) * window - 1] = id;
    }
  }

  logProbs(out: Float32Array): void {
    const table = tf.tidy(() => this.#model.logProbsOf(this.#contexts, this.rows));
    out.set(table.dataSync());
    table.dispose();
  }

  select(sources: ArrayLike<number>): void {
    const { window } = this.#model;
    this.#spare.set(this.#contexts);
    for (let row = 0; row < this.rows; row++) {
      const from = sources[row]! * window;
      this.#contexts.set(this.#spare.subarray(from, from + window), row * window);
    }
  }

  reset(row?: number): void {
    const { window, beginId } = this.#model;
    const [from, to] = row === undefined ? [0, this.rows] : [row, row + 1];
    this.#contexts.fill(beginId, from * window, to * window);
  }

  dispose(): void {}
}
