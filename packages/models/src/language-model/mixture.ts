/** Linear interpolation of language models: P(w | h) = Σ_i λ_i P_i(w | h), the λ tuned by expectation maximisation. */
import { checkInteger, checkNumber, OptionError } from "@seq/core";
import type {
  LanguageModel,
  LanguageModelStream,
  ScoreOptions,
  SequenceScore,
} from "./language-model.types.ts";

export class MixtureModel implements LanguageModel {
  readonly kind = "mixture";
  readonly vocabSize: number;
  readonly beginId: number | undefined;
  readonly endId: number | undefined;
  readonly normalized: boolean;
  readonly models: readonly LanguageModel[];
  readonly weights: readonly number[];

  /**
   * @param models - of one vocabulary and one end id; not disposed.
   * @param weights - λ of each, at least 0, with sum 1.
   * @throws {OptionError} `OPTION_RANGE`, `VOCABULARIES_DIFFER`
   */
  constructor(models: readonly LanguageModel[], weights: readonly number[]) {
    checkModels(models);
    if (weights.length !== models.length) {
      throw new OptionError(
        `MixtureModel: ${weights.length} weights for ${models.length} models, expected one each.`,
        { code: "OPTION_RANGE", details: { weights } },
      );
    }
    weights.forEach((weight, i) => {
      checkNumber("MixtureModel", `weights[${i}]`, weight, { min: 0, max: 1 });
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    if (Math.abs(sum - 1) > 1e-6) {
      throw new OptionError(`MixtureModel: weights have the sum ${sum}, expected 1.`, {
        code: "OPTION_RANGE",
        details: { weights },
      });
    }
    this.models = models;
    this.weights = weights;
    this.vocabSize = models[0]!.vocabSize;
    this.beginId = models[0]!.beginId;
    this.endId = models[0]!.endId;
    this.normalized = models.every(({ normalized }) => normalized);
  }

  stream(rows = 1): LanguageModelStream {
    return new MixtureStream(this, rows);
  }

  score(sequences: readonly ArrayLike<number>[], options?: ScoreOptions): SequenceScore[] {
    const scores = this.models.map((model) => model.score(sequences, options));
    return sequences.map((_, i) => {
      const parts = scores.map((list) => list[i]!.logProbs);
      const logProbs = parts[0]!.map((_, t) => mixed(parts, this.weights, t));
      const unknown = Math.max(...scores.map((list) => list[i]!.unknown));
      return { logProbs, logProb: logProbs.reduce((a, b) => a + b, 0), unknown };
    });
  }
}

/** log Σ λ_i exp(l_i), without overflow. */
function mixed(parts: readonly ArrayLike<number>[], weights: readonly number[], t: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < parts.length; i++) {
    if (weights[i]! > 0) highest = Math.max(highest, parts[i]![t]!);
  }
  if (highest === Number.NEGATIVE_INFINITY) return highest;
  let sum = 0;
  for (let i = 0; i < parts.length; i++) {
    if (weights[i]! > 0) sum += weights[i]! * Math.exp(parts[i]![t]! - highest);
  }
  return highest + Math.log(sum);
}

class MixtureStream implements LanguageModelStream {
  readonly rows: number;
  readonly #streams: readonly LanguageModelStream[];
  readonly #tables: readonly Float32Array[];
  readonly #weights: readonly number[];

  constructor({ models, weights, vocabSize }: MixtureModel, rows: number) {
    checkInteger("MixtureModel.stream", "rows", rows, { min: 1 });
    this.rows = rows;
    this.#weights = weights;
    this.#streams = models.map((model) => model.stream(rows));
    this.#tables = models.map(() => new Float32Array(rows * vocabSize));
  }

  advance(ids: ArrayLike<number>): void {
    for (const stream of this.#streams) stream.advance(ids);
  }

  logProbs(out: Float32Array): void {
    for (let i = 0; i < this.#streams.length; i++) this.#streams[i]!.logProbs(this.#tables[i]!);
    const size = this.#tables[0]!.length;
    for (let j = 0; j < size; j++) out[j] = mixed(this.#tables, this.#weights, j);
  }

  select(sources: ArrayLike<number>): void {
    for (const stream of this.#streams) stream.select(sources);
  }

  reset(row?: number): void {
    for (const stream of this.#streams) stream.reset(row);
  }

  dispose(): void {
    for (const stream of this.#streams) stream.dispose();
  }
}

export interface MixtureTuning {
  readonly model: MixtureModel;
  readonly weights: readonly number[];
  /** Mean log P of the held-out tokens at the start of each iteration, nats; never falls. */
  readonly history: readonly number[];
}

/**
 * Finds the weights on held-out sequences by expectation maximisation, from equal ones: λ_i becomes the mean
 * posterior of model i. The likelihood is concave in λ, so the maximum is the global one.
 *
 * @throws {OptionError} when the models' vocabularies differ.
 */
export function tuneMixture(
  models: readonly LanguageModel[],
  heldOut: readonly ArrayLike<number>[],
  { iterations = 50, ...options }: ScoreOptions & { readonly iterations?: number } = {},
): MixtureTuning {
  checkModels(models);
  checkInteger("tuneMixture", "iterations", iterations, { min: 1 });
  const probs = models.map((model) =>
    model.score(heldOut, options).flatMap(({ logProbs }) => Array.from(logProbs, Math.exp)),
  );
  const tokens = probs[0]!.length;
  let weights = models.map(() => 1 / models.length);
  const history: number[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const posterior = new Float64Array(models.length);
    let logProb = 0;
    for (let t = 0; t < tokens; t++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i]! * probs[i]![t]!;
      logProb += Math.log(sum);
      if (sum > 0) {
        for (let i = 0; i < weights.length; i++)
          posterior[i]! += (weights[i]! * probs[i]![t]!) / sum;
      }
    }
    history.push(logProb / tokens);
    const mass = posterior.reduce((a, b) => a + b, 0);
    if (mass > 0) weights = Array.from(posterior, (p) => p / mass);
  }
  return { model: new MixtureModel(models, weights), weights, history };
}

function checkModels(models: readonly LanguageModel[]): void {
  const [first] = models;
  if (first === undefined) {
    throw new OptionError("MixtureModel: no models, expected at least one.", {
      code: "OPTION_RANGE",
    });
  }
  for (const [i, { vocabSize, endId }] of models.entries()) {
    if (vocabSize !== first.vocabSize || endId !== first.endId) {
      throw new OptionError(
        `MixtureModel: model ${i} has ${vocabSize} ids and end id ${endId}, model 0 has ${first.vocabSize} and ${first.endId}; expected the same. Train all on one tokenizer.`,
        { code: "VOCABULARIES_DIFFER", details: { model: i } },
      );
    }
  }
}
