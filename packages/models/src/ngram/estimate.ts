/** The estimators of n-gram models, each a function from a corpus to an `NgramModel`. */
import { checkInteger, checkNumber, checkOptions, OptionError } from "@seq/core";
import type { NgramCorpus } from "./corpus.ts";
import { countNgrams, type NgramCounts } from "./counts.ts";
import { absoluteDiscounts, type Discount, kneserNeyDiscounts } from "./discounts.ts";
import { checkPrune, interpolatedModel, type PruneOptions } from "./interpolated.ts";
import type { NgramModel } from "./ngram-model.ts";

export interface OrderOption {
  /** n: a model of order n looks back n - 1 ids. */
  readonly order: number;
}

export interface KneserNeyOptions extends OrderOption, PruneOptions {
  /**
   * What to do for an order whose discounts cannot be estimated: refuse (default), take 0.5, 1, 1.5 (`true`), or
   * take these. lmplz's `--discount_fallback`.
   */
  readonly discountFallback?: boolean | Discount;
}

const pruneKeys = ["order", "prune", "interpolateUnigrams"];

/**
 * Interpolated modified Kneser-Ney (Chen & Goodman 1998), equal to KenLM's lmplz (Heafield et al. 2013).
 *
 *   P(w | h) = (a(h w) - D(a(h w))) / Σ_x a(h x) + γ(h) P(w | h')      a: adjusted counts
 *
 * @throws {SeqError} `DISCOUNTS` when the corpus is too small; see `discountFallback`.
 * @example estimateKneserNey(corpusFromText(text), { order: 5 })
 */
export function estimateKneserNey(corpus: NgramCorpus, options: KneserNeyOptions): NgramModel {
  checkOptions("estimateKneserNey", options, [...pruneKeys, "discountFallback"]);
  const { discountFallback = false } = options;
  const fallback = discountFallback === true ? ([0.5, 1, 1.5] as const) : discountFallback;
  if (fallback !== false) {
    fallback.forEach((d, i) => {
      checkNumber("estimateKneserNey", `discountFallback[${i}]`, d, { min: 0, max: i + 1 });
    });
  }
  checkPrune(options.prune ?? [], options.order);
  const counts = countNgrams(corpus, options.order);
  const discounts = kneserNeyDiscounts(counts, fallback === false ? undefined : fallback);
  return interpolatedModel(
    counts,
    {
      method: "modified-kneser-ney",
      counts: "adjusted",
      mass: (count, n) => count - discounts[n - 1]![Math.min(count, 3) - 1]!,
      denominator: (total) => total,
    },
    options,
  );
}

/** Interpolated Kneser-Ney with one discount per order (Kneser & Ney 1995 in the form of Chen & Goodman 1998, eq. 24). */
export function estimatePlainKneserNey(
  corpus: NgramCorpus,
  options: OrderOption & PruneOptions,
): NgramModel {
  checkOptions("estimatePlainKneserNey", options, pruneKeys);
  const counts = countNgrams(corpus, options.order);
  const discounts = absoluteDiscounts(counts);
  return interpolatedModel(
    counts,
    {
      method: "kneser-ney",
      counts: "adjusted",
      mass: (count, n) => count - discounts[n - 1]!,
      denominator: (total) => total,
    },
    options,
  );
}

/**
 * Witten-Bell (Witten & Bell 1991, method C; Chen & Goodman 1998, eq. 17):
 * P(w | h) = (c(h w) + T(h) P(w | h')) / (c(h) + T(h)), T(h) the number of different words after h.
 */
export function estimateWittenBell(
  corpus: NgramCorpus,
  options: OrderOption & PruneOptions,
): NgramModel {
  checkOptions("estimateWittenBell", options, pruneKeys);
  return interpolatedModel(
    countNgrams(corpus, options.order),
    {
      method: "witten-bell",
      counts: "raw",
      mass: (count) => count,
      denominator: (total, types) => total + types,
    },
    options,
  );
}

/**
 * Maximum likelihood, P(w | h) = c(h w) / c(h). A context that was never seen is shortened until it was; a word that
 * never followed a seen context has probability 0.
 */
export function estimateMaximumLikelihood(corpus: NgramCorpus, options: OrderOption): NgramModel {
  checkOptions("estimateMaximumLikelihood", options, ["order"]);
  return interpolatedModel(countNgrams(corpus, options.order), {
    method: "maximum-likelihood",
    counts: "raw",
    mass: (count) => count,
    denominator: (total) => total,
  });
}

export interface JelinekMercerOptions extends OrderOption, PruneOptions {
  /** λ of each order from 1, each 0..1: the weight of the order's own estimate. */
  readonly lambdas: readonly number[];
}

/**
 * Jelinek-Mercer interpolation (Jelinek & Mercer 1980):
 * P(w | h) = λ_n c(h w) / c(h) + (1 - λ_n) P(w | h'); a context never seen passes all to h'; below order 1 is 1/|V|.
 * `tuneJelinekMercer` finds the λ.
 */
export function estimateJelinekMercer(
  corpus: NgramCorpus,
  options: JelinekMercerOptions,
): NgramModel {
  checkOptions("estimateJelinekMercer", options, [...pruneKeys, "lambdas"]);
  checkLambdas(options.lambdas, options.order);
  return jelinekMercer(countNgrams(corpus, options.order), options.lambdas, options);
}

export function jelinekMercer(
  counts: NgramCounts,
  lambdas: readonly number[],
  options: PruneOptions = {},
): NgramModel {
  return interpolatedModel(
    counts,
    {
      method: "jelinek-mercer",
      counts: "raw",
      mass: (count, n) => lambdas[n - 1]! * count,
      denominator: (total) => total,
    },
    options,
  );
}

function checkLambdas(lambdas: readonly number[], order: number): void {
  checkInteger("estimateJelinekMercer", "order", order, { min: 1, max: 16 });
  if (lambdas.length !== order) {
    throw new OptionError(
      `estimateJelinekMercer: lambdas has ${lambdas.length} numbers, expected ${order} (order).`,
      { code: "OPTION_RANGE", details: { option: "lambdas", value: lambdas } },
    );
  }
  lambdas.forEach((lambda, i) => {
    checkNumber("estimateJelinekMercer", `lambdas[${i}]`, lambda, { min: 0, max: 1 });
  });
}
