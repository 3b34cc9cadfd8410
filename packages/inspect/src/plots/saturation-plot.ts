/** Each unit by how often it is open and how often closed. */
import * as Plot from "@observablehq/plot";
import { checkInteger, checkOptions, ShapeError } from "@seq/core";
import type { Saturation } from "../gates/saturation.ts";
import { drawSvg, type PlotOptions, palette, plotOptionNames, shortNumber } from "./svg.ts";

/**
 * A dot per unit: share of steps at which it is saturated low against share saturated high. Dots near the
 * origin are units in between, those on the diagonal line never are.
 *
 * @param gates - saturations by the gate's name, drawn side by side.
 * @throws {ShapeError} `NO_DATA` without gates.
 * @see Karpathy, Johnson & Fei-Fei 2015, fig. 3.
 */
export function saturationPlot(
  gates: Readonly<Record<string, Saturation>>,
  options: PlotOptions = {},
): string {
  checkOptions("saturationPlot", options, plotOptionNames);
  const names = Object.keys(gates);
  if (names.length === 0) {
    throw new ShapeError("saturationPlot: there are no gates.", { code: "NO_DATA" });
  }
  const dots = names.flatMap((gate) => {
    const { low, high } = gates[gate] as Saturation;
    return Array.from(low, (share, unit) => ({
      gate,
      low: share,
      high: high[unit] as number,
      unit,
    }));
  });
  const line = names.flatMap((gate) => [
    { gate, low: 0, high: 1 },
    { gate, low: 1, high: 0 },
  ]);
  const height = checkInteger("saturationPlot", "height", options.height ?? 300, { min: 100 });
  return drawSvg(
    {
      width: checkInteger("saturationPlot", "width", options.width ?? 80 + 250 * names.length, {
        min: 100,
      }),
      height,
      marginLeft: 56,
      marginTop: 44,
      marginBottom: 40,
      fx: { domain: names, label: null, padding: 0.12 },
      x: { domain: [0, 1], label: "share saturated high", ticks: 5 },
      y: { domain: [0, 1], label: "share saturated low", ticks: 5, grid: true },
      marks: [
        Plot.frame({ strokeOpacity: 0.25 }),
        Plot.line(line, {
          fx: "gate",
          x: "high",
          y: "low",
          strokeOpacity: 0.4,
          strokeDasharray: "4 3",
        }),
        Plot.dot(dots, {
          fx: "gate",
          x: "high",
          y: "low",
          r: 4,
          fill: palette[0],
          fillOpacity: 0.55,
          title: (dot: (typeof dots)[number]) =>
            `${dot.gate}, unit ${dot.unit}: low ${shortNumber(dot.low)}, high ${shortNumber(dot.high)}`,
        }),
      ],
    },
    options,
    `Saturation of the gates ${names.join(", ")}`,
  );
}

/** How often each value occurs, one histogram per gate. */
export function gateHistogram(
  gates: Readonly<Record<string, Saturation>>,
  options: PlotOptions = {},
): string {
  checkOptions("gateHistogram", options, plotOptionNames);
  const names = Object.keys(gates);
  if (names.length === 0) {
    throw new ShapeError("gateHistogram: there are no gates.", { code: "NO_DATA" });
  }
  const bars = names.flatMap((gate) => {
    const { histogram, range } = gates[gate] as Saturation;
    const total = histogram.reduce((sum, count) => sum + count, 0);
    const width = (range[1] - range[0]) / histogram.length;
    return Array.from(histogram, (count, i) => ({
      gate,
      from: range[0] + i * width,
      to: range[0] + (i + 1) * width,
      share: count / total,
    }));
  });
  return drawSvg(
    {
      width: checkInteger("gateHistogram", "width", options.width ?? 80 + 250 * names.length, {
        min: 100,
      }),
      height: checkInteger("gateHistogram", "height", options.height ?? 260, { min: 100 }),
      marginLeft: 56,
      marginTop: 44,
      marginBottom: 40,
      fx: { domain: names, label: null, padding: 0.12 },
      x: { label: "value", ticks: 5 },
      y: { label: "share", grid: true },
      marks: [
        Plot.ruleY([0], { strokeOpacity: 0.4 }),
        Plot.rectY(bars, {
          fx: "gate",
          x1: "from",
          x2: "to",
          y: "share",
          fill: palette[0],
          insetLeft: 0.5,
          insetRight: 0.5,
          title: (bar: (typeof bars)[number]) =>
            `${bar.gate}, ${shortNumber(bar.from)} to ${shortNumber(bar.to)}: ${(100 * bar.share).toFixed(1)} %`,
        }),
      ],
    },
    options,
    `Values of the gates ${names.join(", ")}`,
  );
}
