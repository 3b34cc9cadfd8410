/**
 * The continuous cache (Grave, Joulin & Usunier 2017): a recurrent model that remembers its hidden vectors and the ids
 * that followed them.
 *
 *   P(w) = (1 - λ) P_model(w) + λ P_cache(w)      P_cache(w) ∝ Σ_{i in the last `size` steps} 1[x_{i+1} = w] exp(θ h_t · h_i)
 *
 * With an empty cache it is the model itself. Needs no training.
 */
import { checkInteger, checkNumber, checkOptions } from "@seq/core";
import type {
  LanguageModel,
  LanguageModelStream,
  ScoreOptions,
  SequenceScore,
} from "../language-model/language-model.types.ts";
import { scoreByStream } from "../language-model/score-by-stream.ts";
import type { RnnLanguageModel } from "./rnn-language-model.ts";

export interface CacheOptions {
  /** Steps remembered. */
  readonly size: number;
  /** λ, 0..1. */
  readonly weight: number;
  /** θ, at least 0: how sharply the cache prefers alike hidden vectors. */
  readonly theta: number;
}

export class CacheModel implements LanguageModel {
  readonly kind = "cache";
  readonly normalized = true;
  readonly vocabSize: number;
  readonly beginId: number;
  readonly endId: number | undefined;
  readonly model: RnnLanguageModel;
  readonly options: CacheOptions;

  /** @param model - not disposed. */
  constructor(model: RnnLanguageModel, options: CacheOptions) {
    checkOptions("CacheModel", options, ["size", "weight", "theta"]);
    checkInteger("CacheModel", "size", options.size, { min: 1 });
    checkNumber("CacheModel", "weight", options.weight, { min: 0, max: 1 });
    checkNumber("CacheModel", "theta", options.theta, { min: 0 });
    this.model = model;
    this.options = options;
    this.vocabSize = model.vocabSize;
    this.beginId = model.beginId;
    this.endId = model.endId;
  }

  stream(rows = 1): LanguageModelStream {
    return new CacheStream(this, rows);
  }

  /** Step by step; each sequence has a cache of its own, empty at its beginning. */
  score(sequences: readonly ArrayLike<number>[], options?: ScoreOptions): SequenceScore[] {
    return scoreByStream(this, sequences, options);
  }
}

/** A ring of hidden vectors per row. */
class CacheStream implements LanguageModelStream {
  readonly rows: number;
  readonly #inner: ReturnType<RnnLanguageModel["stream"]>;
  readonly #options: CacheOptions;
  readonly #vocabSize: number;
  readonly #width: number;
  readonly #now: Float32Array; // [rows, width]
  #keys: Float32Array; // [rows, size, width]
  #ids: Int32Array; // [rows, size]
  #used: Int32Array; // steps ever remembered, per row
  readonly #scores: Float64Array;

  constructor({ model, options }: CacheModel, rows: number) {
    this.rows = checkInteger("CacheModel.stream", "rows", rows, { min: 1 });
    this.#inner = model.stream(rows);
    this.#options = options;
    this.#vocabSize = model.vocabSize;
    this.#width = model.settings.lastSize;
    this.#now = new Float32Array(rows * this.#width);
    this.#keys = new Float32Array(rows * options.size * this.#width);
    this.#ids = new Int32Array(rows * options.size);
    this.#used = new Int32Array(rows);
    this.#scores = new Float64Array(options.size);
    this.#inner.hidden(this.#now);
  }

  advance(ids: ArrayLike<number>): void {
    const { size } = this.#options;
    const width = this.#width;
    for (let row = 0; row < this.rows; row++) {
      const id = ids[row]!;
      if (id < 0) continue;
      const slot = row * size + (this.#used[row]! % size);
      this.#keys.set(this.#now.subarray(row * width, (row + 1) * width), slot * width);
      this.#ids[slot] = id;
      this.#used[row]!++;
    }
    this.#inner.advance(ids);
    this.#inner.hidden(this.#now);
  }

  logProbs(out: Float32Array): void {
    this.#inner.logProbs(out);
    for (let row = 0; row < this.rows; row++) this.#mix(out, row);
  }

  #mix(out: Float32Array, row: number): void {
    const { size, weight } = this.#options;
    const count = Math.min(this.#used[row]!, size);
    if (count === 0 || weight === 0) return;
    const total = this.#weigh(row, count);
    const at = row * this.#vocabSize;
    for (let id = 0; id < this.#vocabSize; id++)
      out[at + id] = (1 - weight) * Math.exp(out[at + id]!);
    for (let i = 0; i < count; i++) {
      out[at + this.#ids[row * size + i]!]! += (weight * this.#scores[i]!) / total;
    }
    for (let id = 0; id < this.#vocabSize; id++) out[at + id] = Math.log(out[at + id]!);
  }

  /** exp(θ h_t · h_i - max) of each remembered step, and their sum. */
  #weigh(row: number, count: number): number {
    const { size, theta } = this.#options;
    const width = this.#width;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      let dot = 0;
      const key = (row * size + i) * width;
      for (let j = 0; j < width; j++) dot += this.#now[row * width + j]! * this.#keys[key + j]!;
      this.#scores[i] = theta * dot;
      highest = Math.max(highest, theta * dot);
    }
    let total = 0;
    for (let i = 0; i < count; i++) total += this.#scores[i] = Math.exp(this.#scores[i]! - highest);
    return total;
  }

  select(sources: ArrayLike<number>): void {
    const { size } = this.#options;
    const [keys, ids, used] = [this.#keys.slice(), this.#ids.slice(), this.#used.slice()];
    const span = size * this.#width;
    for (let row = 0; row < this.rows; row++) {
      const from = sources[row]!;
      this.#keys.set(keys.subarray(from * span, (from + 1) * span), row * span);
      this.#ids.set(ids.subarray(from * size, (from + 1) * size), row * size);
      this.#used[row] = used[from]!;
    }
    this.#inner.select(sources);
    this.#inner.hidden(this.#now);
  }

  reset(row?: number): void {
    this.#used.fill(0, row ?? 0, row === undefined ? this.rows : row + 1);
    this.#inner.reset(row);
    this.#inner.hidden(this.#now);
  }

  dispose(): void {
    this.#inner.dispose();
  }
}
