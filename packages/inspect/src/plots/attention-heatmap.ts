/** Which source token each target token attended to, as a matrix of cells. */
import { checkOptions, FormatError, ShapeError } from "@seq/core";
import { drawMatrix } from "./cell-matrix.ts";
import { type PlotOptions, palette, plotOptionNames, shortNumber, visibleToken } from "./svg.ts";

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
  const columns = sourceTokens.map(visibleToken);
  const rows = targetTokens.map(visibleToken);
  const cells = weightsOf(sourceTokens, targetTokens, weights).map((weight, i) => {
    const [row, column] = [Math.floor(i / columns.length), i % columns.length];
    const title = `${rows[row]} ← ${columns[column]}: ${shortNumber(weight)}`;
    return { row, column, fill: palette[0], opacity: weight, title };
  });
  const description = `Attention of ${rows.length} target tokens over ${columns.length} source tokens`;
  return drawMatrix({ rows, columns, cells, description }, options);
}

function weightsOf(
  sourceTokens: readonly string[],
  targetTokens: readonly string[],
  weights: ArrayLike<number> | ArrayLike<ArrayLike<number>>,
): number[] {
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
  const flat: number[] = [];
  for (let target = 0; target < rows; target++) {
    for (let source = 0; source < columns; source++) {
      const weight = nested
        ? (weights as ArrayLike<ArrayLike<number>>)[target]![source]
        : (weights as ArrayLike<number>)[target * columns + source];
      flat.push(checkWeight(weight as number, target, source));
    }
  }
  return flat;
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
