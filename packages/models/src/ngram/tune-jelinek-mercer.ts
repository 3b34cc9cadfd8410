import { checkInteger } from "@seq/core";
import type { NgramCorpus } from "./corpus.ts";
import { countNgrams } from "./counts.ts";
import { estimateMaximumLikelihood, jelinekMercer } from "./estimate.ts";
import type { NgramModel } from "./ngram-model.ts";
import { findChild } from "./trie.ts";

export interface JelinekMercerTuning {
  readonly model: NgramModel;
  /** λ of each order from 1. */
  readonly lambdas: readonly number[];
  /** Mean log P of the held-out tokens after each iteration, nats; never falls. */
  readonly history: readonly number[];
}

/**
 * Finds the λ of Jelinek-Mercer smoothing on held-out text by expectation maximisation: each token was made by one
 * order's maximum-likelihood estimate, chosen from the longest seen context down by coins of weight λ_n.
 *
 * @param heldOut - sentences that are not in the corpus, without marks.
 */
export function tuneJelinekMercer(
  corpus: NgramCorpus,
  heldOut: readonly ArrayLike<number>[],
  { order, iterations = 20 }: { readonly order: number; readonly iterations?: number },
): JelinekMercerTuning {
  checkInteger("tuneJelinekMercer", "iterations", iterations, { min: 1 });
  const samples = estimatesPerOrder(estimateMaximumLikelihood(corpus, { order }), heldOut);
  const uniform = 1 / (corpus.vocabSize - (corpus.beginId < corpus.vocabSize ? 1 : 0));
  let lambdas = new Array<number>(order).fill(0.5);
  const history: number[] = [];
  for (let i = 0; i < iterations; i++) {
    const step = expectation(samples, lambdas, uniform);
    history.push(step.logProb / samples.length);
    lambdas = lambdas.map((lambda, n) =>
      step.tried[n] === 0 ? lambda : step.taken[n]! / step.tried[n]!,
    );
  }
  return { model: jelinekMercer(countNgrams(corpus, order), lambdas), lambdas, history };
}

/** For each held-out token, the estimate of each order from 1; NaN where the context was never seen. */
function estimatesPerOrder(
  model: NgramModel,
  heldOut: readonly ArrayLike<number>[],
): Float64Array[] {
  const { levels } = model.trie;
  const samples: Float64Array[] = [];
  const state = new Int32Array(model.stateSize);
  for (const sentence of heldOut) {
    model.begin(state, 0);
    const ids = Array.from(sentence);
    if (model.endId !== undefined) ids.push(model.endId);
    for (const given of ids) {
      const id = model.known(given);
      const estimates = new Float64Array(model.order).fill(Number.NaN);
      estimates[0] = 10 ** levels[0]!.logProbs[id]!;
      for (let k = 1; k <= state[0]!; k++) {
        const node = state[k]!;
        if (node < 0) continue;
        const { childStarts } = levels[k - 1]!;
        if (childStarts[node] === childStarts[node + 1]) continue;
        const child = findChild(levels[k - 1]!, levels[k]!, node, id);
        estimates[k] = child < 0 ? 0 : 10 ** levels[k]!.logProbs[child]!;
      }
      samples.push(estimates);
      model.step(state, 0, id);
    }
  }
  return samples;
}

function expectation(
  samples: readonly Float64Array[],
  lambdas: readonly number[],
  uniform: number,
) {
  const order = lambdas.length;
  const tried = new Float64Array(order);
  const taken = new Float64Array(order);
  let logProb = 0;
  const below = new Float64Array(order + 1); // P with orders up to n
  for (const estimates of samples) {
    below[0] = uniform;
    for (let n = 0; n < order; n++) {
      const p = estimates[n]!;
      below[n + 1] = Number.isNaN(p) ? below[n]! : lambdas[n]! * p + (1 - lambdas[n]!) * below[n]!;
    }
    const total = below[order]!;
    logProb += Math.log(total);
    let reached = 1; // posterior probability that no higher order made the token
    for (let n = order - 1; n >= 0; n--) {
      const p = estimates[n]!;
      if (Number.isNaN(p)) continue;
      const here = (reached * lambdas[n]! * p) / below[n + 1]!;
      tried[n]! += reached;
      taken[n]! += here;
      reached -= here;
    }
  }
  return { tried, taken, logProb };
}
