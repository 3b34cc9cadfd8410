/** Which class was taken for which: counts, coloured by the share of the actual class. */

import { checkOptions, ShapeError } from "@seq/core";
import type { ConfusionMatrix } from "@seq/eval";
import { drawMatrix } from "./cell-matrix.ts";
import { type PlotOptions, palette, plotOptionNames } from "./svg.ts";

/**
 * @param matrix - as `classificationScore(...).confusion` gives it.
 * @throws {ShapeError} `NO_DATA` without labels.
 */
export function confusionMatrixPlot(matrix: ConfusionMatrix, options: PlotOptions = {}): string {
  checkOptions("confusionMatrixPlot", options, plotOptionNames);
  const { labels, counts } = matrix;
  if (labels.length === 0) {
    throw new ShapeError("confusionMatrixPlot: there are no labels.", { code: "NO_DATA" });
  }
  const widest = Math.max(...counts.flat().map((count) => String(count).length));
  const cells = counts.flatMap((own, row) => {
    const total = own.reduce((sum, count) => sum + count, 0);
    return own.map((count, column) => {
      const share = total > 0 ? count / total : 0;
      return {
        row,
        column,
        fill: row === column ? palette[2] : palette[1],
        opacity: 0.85 * share, // full cells would hide the count
        title: `${labels[row]} taken for ${labels[column]}: ${count} (${(100 * share).toFixed(1)} %)`,
        ...(count > 0 ? { text: String(count) } : {}),
      };
    });
  });
  return drawMatrix(
    {
      rows: labels,
      columns: labels,
      cells,
      rowAxis: "actual",
      columnAxis: "predicted",
      side: Math.max(8 * widest + 12, Math.min(46, Math.floor(700 / labels.length))),
      legend: [
        { name: "right", color: palette[2] },
        { name: "wrong", color: palette[1] },
      ],
      description: `Confusion matrix of ${labels.length} classes`,
    },
    options,
  );
}
