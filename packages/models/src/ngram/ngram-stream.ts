import type { LanguageModelStream } from "../language-model/language-model.types.ts";
import type { NgramModel } from "./ngram-model.ts";

/** Sequences of an n-gram model: `stateSize` numbers per row, in one array. */
export class NgramStream implements LanguageModelStream {
  readonly rows: number;
  readonly #model: NgramModel;
  #states: Int32Array;
  #spare: Int32Array;

  constructor(model: NgramModel, rows: number) {
    this.rows = rows;
    this.#model = model;
    this.#states = new Int32Array(rows * model.stateSize);
    this.#spare = new Int32Array(rows * model.stateSize);
    this.reset();
  }

  advance(ids: ArrayLike<number>): void {
    const { stateSize } = this.#model;
    for (let row = 0; row < this.rows; row++) {
      const id = ids[row]!;
      if (id >= 0) this.#model.step(this.#states, row * stateSize, this.#model.known(id));
    }
  }

  logProbs(out: Float32Array): void {
    const { stateSize, vocabSize } = this.#model;
    for (let row = 0; row < this.rows; row++) {
      this.#model.distribution(this.#states, row * stateSize, out, row * vocabSize);
    }
  }

  select(sources: ArrayLike<number>): void {
    const { stateSize } = this.#model;
    for (let row = 0; row < this.rows; row++) {
      const from = sources[row]! * stateSize;
      for (let k = 0; k < stateSize; k++)
        this.#spare[row * stateSize + k] = this.#states[from + k]!;
    }
    [this.#states, this.#spare] = [this.#spare, this.#states];
  }

  reset(row?: number): void {
    const { stateSize } = this.#model;
    if (row !== undefined) this.#model.begin(this.#states, row * stateSize);
    else for (let r = 0; r < this.rows; r++) this.#model.begin(this.#states, r * stateSize);
  }

  dispose(): void {}
}
