/** Which source token each target token attended to, as a matrix of cells. */
import * as Plot from "@observablehq/plot";
import { checkOptions, FormatError, ShapeError } from "@seq/core";
import {
  drawSvg,
  type PlotOptions,
  palette,
  plotOptionNames,
  shortNumber,
  textWidth,
  visibleToken,
} from "./svg.ts";

interface Cell {
  readonly source: number;
  readonly target: number;
  readonly weight: number;
}

/**
 * Attention weights as an SVG string: a row per target token, a column per source token, opacity = weight
 * (0 invisible, 1 full). Each cell names its tokens and weight on hover.
 *
 * @param weights - `[target][source]`, or flat and row-major of that size; each in 0..1.
 * @throws {ShapeError} `LENGTH_MISMATCH` when weights and tokens differ in number, `NO_DATA` without tokens.
 * @throws {FormatError} `WEIGHT` for a weight outside 0..1, naming its place.
 * @see Bahdanau et al. 2015, fig. 3.
 */
export function attentionHeatmap(
  sourceTokens: readonly string[],
  targetTokens: readonly string[],
  weights: ArrayLike<number> | ArrayLike<ArrayLike<number>>,
  options: PlotOptions = {},
): string {
  checkOptions("attentionHeatmap", options, plotOptionNames);
  const cells = cellsOf(sourceTokens, targetTokens, weights);
  const sourceLabels = sourceTokens.map(visibleToken);
  const targetLabels = targetTokens.map(visibleToken);
  const marginLeft = Math.ceil(Math.max(30, ...targetLabels.map(textWidth)) + 14);
  const rotated = 0.78 * Math.max(...sourceLabels.map(textWidth)); // the height of text at 50 degrees
  const marginTop = Math.ceil(rotated + 24);
  const marginRight = Math.ceil(0.65 * textWidth(sourceLabels.at(-1) as string) + 8);
  const side = cellSide(sourceTokens.length, targetTokens.length);
  const width =
    options.width ?? Math.max(220, marginLeft + marginRight + side * sourceTokens.length);
  const height = options.height ?? marginTop + 12 + side * targetTokens.length;
  return drawSvg(
    {
      width,
      height,
      marginLeft,
      marginTop,
      marginRight,
      marginBottom: 12,
      x: {
        axis: "top",
        domain: sourceTokens.map((_, i) => i),
        tickFormat: (i: number) => sourceLabels[i] as string,
        tickRotate: -50,
        tickSize: 0,
        label: null,
        padding: 0.06,
        insetLeft: 0,
      },
      y: {
        domain: targetTokens.map((_, i) => i),
        tickFormat: (i: number) => targetLabels[i] as string,
        tickSize: 0,
        label: null,
        padding: 0.06,
      },
      marks: [
        Plot.frame({ strokeOpacity: 0.25 }),
        Plot.cell(cells, {
          x: "source",
          y: "target",
          fill: palette[0],
          fillOpacity: (cell: Cell) => cell.weight,
          title: (cell: Cell) =>
            `${targetLabels[cell.target]} ← ${sourceLabels[cell.source]}: ${shortNumber(cell.weight)}`,
        }),
      ],
    },
    options,
    `Attention of ${targetTokens.length} target tokens over ${sourceTokens.length} source tokens`,
  );
}

function cellSide(columns: number, rows: number): number {
  return Math.max(14, Math.min(34, Math.floor(900 / Math.max(columns, rows))));
}

function cellsOf(
  sourceTokens: readonly string[],
  targetTokens: readonly string[],
  weights: ArrayLike<number> | ArrayLike<ArrayLike<number>>,
): Cell[] {
  const columns = sourceTokens.length;
  const rows = targetTokens.length;
  if (columns === 0 || rows === 0) {
    throw new ShapeError(
      `attentionHeatmap: ${columns} source and ${rows} target tokens; give at least one of each.`,
      { code: "NO_DATA" },
    );
  }
  const nested = typeof weights[0] === "object";
  const lengths = nested
    ? Array.from(weights as ArrayLike<ArrayLike<number>>, (row) => row.length)
    : [];
  const fits = nested
    ? lengths.length === rows && lengths.every((length) => length === columns)
    : weights.length === rows * columns;
  if (!fits) {
    const came = nested
      ? `[${lengths.length}, ${[...new Set(lengths)].join(" or ")}]`
      : `${weights.length} values`;
    throw new ShapeError(
      `attentionHeatmap: weights are ${came}, expected [${rows}, ${columns}] (target, source tokens).`,
      { code: "LENGTH_MISMATCH", details: { rows, columns } },
    );
  }
  const cells: Cell[] = [];
  for (let target = 0; target < rows; target++) {
    for (let source = 0; source < columns; source++) {
      const row = nested ? (weights as ArrayLike<ArrayLike<number>>)[target] : undefined;
      const weight = row?.[source] ?? (weights as ArrayLike<number>)[target * columns + source];
      cells.push({ source, target, weight: checkWeight(weight as number, target, source) });
    }
  }
  return cells;
}

/** Rounding may leave a softmax a little above 1; that is drawn as 1. */
function checkWeight(weight: number, target: number, source: number): number {
  if (!(weight >= 0 && weight <= 1.0001)) {
    throw new FormatError(
      `attentionHeatmap: the weight of target token ${target + 1} on source token ${source + 1} is ${weight}, expected 0 to 1.`,
      { code: "WEIGHT", details: { target: target + 1, source: source + 1, weight } },
    );
  }
  return Math.min(1, weight);
}
