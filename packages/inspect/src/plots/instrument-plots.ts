/** A picture for each instrument that gives curves. */
import { ShapeError } from "@seq/core";
import type { GroupResult } from "../behaviour/minimal-pairs.ts";
import type { ExplodingRun } from "../experiments/exploding-gradients.ts";
import type { MemorySpan } from "../experiments/memory-span.ts";
import type { LayerProbe } from "../probes/probe-layers.ts";
import { type Curve, type LinePlotOptions, linePlot } from "./line-plot.ts";

/** Norms for t = 0 to T, by name. */
export interface NamedNorms {
  readonly name: string;
  readonly norms: ArrayLike<number>;
}

/**
 * ‖∂J_T/∂h_t‖ over the distance T - t, on a logarithmic scale: straight lines are constant factors per step.
 *
 * @throws {ShapeError} `NO_DATA` without curves.
 */
export function gradientFlowPlot(
  curves: readonly NamedNorms[],
  options: LinePlotOptions = {},
): string {
  return linePlot(
    "gradientFlowPlot",
    curves.map(({ name, norms }) => ({
      name,
      x: Array.from(norms, (_, t) => norms.length - 1 - t),
      y: norms,
    })),
    { xLabel: "distance T - t (steps)", yLabel: "‖∂J/∂h‖", yScale: "log", ...options },
  );
}

/** Influence of a token on the next-token distribution over its distance; see `influenceAtDistance`. */
export function influencePlot(
  curves: readonly { readonly name: string; readonly influence: ArrayLike<number> }[],
  options: LinePlotOptions = {},
): string {
  return linePlot(
    "influencePlot",
    curves.map(({ name, influence }) => ({
      name,
      x: Array.from(influence, (_, i) => i + 1),
      y: influence,
    })),
    { xLabel: "distance (tokens)", yLabel: "KL (nats)", yScale: "log", ...options },
  );
}

/** Accuracy on delayed copy by delay, with the threshold that counts as remembered. */
export function memorySpanPlot(
  spans: readonly MemorySpan[],
  options: LinePlotOptions = {},
): string {
  return linePlot(
    "memorySpanPlot",
    spans.map(({ cell, delays, accuracies, span }) => ({
      name: `${cell} (${span})`,
      x: delays,
      y: accuracies,
    })),
    { xLabel: "delay (steps)", yLabel: "accuracy", xScale: "log", yDomain: [0, 1], ...options },
    { y: 0.9, name: "remembered" },
  );
}

/** Error rates by group: attractors, distance ... */
export function errorRatePlot(
  curves: readonly { readonly name: string; readonly groups: readonly GroupResult[] }[],
  options: LinePlotOptions = {},
): string {
  return linePlot(
    "errorRatePlot",
    curves.map(({ name, groups }) => ({
      name,
      x: groups.map(({ group }) => group),
      y: groups.map(({ errorRate }) => errorRate),
    })),
    { xLabel: "attractors", yLabel: "error rate", yDomain: [0, 1], ...options },
  );
}

/** Loss of the runs without and with clipping; the norms with `what: "gradientNorms"`. */
export function explodingGradientsPlot(
  runs: readonly ExplodingRun[],
  options: LinePlotOptions & { readonly what?: "losses" | "gradientNorms" } = {},
): string {
  const { what = "losses", ...rest } = options;
  const curves: Curve[] = runs.map((run) => ({
    name: run.clipNorm === null ? "not clipped" : `clipped to ${run.clipNorm}`,
    x: Array.from(run[what], (_, i) => i + 1),
    y: run[what],
  }));
  const yLabel = what === "losses" ? "loss (nats)" : "gradient norm before clipping";
  return linePlot("explodingGradientsPlot", curves, {
    xLabel: "step",
    yLabel,
    yScale: "log",
    ...rest,
  });
}

/** Probe accuracy by layer, a curve per set of labels and one for its control. */
export function probePlot(probes: readonly LayerProbe[], options: LinePlotOptions = {}): string {
  const labels = [...new Set(probes.map(({ label }) => label))];
  if (labels.length === 0) {
    throw new ShapeError("probePlot: there are no probes.", { code: "NO_DATA" });
  }
  const curves = labels.flatMap((label) => {
    const own = probes.filter((probe) => probe.label === label);
    const x = own.map(({ layer }) => layer);
    return [
      { name: label, x, y: own.map(({ accuracy }) => accuracy) },
      { name: `${label}, shuffled`, x, y: own.map(({ control }) => control) },
    ];
  });
  return linePlot("probePlot", curves, {
    xLabel: "layer",
    yLabel: "accuracy",
    yDomain: [0, 1],
    ...options,
  });
}

/** The product of forget gates and the measured gradients of one unit along the cell; see `cellPath`. */
export function cellPathPlot(
  path: {
    readonly forgetProducts: readonly Float64Array[];
    readonly direct: readonly Float64Array[];
    readonly total: readonly Float64Array[];
  },
  unit: number,
  options: LinePlotOptions = {},
): string {
  const curve = (name: string, rows: readonly Float64Array[]) => ({
    name,
    norms: Float64Array.from(rows, (row) => Math.abs(row[unit] ?? Number.NaN)),
  });
  return gradientFlowPlot(
    [
      curve("all paths", path.total),
      curve("along the cell", path.direct),
      curve("product of forget gates", path.forgetProducts),
    ],
    { yLabel: "|∂c_T/∂c_t|", ...options },
  );
}
