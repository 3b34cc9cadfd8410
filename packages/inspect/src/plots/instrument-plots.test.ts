import { classificationScore } from "@seq/eval";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { saturation } from "../gates/saturation.ts";
import { confusionMatrixPlot } from "./confusion-matrix.ts";
import { gateHeatmap } from "./gate-heatmap.ts";
import {
  cellPathPlot,
  errorRatePlot,
  explodingGradientsPlot,
  gradientFlowPlot,
  influencePlot,
  memorySpanPlot,
  probePlot,
} from "./instrument-plots.ts";
import { bleuByLength, lengthBleuPlot } from "./length-bleu.ts";
import { confidenceCurve, lossCurves } from "./loss-curves.ts";
import { gateHistogram, saturationPlot } from "./saturation-plot.ts";

function parse(svg: string): SVGElement {
  const { document } = parseHTML(`<!doctype html><html><body>${svg}</body></html>`);
  return document.querySelector("svg") as unknown as SVGElement;
}
const titles = (svg: string) =>
  Array.from(parse(svg).querySelectorAll("title"), (title) => title.textContent);
const texts = (svg: string) =>
  Array.from(parse(svg).querySelectorAll("text"), (text) => text.textContent as string);

describe("gradientFlowPlot", () => {
  test("runs from the end back, with a tick per power of ten where there are many", () => {
    const norms = Float64Array.from({ length: 11 }, (_, t) => 10 ** (t - 10));
    const svg = gradientFlowPlot([{ name: "Elman", norms }], { title: "Flow" });
    expect(titles(svg).at(0)).toBe("Elman, 10: 1e-10");
    expect(titles(svg).at(-1)).toBe("Elman, 0: 1");
    expect(texts(svg)).toEqual(expect.arrayContaining(["Flow", "Elman", "1e0", "1e-10"]));
  });

  test("leaves zeros out of the logarithmic line", () => {
    const svg = gradientFlowPlot([{ name: "dead", norms: [0, 0, 0.5, 1] }]);
    expect(titles(svg)).toEqual(["dead, 1: 0.5", "dead, 0: 1"]);
  });
});

describe("curves of instruments", () => {
  test("influence starts at distance 1", () => {
    const svg = influencePlot([{ name: "LSTM", influence: [0.5, 0.25] }]);
    expect(titles(svg)).toEqual(["LSTM, 1: 0.5", "LSTM, 2: 0.25"]);
  });

  test("memory spans name themselves and are read against the threshold", () => {
    const svg = memorySpanPlot([
      { cell: "GRU", delays: [2, 20, 80], accuracies: [1, 0.95, 0.5], span: 20, trainedDelay: 30 },
    ]);
    expect(texts(svg)).toEqual(expect.arrayContaining(["GRU (20)", "2", "20", "80"]));
    expect(titles(svg)).toEqual(expect.arrayContaining(["remembered: 0.9", "GRU (20), 80: 0.5"]));
  });

  test("error rates are drawn by group", () => {
    const groups = [
      { group: 0, items: 10, errors: 0, errorRate: 0 },
      { group: 1, items: 10, errors: 4, errorRate: 0.4 },
    ];
    expect(titles(errorRatePlot([{ name: "LM", groups }]))).toEqual(["LM, 0: 0", "LM, 1: 0.4"]);
  });

  test("exploding gradients show the run that ended early beside the clipped one", () => {
    const runs = [
      {
        clipNorm: null,
        losses: Float64Array.of(2, 90, Number.NaN),
        gradientNorms: Float64Array.of(5, 1e9, Number.NaN),
        divergedAt: 3,
        accuracy: 0,
      },
      {
        clipNorm: 1,
        losses: Float64Array.of(2, 1, 0.5),
        gradientNorms: Float64Array.of(5, 2, 1),
        divergedAt: undefined,
        accuracy: 1,
      },
    ];
    expect(titles(explodingGradientsPlot(runs))).toEqual([
      "not clipped, 1: 2",
      "not clipped, 2: 90",
      "clipped to 1, 1: 2",
      "clipped to 1, 2: 1",
      "clipped to 1, 3: 0.5",
    ]);
    expect(titles(explodingGradientsPlot(runs, { what: "gradientNorms" }))).toContain(
      "not clipped, 2: 1000000000",
    );
  });

  test("a probe is drawn with its control", () => {
    const probe = {
      trainAccuracy: 1,
      majority: 0.5,
      testExamples: 9,
      weights: new Float64Array(2),
    };
    const svg = probePlot([
      { ...probe, layer: 0, label: "tag", accuracy: 0.9, control: 0.4 },
      { ...probe, layer: 1, label: "tag", accuracy: 0.7, control: 0.5 },
    ]);
    expect(titles(svg)).toEqual([
      "tag, 0: 0.9",
      "tag, 1: 0.7",
      "tag, shuffled, 0: 0.4",
      "tag, shuffled, 1: 0.5",
    ]);
    expect(() => probePlot([])).toThrowError(expect.objectContaining({ code: "NO_DATA" }));
  });

  test("a cell path shows one unit's three curves by absolute value", () => {
    const rows = [Float64Array.of(0.1, -0.5), Float64Array.of(1, 1)];
    const svg = cellPathPlot({ forgetProducts: rows, direct: rows, total: rows }, 1);
    expect(titles(svg)).toContain("all paths, 1: 0.5");
    expect(titles(svg)).toHaveLength(6);
  });

  test("several seeds give a mean and Student's 95 % band", () => {
    const curve = confidenceCurve({
      name: "x",
      x: [1, 2],
      runs: [
        [1, 5],
        [3, 5],
        [2, 5],
      ],
    });
    expect(curve.y).toEqual([2, 5]);
    expect((curve.high as number[])[0]! - 2).toBeCloseTo((4.303 * 1) / Math.sqrt(3), 10);
    expect((curve.low as number[])[1]).toBe(5);
    expect(confidenceCurve({ name: "one", x: [1], runs: [[4]] })).toEqual({
      name: "one",
      x: [1],
      y: [4],
    });
    const many = confidenceCurve({
      name: "m",
      x: [0],
      runs: Array.from({ length: 31 }, (_, i) => [i % 2]),
    });
    const spread =
      ((many.high as number[])[0]! - (many.y as number[])[0]!) /
      (Math.sqrt(((240 / 961) * 31) / 30) / Math.sqrt(31));
    expect(spread).toBeCloseTo(2.042, 2); // t with 30 degrees of freedom
    expect(() => confidenceCurve({ name: "x", x: [1], runs: [[1, 2]] })).toThrowError(
      'confidenceCurve: run 1 of "x" has 2 values, x has 1.',
    );
    expect(titles(lossCurves([curve]))[1]).toBe("x, 2: 5 [5, 5]");
  });
});

describe("gateHeatmap", () => {
  test("draws units over tokens, opacity = gate", () => {
    const svg = gateHeatmap(["a", " b"], [0.1, 0.9, 0.5, 1]);
    expect(titles(svg)).toEqual([
      "a, unit 0: 0.1",
      "a, unit 1: 0.9",
      "␣b, unit 0: 0.5",
      "␣b, unit 1: 1",
    ]);
    const cells = Array.from(parse(svg).querySelectorAll("[aria-label=cell] rect"));
    expect(cells.map((cell) => Number(cell.getAttribute("fill-opacity")))).toEqual([
      0.1, 0.9, 0.5, 1,
    ]);
  });

  test("tells signs apart by colour, and names units", () => {
    const svg = gateHeatmap(["a"], [-2, 0.5], { scale: "signed", units: ["gender", "number"] });
    const cells = Array.from(parse(svg).querySelectorAll("[aria-label=cell] rect"));
    const [below, above] = cells.map((cell) => cell.getAttribute("fill"));
    expect(below).not.toBe(above);
    expect(titles(svg)[0]).toBe("a, unit gender: -2");
    expect(texts(svg)).toEqual(expect.arrayContaining(["gender", "number", "above 0", "below 0"]));
  });

  test("refuses values that do not fit the tokens", () => {
    expect(() => gateHeatmap(["a", "b"], [1, 2, 3])).toThrowError(
      "gateHeatmap: 3 values for 2 tokens, expected [tokens, units].",
    );
    expect(() => gateHeatmap(["a"], [1, 2], { units: ["x"] })).toThrowError(/1 names for 2 units/);
  });
});

describe("confusionMatrixPlot", () => {
  test("writes counts into cells and shares of the actual class into titles", () => {
    const { confusion } = classificationScore(["a", "b", "b", "b"], ["a", "a", "b", "b"]);
    const svg = confusionMatrixPlot(confusion);
    expect(titles(svg)).toEqual([
      "a taken for a: 1 (50.0 %)",
      "a taken for b: 1 (50.0 %)",
      "b taken for a: 0 (0.0 %)",
      "b taken for b: 2 (100.0 %)",
    ]);
    expect(texts(svg).filter((text) => /^\d+$/.test(text))).toEqual(["1", "1", "2"]);
    expect(() => confusionMatrixPlot({ labels: [], counts: [] })).toThrowError(
      expect.objectContaining({ code: "NO_DATA" }),
    );
  });
});

describe("bleuByLength", () => {
  const reference = (words: number) => Array.from({ length: words }, (_, i) => `w${i}`).join(" ");
  const lengths = [5, 5, 12, 80];
  const references = lengths.map(reference);
  const hypotheses = [references[0]!, references[1]!, "x y z u v", references[3]!];

  test("scores each range of source lengths by itself and leaves empty ones out", () => {
    const buckets = bleuByLength(lengths, hypotheses, references, {
      edges: [10, 20, 30],
      samples: 20,
    });
    expect(buckets.map(({ from, to, segments }) => [from, to, segments])).toEqual([
      [0, 10, 2],
      [11, 20, 1],
      [31, Number.POSITIVE_INFINITY, 1],
    ]);
    expect(buckets.map(({ bleu }) => Math.round(bleu))).toEqual([100, 0, 100]);
    const svg = lengthBleuPlot([{ name: "ours", buckets }]);
    expect(titles(svg)[0]).toBe("ours, 10: 100 [100, 100]");
  });

  test("refuses lengths that do not belong to the hypotheses, and edges out of order", () => {
    expect(() => bleuByLength([1], hypotheses, references)).toThrowError(
      "bleuByLength: 1 source lengths for 4 hypotheses; give one each.",
    );
    expect(() => bleuByLength(lengths, hypotheses, references, { edges: [5, 5] })).toThrowError(
      /expected an ascending list/,
    );
  });
});

describe("saturation plots", () => {
  const gates = { f: saturation([0.05, 0.95, 0.05, 0.5], 2), o: saturation([0.5, 0.5], 2) };

  test("draw a dot per unit of each gate", () => {
    const svg = saturationPlot(gates);
    expect(titles(svg)).toEqual([
      "f, unit 0: low 1, high 0",
      "f, unit 1: low 0, high 0.5",
      "o, unit 0: low 0, high 0",
      "o, unit 1: low 0, high 0",
    ]);
    expect(texts(svg)).toEqual(expect.arrayContaining(["f", "o", "share saturated high →"]));
  });

  test("draw how often each value occurs", () => {
    const svg = gateHistogram({ o: saturation([0.1, 0.6, 0.7, 0.8], 1, { bins: 2 }) });
    expect(titles(svg)).toEqual(["o, 0 to 0.5: 25.0 %", "o, 0.5 to 1: 75.0 %"]);
    expect(() => gateHistogram({})).toThrowError(expect.objectContaining({ code: "NO_DATA" }));
  });
});
