/** Curves over one axis, with a band where one is given: what most plots of this package are. */
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

export interface LinePlotOptions extends PlotOptions {
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** Default `"linear"`. On `"log"` values of 0 and below are left out of the line. */
  readonly xScale?: "linear" | "log";
  readonly yScale?: "linear" | "log";
  /** Lowest and highest value shown. Default: those of the curves. */
  readonly yDomain?: readonly [number, number];
}

/** A horizontal line that curves are read against. */
export interface Threshold {
  readonly y: number;
  readonly name: string;
}

export const linePlotOptionNames = [
  ...plotOptionNames, "xLabel", "yLabel", "xScale", "yScale", "yDomain",
] as const; // biome-ignore format: a list

interface Point {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

const maxHoverPoints = 150; // per curve

/**
 * Draws curves. Where y is not finite, the line has a gap. Points show their values on hover; of long curves
 * at most 150, evenly spread.
 *
 * @throws {ShapeError} `LENGTH_MISMATCH` when the arrays of a curve differ in length, `NO_DATA` without curves.
 * @throws {OptionError} for unknown options.
 */
export function linePlot(
  where: string,
  curves: readonly Curve[],
  options: LinePlotOptions,
  threshold?: Threshold,
): string {
  checkOptions(where, options, linePlotOptionNames);
  const xScale = checkOneOf(where, "xScale", options.xScale ?? "linear", ["linear", "log"]);
  const yScale = checkOneOf(where, "yScale", options.yScale ?? "linear", ["linear", "log"]);
  const width = checkInteger(where, "width", options.width ?? 720, { min: 100 });
  const height = checkInteger(where, "height", options.height ?? 360, { min: 100 });
  if (curves.length === 0) {
    throw new ShapeError(`${where}: there are no curves; give at least one.`, { code: "NO_DATA" });
  }
  const points = curves.map((curve) => pointsOf(where, curve, xScale, yScale));
  const colors = new Map(
    curves.map(({ name }, i) => [name, palette[i % palette.length] as string]),
  );
  const color = ({ name }: Point) => colors.get(name) as string;
  const all = points.flat();
  const showDots = curves.every(({ x }) => x.length <= 40); // else only something to point at
  const rules = threshold === undefined ? [] : [threshold];
  return drawSvg(
    {
      width,
      height,
      marginLeft: 60,
      marginTop: 28,
      marginBottom: 40,
      x: { label: options.xLabel ?? null, type: xScale },
      y: {
        label: options.yLabel ?? null,
        type: yScale,
        grid: true,
        nice: true,
        ...logTicks(all, yScale),
        ...(options.yDomain === undefined ? {} : { domain: [...options.yDomain] }),
      },
      marks: [
        ...wholeTicks(all),
        Plot.areaY(
          all.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high)),
          { x: "x", y1: "low", y2: "high", z: "name", fill: color, fillOpacity: 0.18 },
        ),
        Plot.ruleY(rules, {
          y: "y",
          strokeDasharray: "4 3",
          strokeOpacity: 0.6,
          title: ({ name, y }: Threshold) => `${name}: ${shortNumber(y)}`,
        }),
        Plot.line(all, { x: "x", y: "y", z: "name", stroke: color, strokeWidth: 2 }),
        Plot.dot(points.flatMap(hoverPoints), {
          x: "x",
          y: "y",
          r: showDots ? 2.5 : 5,
          fill: color,
          fillOpacity: showDots ? 1 : 0,
          title: titleOf,
        }),
      ],
    },
    options,
    `Curves of ${curves.map(({ name }) => name).join(", ")}`,
    curves.map(({ name }) => ({ name, color: colors.get(name) as string })),
  );
}

/** Over many decades a tick per power of ten (or of a thousand ...): Plot's own would run into each other. */
function logTicks(points: readonly Point[], yScale: "linear" | "log") {
  if (yScale === "linear") return {};
  const logs = points.map(({ y }) => Math.log10(y)).filter(Number.isFinite);
  const [from, to] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
  if (!(to - from > 2)) return {};
  const step = Math.ceil((to - from) / 8);
  const ticks = [];
  for (let power = from; power <= to; power += step) ticks.push(10 ** power);
  return { ticks, tickFormat: (value: number) => `1e${Math.round(Math.log10(value))}` };
}

/**
 * A handful of epochs gets a tick each: 1.5 epochs never happened. As an axis of its own, because Plot thins
 * out the names of ticks on a logarithmic scale.
 */
function wholeTicks(points: readonly Point[]): Plot.Markish[] {
  const values = [...new Set(points.map(({ x }) => x))];
  if (values.length > 12 || !values.every(Number.isInteger)) return [];
  return [Plot.axisX(values, { text: (value: number) => String(value) })];
}

function pointsOf(
  where: string,
  curve: Curve,
  xScale: "linear" | "log",
  yScale: "linear" | "log",
): Point[] {
  const { name, x, y, low, high } = curve;
  for (const [key, other] of Object.entries({ y, low, high })) {
    if (other !== undefined && other.length !== x.length) {
      throw new ShapeError(
        `${where}: curve "${name}" has ${x.length} values of x and ${other.length} of ${key}; give one per point.`,
        { code: "LENGTH_MISMATCH", details: { curve: name } },
      );
    }
  }
  const drawable = (value: number | undefined) =>
    value !== undefined && Number.isFinite(value) && (yScale === "linear" || value > 0)
      ? value
      : Number.NaN;
  const placeable = (value: number) => (xScale === "linear" || value > 0 ? value : Number.NaN);
  return Array.from(x, (value, i) => ({
    name,
    x: placeable(value),
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
  return chosen.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
}

function titleOf({ name, x, y, low, high }: Point): string {
  const band = Number.isFinite(low) ? ` [${shortNumber(low)}, ${shortNumber(high)}]` : "";
  return `${name}, ${shortNumber(x)}: ${shortNumber(y)}${band}`;
}
