/** Training and validation loss (or any measure) over steps, and learning curves of several runs. */
import { ShapeError } from "@seq/core";
import { type Curve, type LinePlotOptions, linePlot } from "./line-plot.ts";

export type LossCurveOptions = LinePlotOptions;

/**
 * Curves as an SVG string; by default of a loss in nats over steps.
 *
 * @throws {ShapeError} `LENGTH_MISMATCH` when the arrays of a curve differ in length, `NO_DATA` without curves.
 * @throws {OptionError} for unknown options.
 * @example
 * const svg = lossCurves([{ name: "train", x: [1, 2, 3], y: [4.1, 3.2, 2.9] }], { title: "Translator" });
 */
export function lossCurves(curves: readonly Curve[], options: LossCurveOptions = {}): string {
  return linePlot("lossCurves", curves, { xLabel: "step", yLabel: "loss (nats)", ...options });
}

/** The same measure in several runs (seeds) of one setting. */
export interface RunGroup {
  readonly name: string;
  readonly x: ArrayLike<number>;
  /** One array per run, each as long as x. */
  readonly runs: readonly ArrayLike<number>[];
}

/**
 * The mean of several runs with the 95 % confidence band of that mean (Student's t; no band for one run).
 *
 * @throws {ShapeError} `NO_DATA` without runs, `LENGTH_MISMATCH` when a run is not as long as x.
 * @example lossCurves([confidenceCurve({ name: "LSTM", x: steps, runs: [seed0, seed1, seed2] })])
 */
export function confidenceCurve({ name, x, runs }: RunGroup): Curve {
  if (runs.length === 0) {
    throw new ShapeError(`confidenceCurve: "${name}" has no runs.`, { code: "NO_DATA" });
  }
  for (const [i, run] of runs.entries()) {
    if (run.length !== x.length) {
      throw new ShapeError(
        `confidenceCurve: run ${i + 1} of "${name}" has ${run.length} values, x has ${x.length}.`,
        { code: "LENGTH_MISMATCH", details: { run: i + 1 } },
      );
    }
  }
  const n = runs.length;
  const y = Array.from(x, (_, i) => runs.reduce((sum, run) => sum + run[i]!, 0) / n);
  if (n === 1) return { name, x, y };
  const half = y.map((mean, i) => {
    const variance = runs.reduce((sum, run) => sum + (run[i]! - mean) ** 2, 0) / (n - 1);
    return studentT(n - 1) * Math.sqrt(variance / n);
  });
  return {
    name,
    x,
    y,
    low: y.map((mean, i) => mean - half[i]!),
    high: y.map((mean, i) => mean + half[i]!),
  };
}

/** The 97.5 % point of Student's t: exact to three digits up to 10 degrees of freedom, then by expansion. */
function studentT(degrees: number): number {
  const table = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
  const z = 1.959964;
  // Cornish-Fisher (Abramowitz & Stegun 26.7.5).
  const expansion =
    z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
  return table[degrees - 1] ?? expansion;
}
