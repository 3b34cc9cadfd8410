import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { attentionHeatmap } from "./attention-heatmap.ts";
import { documentFor } from "./document.ts";
import { lossCurves } from "./loss-curves.ts";
import { visibleToken } from "./svg.ts";

/** The drawing as elements, so that tests read what a browser would. */
function parse(svg: string): SVGElement {
  const { document } = parseHTML(`<!doctype html><html><body>${svg}</body></html>`);
  return document.querySelector("svg") as unknown as SVGElement;
}
const titles = (svg: string) =>
  Array.from(parse(svg).querySelectorAll("title"), (title) => title.textContent);
const texts = (svg: string) =>
  Array.from(parse(svg).querySelectorAll("text"), (text) => text.textContent);

describe("attentionHeatmap", () => {
  const weights = [
    [0.9, 0.1, 0],
    [0.25, 0.25, 0.5],
  ];

  test("draws a cell per pair of tokens, opacity = weight, and names both tokens on hover", () => {
    const svg = attentionHeatmap(["das", "das", " haus"], ["the", "</s>"], weights);
    expect(titles(svg)).toEqual([
      "the ← das: 0.9",
      "the ← das: 0.1",
      "the ← ␣haus: 0",
      "</s> ← das: 0.25",
      "</s> ← das: 0.25",
      "</s> ← ␣haus: 0.5",
    ]);
    const cells = Array.from(parse(svg).querySelectorAll("[aria-label=cell] rect"));
    expect(cells.map((cell) => Number(cell.getAttribute("fill-opacity")))).toEqual([
      0.9, 0.1, 0, 0.25, 0.25, 0.5,
    ]);
    expect(texts(svg)).toEqual(["the", "</s>", "das", "das", "␣haus"]);
  });

  test("takes a flat array of the same numbers", () => {
    const flat = Float32Array.from([0.5, 0.5, 0.25, 0.75]);
    const nested = [
      [0.5, 0.5],
      [0.25, 0.75],
    ];
    expect(attentionHeatmap(["a", "b"], ["c", "d"], flat)).toBe(
      attentionHeatmap(["a", "b"], ["c", "d"], nested),
    );
  });

  test("stands alone and escapes what tokens hold", () => {
    const svg = attentionHeatmap(['<script>alert("x")</script>'], ["&"], [[1]], { title: "a < b" });
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).not.toContain("<script");
    expect(svg).toContain("&lt;script&gt;");
    expect(texts(svg)).toContain("a < b");
  });

  test("refuses weights of another size or outside 0..1, naming the place", () => {
    expect(() => attentionHeatmap(["a"], ["b", "c"], [[1]])).toThrowError(
      expect.objectContaining({
        code: "LENGTH_MISMATCH",
        message: "attentionHeatmap: weights are [1, 1], expected [2, 1] (target, source tokens).",
      }),
    );
    expect(() => attentionHeatmap(["a", "b"], ["c"], [0.5, Number.NaN])).toThrowError(
      "attentionHeatmap: the weight of target token 1 on source token 2 is NaN, expected 0 to 1.",
    );
    expect(() => attentionHeatmap([], ["c"], [])).toThrowError(
      expect.objectContaining({ code: "NO_DATA" }),
    );
    expect(() => attentionHeatmap(["a"], ["b"], [1], { widht: 1 } as never)).toThrowError(
      expect.objectContaining({ code: "UNKNOWN_OPTION" }),
    );
  });
});

describe("lossCurves", () => {
  test("draws a line, a legend entry and points with values per curve, and a gap at NaN", () => {
    const svg = lossCurves(
      [
        { name: "train", x: [1, 2, 3, 4], y: [4, Number.NaN, 2, 1.5] },
        { name: "valid", x: [2, 4], y: [3, 2.5], low: [2.5, 2], high: [3.5, 3] },
      ],
      { title: "Loss", xLabel: "epoch" },
    );
    expect(texts(svg)).toEqual(expect.arrayContaining(["Loss", "train", "valid", "1", "4"]));
    expect(titles(svg)).toEqual([
      "train, 1: 4",
      "train, 3: 2",
      "train, 4: 1.5",
      "valid, 2: 3 [2.5, 3.5]",
      "valid, 4: 2.5 [2, 3]",
    ]);
    const lines = Array.from(parse(svg).querySelectorAll("[aria-label=line] path"));
    expect(lines).toHaveLength(2);
    expect(lines[0]?.getAttribute("d")?.match(/M/g)).toHaveLength(2); // broken at NaN
    expect(parse(svg).querySelectorAll("[aria-label=area] path")).toHaveLength(1);
  });

  test("keeps the hover points of a long curve few and the last one among them", () => {
    const x = Array.from({ length: 5000 }, (_, i) => i);
    const svg = lossCurves([{ name: "train", x, y: x }]);
    expect(titles(svg).length).toBeLessThanOrEqual(151);
    expect(titles(svg).at(-1)).toBe("train, 4999: 4999");
  });

  test("refuses curves whose arrays differ in length", () => {
    expect(() => lossCurves([{ name: "a", x: [1, 2], y: [1] }])).toThrowError(
      'lossCurves: curve "a" has 2 values of x and 1 of y; give one per point.',
    );
    expect(() => lossCurves([])).toThrowError(expect.objectContaining({ code: "NO_DATA" }));
  });
});

test("a document may be given, as in a worker", () => {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  expect(documentFor({ document })).toBe(document);
  const curve = { name: "a", x: [1, 2], y: [1, 2] };
  expect(lossCurves([curve], { document })).toBe(lossCurves([curve]));
});

test("tokens are shown so that white space can be seen", () => {
  expect(["", " the", "a\nb\t", "\u0000"].map(visibleToken)).toEqual([
    "∅",
    "␣the",
    "a⏎b⇥",
    "\ufffd",
  ]);
});
