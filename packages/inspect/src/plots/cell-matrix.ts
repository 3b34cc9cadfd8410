/** A matrix of coloured cells with a name per row and column: attention, gates over tokens, confusions. */
import * as Plot from "@observablehq/plot";
import { drawSvg, type LegendItem, type PlotOptions, textWidth } from "./svg.ts";

export interface MatrixCell {
  readonly row: number;
  readonly column: number;
  readonly fill: string;
  /** 0 to 1. */
  readonly opacity: number;
  readonly title: string;
  /** Written into the cell. */
  readonly text?: string;
}

export interface MatrixLayout {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly cells: readonly MatrixCell[];
  readonly rowAxis?: string;
  readonly columnAxis?: string;
  /** Side of a cell in pixels. Default: 34, less for many cells. */
  readonly side?: number;
  readonly legend?: readonly LegendItem[];
  readonly description: string;
}

/** Column names stand slanted above the matrix, upright where cells are small, and every n-th where they are tiny. */
export function drawMatrix(layout: MatrixLayout, options: PlotOptions): string {
  const { rows, columns, cells } = layout;
  const side =
    layout.side ??
    Math.max(14, Math.min(34, Math.floor(900 / Math.max(columns.length, rows.length))));
  const marginLeft =
    Math.ceil(Math.max(30, ...rows.map(textWidth)) + 14) + (layout.rowAxis ? 18 : 0);
  const angle = side < 18 ? 90 : 50; // slanted names of narrow columns would run into each other
  const [up, out] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];
  const longest = Math.max(...columns.map(textWidth));
  const marginTop = Math.ceil(up * longest + 24) + (layout.columnAxis ? 16 : 0);
  const slanted = Math.ceil(out * textWidth(columns.at(-1) as string) + 8); // the last name leans out
  const natural = marginLeft + side * columns.length + slanted;
  const titleWidth = options.title === undefined ? 0 : 1.3 * textWidth(options.title) + 24;
  const width = options.width ?? Math.ceil(Math.max(natural, titleWidth));
  const marginRight = options.width === undefined ? slanted + (width - natural) : slanted;
  const height = options.height ?? marginTop + 12 + side * rows.length;
  const written = cells.filter(({ text }) => text !== undefined);
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
        domain: columns.map((_, i) => i),
        ...sparseTicks(columns, (width - marginLeft - marginRight) / columns.length),
        tickRotate: -angle,
        tickSize: 0,
        label: layout.columnAxis ?? null,
        labelAnchor: "left",
        labelArrow: "none",
        padding: 0.06,
      },
      y: {
        domain: rows.map((_, i) => i),
        ...sparseTicks(rows, (height - marginTop - 12) / rows.length),
        tickSize: 0,
        label: layout.rowAxis ?? null,
        labelAnchor: "center",
        labelArrow: "none",
        padding: 0.06,
      },
      marks: [
        Plot.frame({ strokeOpacity: 0.25 }),
        Plot.cell(cells, {
          x: "column",
          y: "row",
          fill: "fill",
          fillOpacity: "opacity",
          title: "title",
        }),
        Plot.text(written, { x: "column", y: "row", text: "text", pointerEvents: "none" }),
      ],
      color: { type: "identity" },
      opacity: { type: "identity" },
    },
    options,
    layout.description,
    layout.legend ?? [],
  );
}

/** All names while they fit, else every n-th. */
function sparseTicks(names: readonly string[], room: number) {
  const every = Math.max(1, Math.ceil(12 / room));
  const indices = names.map((_, i) => i);
  return {
    ticks: indices.filter((i) => i % every === 0),
    tickFormat: (i: number) => names[i] as string,
  };
}
