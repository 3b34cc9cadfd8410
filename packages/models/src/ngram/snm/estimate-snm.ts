import { checkInteger, checkNumber, checkOptions, OptionError } from "@seq/core";
import type { NgramCorpus } from "../corpus.ts";
import { Adjustment } from "./adjustment.ts";
import { FeatureMatrix } from "./feature-matrix.ts";
import { featureTypes, type SkipOptions } from "./features.ts";
import { SnmModel } from "./snm-model.ts";

export interface SnmOptions {
  /** n-gram features look back order - 1 words; skip-grams hold fewer than `order` words. */
  readonly order: number;
  /** Default: no skip-grams. */
  readonly skips?: SkipOptions;
  /** Sentences that are not in the corpus, for the adjustment. */
  readonly heldOut: readonly ArrayLike<number>[];
  /** Passes over them. Default 4. */
  readonly epochs?: number;
  /** Of Adagrad. Default 0.1. */
  readonly learningRate?: number;
  /** Called after each pass with the mean log P of its tokens, nats, as they were met. */
  readonly onEpoch?: (epoch: number, logProb: number) => void;
}

/**
 * Counts the features of a corpus and trains the adjustment on held-out text: stochastic gradient ascent on
 * Σ log P(w | h) with Adagrad (Duchi et al. 2011), multinomial loss (Pelemans et al. 2016, eq. 9).
 *
 * @throws {OptionError} `OPTION_RANGE`, also for held-out text without a token.
 */
export function estimateSnm(corpus: NgramCorpus, options: SnmOptions): SnmModel {
  const where = "estimateSnm";
  checkOptions(where, options, ["order", "skips", "heldOut", "epochs", "learningRate", "onEpoch"]);
  const epochs = checkInteger(where, "epochs", options.epochs ?? 4, { min: 0 });
  const learningRate = checkNumber(where, "learningRate", options.learningRate ?? 0.1, { min: 0 });
  const types = featureTypes(options.order, options.skips);
  const reach = Math.max(1, ...types.map(({ offsets }) => offsets.at(-1) ?? 0));
  const { text, positions } = padded(corpus, reach);
  const keys = Math.max(corpus.vocabSize, corpus.beginId + 1);
  const matrices = types.map(
    (type) => new FeatureMatrix(type, text, positions, keys, corpus.beginId),
  );
  const { vocabSize, beginId, endId, unknownId } = corpus;
  const adjustment = new Adjustment(types.length);
  const model = new SnmModel({ matrices, adjustment, vocabSize, beginId, endId, unknownId });
  const sentences = options.heldOut.map((ids) => model.padded(ids, true));
  const tokens = sentences.reduce((sum, { text, first }) => sum + text.length - first, 0);
  if (tokens === 0) {
    throw new OptionError(
      `${where}: heldOut holds no token; give sentences that the corpus lacks.`,
      {
        code: "OPTION_RANGE",
        details: { option: "heldOut" },
      },
    );
  }
  const trainer = new AdjustmentTrainer(model, learningRate);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let sum = 0;
    for (const sentence of sentences) {
      for (let at = sentence.first; at < sentence.text.length; at++)
        sum += trainer.learn(sentence.text, at);
    }
    options.onEpoch?.(epoch, sum / tokens);
  }
  return model;
}

class AdjustmentTrainer {
  readonly #model: SnmModel;
  readonly #learningRate: number;
  readonly #squares: Float64Array;
  readonly #touched: number[] = [];
  readonly #gradient: Float64Array;

  constructor(model: SnmModel, learningRate: number) {
    this.#model = model;
    this.#learningRate = learningRate;
    this.#squares = new Float64Array(model.adjustment.weights.length).fill(1e-2);
    this.#gradient = new Float64Array(model.adjustment.weights.length);
  }

  /** One step on one token; returns its log P before the step. d log P / dθ_k = own_k / own - all_k / all. */
  learn(text: Int32Array, at: number): number {
    const { adjustment, outcomes } = this.#model;
    const { weights, uniformIndex } = adjustment;
    const id = text[at]!;
    const uniform = Math.exp(weights[uniformIndex]!);
    const ownOf: [index: number, value: number][] = [[uniformIndex, uniform / outcomes]];
    const allOf: [index: number, value: number][] = [[uniformIndex, uniform]];
    this.#model.forEachFeature(text, at, (type, matrix, row) => {
      const total = matrix.totals[row]!;
      const count = matrix.count(row, id);
      if (count > 0) {
        const index = adjustment.indexOf(type, total, count);
        ownOf.push([index, (Math.exp(weights[index]!) * count) / total]);
      }
      const first = adjustment.indexOf(type, total, 1);
      const masses = adjustment.rowMasses(type, matrix, row);
      for (let b = 0; b < masses.length; b++) {
        if (masses[b]! > 0) allOf.push([first + b, masses[b]! * Math.exp(weights[first + b]!)]);
      }
    });
    const own = ownOf.reduce((sum, [, value]) => sum + value, 0);
    const all = allOf.reduce((sum, [, value]) => sum + value, 0);
    for (const [index, value] of ownOf) this.#add(index, value / own);
    for (const [index, value] of allOf) this.#add(index, -value / all);
    this.#step(weights);
    return Math.log(own / all);
  }

  #add(index: number, value: number): void {
    if (this.#gradient[index] === 0) this.#touched.push(index);
    this.#gradient[index]! += value;
  }

  #step(weights: Float64Array): void {
    for (const index of this.#touched) {
      const g = this.#gradient[index]!;
      this.#squares[index]! += g * g;
      weights[index]! += (this.#learningRate * g) / Math.sqrt(this.#squares[index]!);
      this.#gradient[index] = 0;
    }
    this.#touched.length = 0;
  }
}

/** The corpus with `reach` begin marks before each sentence, and the places of all targets. */
function padded(
  { ids, starts, beginId, endId }: NgramCorpus,
  reach: number,
): { text: Int32Array; positions: Int32Array } {
  const sentences = starts.length - 1;
  const ends = endId === undefined ? 0 : 1;
  const text = new Int32Array(ids.length + sentences * (reach + ends));
  const positions = new Int32Array(ids.length + sentences * ends);
  let at = 0;
  let count = 0;
  for (let i = 0; i < sentences; i++) {
    text.fill(beginId, at, at + reach);
    at += reach;
    const sentence = ids.subarray(starts[i], starts[i + 1]);
    text.set(sentence, at);
    if (endId !== undefined) text[at + sentence.length] = endId;
    for (let t = 0; t < sentence.length + ends; t++) positions[count++] = at++;
  }
  return { text, positions };
}
