/**
 * The sparse non-negative matrix language model (Shazeer, Pelemans & Chelba 2015; Pelemans et al. 2016).
 *
 *   P(w | h) = Σ_{i in features(h)} M_iw / Σ_i Σ_j M_ij      M_ij = exp(A_ij) C_ij / C_i*
 *
 * Features are n-grams and skip-grams; A is trained by gradient ascent on held-out text (`Adjustment`). A uniform
 * feature that is always on keeps every probability above 0.
 */
import { checkInteger, VocabularyError } from "@seq/core";
import type {
  LanguageModel,
  LanguageModelStream,
  ScoreOptions,
  SequenceScore,
} from "../../language-model/language-model.types.ts";
import type { Adjustment } from "./adjustment.ts";
import type { FeatureMatrix } from "./feature-matrix.ts";

export interface SnmParts {
  readonly matrices: readonly FeatureMatrix[];
  readonly adjustment: Adjustment;
  readonly vocabSize: number;
  readonly beginId: number;
  readonly endId?: number | undefined;
  readonly unknownId?: number | undefined;
}

export class SnmModel implements LanguageModel {
  readonly kind = "snm";
  readonly normalized = true;
  readonly vocabSize: number;
  readonly beginId: number;
  readonly endId: number | undefined;
  readonly unknownId: number | undefined;
  readonly matrices: readonly FeatureMatrix[];
  readonly adjustment: Adjustment;
  /** Words that the widest feature looks back. */
  readonly reach: number;

  constructor(parts: SnmParts) {
    this.matrices = parts.matrices;
    this.adjustment = parts.adjustment;
    this.vocabSize = parts.vocabSize;
    this.beginId = parts.beginId;
    this.endId = parts.endId;
    this.unknownId = parts.unknownId;
    this.reach = Math.max(1, ...parts.matrices.map(({ type }) => type.offsets.at(-1) ?? 0));
  }

  /** Ids that can be predicted. */
  get outcomes(): number {
    return this.vocabSize - (this.beginId < this.vocabSize ? 1 : 0);
  }

  /** The id that the model uses for `id`: itself, or the unknown id. */
  known(id: number): number {
    if (id >= 0 && id < this.vocabSize && id !== this.beginId) return id;
    if (this.unknownId !== undefined) return this.unknownId;
    throw new VocabularyError(
      `SnmModel: id ${id} is not in the vocabulary of ${this.vocabSize} ids and the model has no unknown id.`,
      { code: "UNKNOWN_ID", details: { id, vocabSize: this.vocabSize } },
    );
  }

  /**
   * Calls back with each feature that stands before a position.
   *
   * @param text - `reach` ids before the position; begin marks before the sentence.
   */
  forEachFeature(
    text: Int32Array,
    position: number,
    visit: (type: number, matrix: FeatureMatrix, row: number) => void,
  ): void {
    for (let type = 0; type < this.matrices.length; type++) {
      const matrix = this.matrices[type]!;
      const { offsets } = matrix.type;
      const far = offsets.length === 0 ? 0 : offsets[offsets.length - 1]!;
      if (far > 1 && text[position - far + 1] === this.beginId) continue;
      const row = matrix.find(text, position);
      if (row >= 0) visit(type, matrix, row);
    }
  }

  /** Σ_j M_ij of a row. */
  rowSum(type: number, matrix: FeatureMatrix, row: number): number {
    const masses = this.adjustment.rowMasses(type, matrix, row);
    const first = this.adjustment.indexOf(type, matrix.totals[row]!, 1);
    let sum = 0;
    for (let b = 0; b < masses.length; b++) {
      if (masses[b]! > 0) sum += masses[b]! * Math.exp(this.adjustment.weights[first + b]!);
    }
    return sum;
  }

  /** log P of the id at a position, nats. */
  logProb(text: Int32Array, position: number, id: number): number {
    const { weights, uniformIndex } = this.adjustment;
    const uniform = Math.exp(weights[uniformIndex]!);
    let own = uniform / this.outcomes;
    let all = uniform;
    this.forEachFeature(text, position, (type, matrix, row) => {
      const count = matrix.count(row, id);
      const total = matrix.totals[row]!;
      if (count > 0) {
        own += (Math.exp(weights[this.adjustment.indexOf(type, total, count)]!) * count) / total;
      }
      all += this.rowSum(type, matrix, row);
    });
    return Math.log(own / all);
  }

  /** The whole distribution at a position, nats, to `out[at..at + vocabSize)`. */
  distribution(text: Int32Array, position: number, out: Float32Array, at: number): void {
    const { weights, uniformIndex } = this.adjustment;
    const uniform = Math.exp(weights[uniformIndex]!);
    const sums = new Float64Array(this.vocabSize).fill(uniform / this.outcomes);
    let all = uniform;
    this.forEachFeature(text, position, (type, matrix, row) => {
      const total = matrix.totals[row]!;
      for (let i = matrix.rowStarts[row]!; i < matrix.rowStarts[row + 1]!; i++) {
        const count = matrix.counts[i]!;
        const weight = weights[this.adjustment.indexOf(type, total, count)]!;
        sums[matrix.targets[i]!]! += (Math.exp(weight) * count) / total;
      }
      all += this.rowSum(type, matrix, row);
    });
    for (let id = 0; id < this.vocabSize; id++) out[at + id] = Math.log(sums[id]! / all);
    if (this.beginId < this.vocabSize) out[at + this.beginId] = Number.NEGATIVE_INFINITY;
  }

  stream(rows = 1): LanguageModelStream {
    checkInteger("SnmModel.stream", "rows", rows, { min: 1 });
    return new SnmStream(this, rows);
  }

  score(
    sequences: readonly ArrayLike<number>[],
    { end = true }: ScoreOptions = {},
  ): SequenceScore[] {
    return sequences.map((given) => {
      const { text, first } = this.padded(given, end);
      const logProbs = new Float64Array(text.length - first);
      let logProb = 0;
      let unknown = 0;
      for (let t = 0; t < logProbs.length; t++) {
        const id = text[first + t]!;
        if (id === this.unknownId) unknown++;
        logProb += logProbs[t] = this.logProb(text, first + t, id);
      }
      return { logProbs, logProb, unknown };
    });
  }

  /** A sequence behind `reach` begin marks. */
  padded(given: ArrayLike<number>, end: boolean): { text: Int32Array; first: number } {
    const tail = end && this.endId !== undefined ? [this.endId] : [];
    const text = new Int32Array(this.reach + given.length + tail.length).fill(this.beginId);
    for (let t = 0; t < given.length; t++) text[this.reach + t] = this.known(given[t]!);
    text.set(tail, this.reach + given.length);
    return { text, first: this.reach };
  }
}

/** The last ids of each row, in windows of `reach`. */
class SnmStream implements LanguageModelStream {
  readonly rows: number;
  readonly #model: SnmModel;
  readonly #windows: Int32Array;

  constructor(model: SnmModel, rows: number) {
    this.rows = rows;
    this.#model = model;
    this.#windows = new Int32Array(rows * model.reach).fill(model.beginId);
  }

  advance(ids: ArrayLike<number>): void {
    const { reach } = this.#model;
    for (let row = 0; row < this.rows; row++) {
      const id = ids[row]!;
      if (id < 0) continue;
      this.#windows.copyWithin(row * reach, row * reach + 1, (row + 1) * reach);
      this.#windows[(row + 1) * reach - 1] = this.#model.known(id);
    }
  }

  logProbs(out: Float32Array): void {
    const { reach, vocabSize } = this.#model;
    for (let row = 0; row < this.rows; row++) {
      this.#model.distribution(this.#windows, (row + 1) * reach, out, row * vocabSize);
    }
  }

  select(sources: ArrayLike<number>): void {
    const { reach } = this.#model;
    const old = this.#windows.slice();
    for (let row = 0; row < this.rows; row++) {
      const from = sources[row]! * reach;
      this.#windows.set(old.subarray(from, from + reach), row * reach);
    }
  }

  reset(row?: number): void {
    const { reach, beginId } = this.#model;
    const [from, to] = row === undefined ? [0, this.rows] : [row, row + 1];
    this.#windows.fill(beginId, from * reach, to * reach);
  }

  dispose(): void {}
}
