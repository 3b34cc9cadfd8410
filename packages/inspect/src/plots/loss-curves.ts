/** Training and validation loss (or any measure) over steps, with a band where one is given. */
import * as Plot from "@observablehq/plot";
import { checkInteger, checkOneOf, checkOptions, ShapeError } from "@seq/core";
import { drawSvg, type PlotOptions, palette, plotOptionNames, shortNumber } from "./svg.ts";

/** One curve. All arrays have the same length. */
export interface Curve {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Lower and upper edge of a band around the curve. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
}

export interface LossCurveOptions extends PlotOptions {
  /** Default `"step"`. */
  readonly xLabel?: string;
  /** Default `"loss (nats)"`. */
  readonly yLabel?: string;
  /** Default `"linear"`. On `"log"` values of 0 and below are left out of the line. */
  readonly yScale?: "linear" | "log";
}

interface Point {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

const maxHoverPoints = 150; // per curve

/**
 * Curves over one axis as an SVG string. Where y is not finite, the line has a gap. Points show their values
 * on hover; of long curves at most 150, evenly spread.
 *
 * @throws {ShapeError} `LENGTH_MISMATCH` when the arrays of a curve differ in length, `NO_DATA` without curves.
 * @throws {OptionError} for unknown options.
 * @example
 * const svg = lossCurves([{ name: "train", x: [1, 2, 3], y: [4.1, 3.2, 2.9] }], { title: "Translator" });
 */
export function lossCurves(curves: readonly Curve[], options: LossCurveOptions = {}): string {
  checkOptions("lossCurves", options, [...plotOptionNames, "xLabel", "yLabel", "yScale"]);
  const yScale = checkOneOf("lossCurves", "yScale", options.yScale ?? "linear", ["linear", "log"]);
  const width = checkInteger("lossCurves", "width", options.width ?? 720, { min: 100 });
  const height = checkInteger("lossCurves", "height", options.height ?? 360, { min: 100 });
  if (curves.length === 0) {
    throw new ShapeError("lossCurves: there are no curves; give at least one.", {
      code: "NO_DATA",
    });
  }
  const points = curves.map((curve) => pointsOf(curve, yScale));
  const color = (name: string) =>
    palette[curves.findIndex((c) => c.name === name) % palette.length];
  const all = points.flat();
  const showDots = curves.every(({ x }) => x.length <= 40); // else only something to point at
  return drawSvg(
    {
      width,
      height,
      marginLeft: 56,
      marginTop: 28,
      marginBottom: 40,
      x: { label: options.xLabel ?? "step", ...wholeTicks(all) },
      y: { label: options.yLabel ?? "loss (nats)", type: yScale, grid: true, nice: true },
      marks: [
        Plot.areaY(
          all.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high)),
          {
            x: "x",
            y1: "low",
            y2: "high",
            z: "name",
            fill: (p: Point) => color(p.name),
            fillOpacity: 0.18,
          },
        ),
        Plot.line(all, {
          x: "x",
          y: "y",
          z: "name",
          stroke: (p: Point) => color(p.name),
          strokeWidth: 2,
        }),
        Plot.dot(points.flatMap(hoverPoints), {
          x: "x",
          y: "y",
          r: showDots ? 2.5 : 5,
          fill: (p: Point) => color(p.name),
          fillOpacity: showDots ? 1 : 0,
          title: titleOf,
        }),
      ],
    },
    options,
    `Curves of ${curves.map(({ name }) => name).join(", ")}`,
    curves.map(({ name }) => ({ name, color: color(name) as string })),
  );
}

/** A handful of epochs gets a tick each: 1.5 epochs never happened. */
function wholeTicks(points: readonly Point[]): { ticks?: number[]; tickFormat?: string } {
  const values = [...new Set(points.map(({ x }) => x))];
  return values.length <= 12 && values.every(Number.isInteger)
    ? { ticks: values, tickFormat: "d" }
    : {};
}

function pointsOf(curve: Curve, yScale: "linear" | "log"): Point[] {
  const { name, x, y, low, high } = curve;
  for (const [key, other] of Object.entries({ y, low, high })) {
    if (other !== undefined && other.length !== x.length) {
      throw new ShapeError(
        `lossCurves: curve "${name}" has ${x.length} values of x and ${other.length} of ${key}; give one per point.`,
        { code: "LENGTH_MISMATCH", details: { curve: name } },
      );
    }
  }
  const drawable = (value: number | undefined) =>
    value !== undefined && Number.isFinite(value) && (yScale === "linear" || value > 0)
      ? value
      : Number.NaN;
  return Array.from(x, (value, i) => ({
    name,
    x: value,
    y: drawable(y[i]),
    low: drawable(low?.[i]),
    high: drawable(high?.[i]),
  }));
}

function hoverPoints(points: readonly Point[]): Point[] {
  const step = Math.max(1, points.length / maxHoverPoints);
  const chosen: Point[] = [];
  for (let i = 0; i < points.length; i += step) chosen.push(points[Math.floor(i)] as Point);
  const last = points.at(-1);
  if (last !== undefined && chosen.at(-1) !== last) chosen.push(last);
  return chosen.filter(({ y }) => Number.isFinite(y));
}

function titleOf({ name, x, y, low, high }: Point): string {
  const band = Number.isFinite(low) ? ` [${shortNumber(low)}, ${shortNumber(high)}]` : "";
  return `${name}, ${shortNumber(x)}: ${shortNumber(y)}${band}`;
}
