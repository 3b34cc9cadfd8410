/**
 * One plot as one SVG string that stands alone: as a file, in an `<img>`, or inside a page.
 *
 * Inside a page the text takes the page's colour (`currentColor`). As a document of its own it follows the
 * reader's light or dark setting. Nothing is fetched, no script is in it.
 */
import * as Plot from "@observablehq/plot";
import { type DrawOptions, documentFor } from "./document.ts";

/** What all plots take. Sizes in CSS pixels. */
export interface PlotOptions extends DrawOptions {
  readonly title?: string;
  readonly width?: number;
  readonly height?: number;
}

export const plotOptionNames = ["title", "width", "height", "document"] as const;

/** Line and fill colours, distinguishable on white and on black and for colour-blind readers. */
export const palette = [
  "#3f7fd0", "#e07b1a", "#1f9e77", "#c95fa3", "#8a6fd1", "#b59a00", "#38a5c9", "#d1495b",
] as const; // biome-ignore format: a table

const namespace = "http://www.w3.org/2000/svg";
const fontSize = 12;
const titleHeight = 26;

// `svg:root` matches only where the SVG is the document: there it must bring its own colours.
const standaloneStyle =
  "svg:root{color-scheme:light dark;color:CanvasText;background:Canvas}text{white-space:pre}";

/**
 * Draws with Observable Plot and serialises. The description becomes the accessible name.
 *
 * @param legend - names and colours, drawn in one row above the plot.
 */
export function drawSvg(
  specification: Plot.PlotOptions,
  options: PlotOptions,
  description: string,
  legend: readonly LegendItem[] = [],
): string {
  const document = documentFor(options);
  const svg = Plot.plot({
    ...specification,
    document,
    style: { fontSize: `${fontSize}px`, background: "none", overflow: "visible" },
    figure: false,
  }) as unknown as SVGSVGElement;

  svg.setAttribute("xmlns", namespace);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", options.title ?? description);
  const style = document.createElementNS(namespace, "style");
  style.textContent = standaloneStyle;
  svg.insertBefore(style, svg.firstChild);

  const width = Number(svg.getAttribute("width"));
  const rows = layOutLegend(legend, width);
  const top = (options.title === undefined ? 0 : titleHeight) + rows.length * legendRowHeight;
  if (top > 0) growUpwards(svg, top);
  if (options.title !== undefined) drawTitle(document, svg, options.title, top);
  drawLegend(document, svg, rows);
  return svg.outerHTML;
}

export interface LegendItem {
  readonly name: string;
  readonly color: string;
}

type PlacedItem = LegendItem & { readonly x: number };

const legendRowHeight = 20;
const legendLeft = 12;

/** Rows of items from left to right, a new row where the width is used up. */
function layOutLegend(items: readonly LegendItem[], width: number): PlacedItem[][] {
  const rows: PlacedItem[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const needed = 34 + textWidth(item.name);
    if (x + needed > width) {
      rows.push([]);
      x = legendLeft;
    }
    rows.at(-1)?.push({ ...item, x });
    x += needed;
  }
  return rows;
}

function drawLegend(document: Document, svg: SVGSVGElement, rows: PlacedItem[][]): void {
  const begin = -rows.length * legendRowHeight;
  for (const [row, items] of rows.entries()) {
    const y = begin + row * legendRowHeight + 8;
    for (const { name, color, x } of items) {
      append(document, svg, "rect", { x, y, width: 16, height: 4, rx: 2, fill: color });
      append(document, svg, "text", { x: x + 21, y: y + 6, "text-anchor": "start" }, name);
    }
  }
}

function drawTitle(document: Document, svg: SVGSVGElement, title: string, top: number): void {
  const attributes = { x: legendLeft, y: 17 - top, "text-anchor": "start", "font-weight": 600 };
  append(document, svg, "text", { ...attributes, "font-size": 14 }, title);
}

function growUpwards(svg: SVGSVGElement, by: number): void {
  const width = Number(svg.getAttribute("width"));
  const height = Number(svg.getAttribute("height")) + by;
  svg.setAttribute("height", String(height));
  svg.setAttribute("viewBox", `0 ${-by} ${width} ${height}`);
}

function append(
  document: Document,
  parent: SVGElement,
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  text?: string,
): void {
  const element = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  parent.appendChild(element);
}

/** About how wide a text is at the plots' font size: no font is at hand to measure with. Wide scripts count double. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    width += point >= 0x1100 && point < 0x1f000 && point !== 0x2423 ? fontSize : 0.58 * fontSize;
  }
  return width;
}

/** A token as a reader can see it: spaces, line ends and emptiness get a sign. */
export function visibleToken(token: string): string {
  if (token === "") return "∅";
  return token
    .replaceAll(" ", "␣")
    .replaceAll("\n", "⏎")
    .replaceAll("\t", "⇥")
    .replace(/\p{Cc}|\p{Cs}/gu, "\ufffd");
}

/** A number as a tooltip shows it. @example shortNumber(0.123456) // "0.1235" */
export function shortNumber(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}
