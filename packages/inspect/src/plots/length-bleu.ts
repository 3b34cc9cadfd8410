/** Translation quality by length of the source: where attention and memory give out. */

import { checkOptions, OptionError, ShapeError } from "@seq/core";
import { Bleu, bootstrapConfidence, corpusStatistics, type References } from "@seq/eval";
import { type LinePlotOptions, linePlot } from "./line-plot.ts";

export interface LengthBleuBucket {
  /** Source lengths from, to (inclusive), in the unit of the given lengths. */
  readonly from: number;
  readonly to: number;
  readonly segments: number;
  readonly bleu: number;
  /** 95 % bootstrap interval. */
  readonly low: number;
  readonly high: number;
}

export interface LengthBleuOptions {
  /** Upper edges of the buckets, ascending, the last open. Default 10, 20, 30, 40, 50, 60. */
  readonly edges?: readonly number[];
  /** Default 200. */
  readonly samples?: number;
}

/**
 * Corpus BLEU of the segments in each range of source lengths; empty ranges are left out.
 *
 * @throws {ShapeError} `LENGTH_MISMATCH` when lengths and hypotheses differ in number; as `corpusBleu`.
 * @see Bahdanau et al. 2015, fig. 2.
 */
export function bleuByLength(
  sourceLengths: ArrayLike<number>,
  hypotheses: readonly string[],
  references: References,
  options: LengthBleuOptions = {},
): LengthBleuBucket[] {
  checkOptions("bleuByLength", options, ["edges", "samples"]);
  const { edges = [10, 20, 30, 40, 50, 60], samples = 200 } = options;
  if (edges.length === 0 || edges.some((edge, i) => i > 0 && edge <= (edges[i - 1] as number))) {
    throw new OptionError(
      `bleuByLength: edges are ${edges.join(", ")}, expected an ascending list.`,
      {
        code: "OPTION_RANGE",
      },
    );
  }
  if (sourceLengths.length !== hypotheses.length) {
    throw new ShapeError(
      `bleuByLength: ${sourceLengths.length} source lengths for ${hypotheses.length} hypotheses; give one each.`,
      { code: "LENGTH_MISMATCH" },
    );
  }
  const metric = new Bleu();
  const rows = corpusStatistics(metric, hypotheses, references);
  const bounds = [...edges, Number.POSITIVE_INFINITY];
  return bounds.flatMap((to, i) => {
    const from = i === 0 ? 0 : (bounds[i - 1] as number) + 1;
    const own = rows.filter((_, k) => sourceLengths[k]! >= from && sourceLengths[k]! <= to);
    if (own.length === 0) return [];
    const sum = own.reduce((total, row) => metric.merge(total, row), metric.empty());
    const { low, high } = bootstrapConfidence(metric, own, { samples });
    return [{ from, to, segments: own.length, bleu: metric.score(sum).value, low, high }];
  });
}

/** BLEU over source length with its interval, a curve per system. */
export function lengthBleuPlot(
  systems: readonly { readonly name: string; readonly buckets: readonly LengthBleuBucket[] }[],
  options: LinePlotOptions = {},
): string {
  return linePlot(
    "lengthBleuPlot",
    systems.map(({ name, buckets }) => ({
      name,
      // An open bucket is drawn a little beyond its lower edge.
      x: buckets.map(({ from, to }) => (Number.isFinite(to) ? to : from + 9)),
      y: buckets.map(({ bleu }) => bleu),
      low: buckets.map(({ low }) => low),
      high: buckets.map(({ high }) => high),
    })),
    { xLabel: "source length, up to", yLabel: "BLEU", ...options },
  );
}
