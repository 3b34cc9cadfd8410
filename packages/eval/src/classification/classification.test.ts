import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RunningScore } from "../running-score.ts";
import { calibrationError } from "./calibration.ts";
import { Classification, classificationScore } from "./classification.ts";
import { classificationReport } from "./report.ts";
import { TopK, topKAccuracy } from "./top-k.ts";

const labels = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("a", "b", "c")), {
  minLength: 1,
  maxLength: 40,
});

describe("classificationScore", () => {
  const predicted = ["0", "2", "1", "0", "0", "1"];
  const actual = ["0", "1", "2", "0", "1", "2"];

  test("gives scikit-learn's numbers for the example of its precision_recall_fscore_support", () => {
    const score = classificationScore(predicted, actual);
    expect(score.macro.precision).toBeCloseTo(0.2222, 4);
    expect(score.macro.recall).toBeCloseTo(0.3333, 4);
    expect(score.macro.f1).toBeCloseTo(0.2667, 4);
    expect(score.micro).toMatchObject({ precision: 1 / 3, recall: 1 / 3, support: 6 });
    expect(score.weighted.f1).toBeCloseTo(0.2667, 4);
    expect(Array.from(score.types.values(), ({ f1 }) => f1)).toEqual([0.8, 0, 0]);
    expect(score.confusion).toEqual({
      labels: ["0", "1", "2"],
      counts: [
        [2, 0, 0],
        [1, 0, 1],
        [0, 2, 0],
      ],
    });
  });

  test("gives Matthews' correlation: the example of scikit-learn, perfection, and one label only", () => {
    const plus = ["+", "+", "+", "-"];
    expect(classificationScore(["+", "-", "+", "+"], plus).matthews).toBeCloseTo(-1 / 3, 12);
    expect(classificationScore(plus, plus).matthews).toBeCloseTo(1, 12);
    expect(classificationScore(["+", "+", "+", "+"], plus).matthews).toBe(0);
  });

  test("keeps the given order of labels and counts those that never occur", () => {
    const score = classificationScore(["b"], ["a"], { labels: ["c", "b", "a"], zeroDivision: 1 });
    expect(score.confusion.labels).toEqual(["c", "b", "a"]);
    expect(score.confusion.counts[2]).toEqual([0, 1, 0]);
    expect(score.types.get("c")).toEqual({ precision: 1, recall: 1, f1: 1, support: 0 });
    expect(classificationReport(score).split("\n")).toHaveLength(10);
  });

  test("names labels that are not listed, and lists of different lengths", () => {
    expect(() => classificationScore(["a", "x"], ["a", "a"], { labels: ["a", "b"] })).toThrowError(
      expect.objectContaining({
        code: "UNKNOWN_LABEL",
        message: 'segment 2: Classification: the predicted label is "x", expected one of a, b.',
      }),
    );
    expect(() => classificationScore(["a"], [])).toThrowError(
      expect.objectContaining({ code: "SEGMENT_COUNT" }),
    );
    expect(() => classificationScore([], [])).toThrowError(/no segments to score/);
    expect(() => new Classification({ labels: ["a", "a"] })).toThrowError(/stands twice/);
  });

  test("streams and merges to the same score, bounded by 0 and 1, symmetric in Matthews' correlation", () => {
    fc.assert(
      fc.property(labels, (pairs) => {
        const whole = classificationScore(
          pairs.map(([x]) => x),
          pairs.map(([, y]) => y),
        );
        const shards = [
          new RunningScore(new Classification()),
          new RunningScore(new Classification()),
        ];
        for (const [i, [x, y]] of pairs.entries()) shards[i % 2]?.add(x, y);
        shards[0]?.merge(shards[1]!);
        expect(shards[0]?.score()).toEqual(whole);
        expect(whole.micro.f1).toBeCloseTo(whole.value, 12);
        expect(whole.weighted.recall).toBeCloseTo(whole.value, 12);
        expect(Math.abs(whole.matthews)).toBeLessThanOrEqual(1 + 1e-12);
        const swapped = classificationScore(
          pairs.map(([, y]) => y),
          pairs.map(([x]) => x),
        );
        expect(swapped.matthews).toBeCloseTo(whole.matthews, 12);
      }),
    );
  });
});

describe("topKAccuracy", () => {
  test("counts a class among the k highest, the lower number first where scores are equal", () => {
    const scores = [
      [0.5, 0.2, 0.2],
      [0.3, 0.4, 0.2],
      [0.2, 0.4, 0.3],
      [0.7, 0.2, 0.1],
    ];
    expect(topKAccuracy(scores, [0, 1, 2, 2], 1).value).toBe(0.5);
    expect(topKAccuracy(scores, [0, 1, 2, 2], 2)).toMatchObject({
      value: 0.75,
      hits: 3,
      examples: 4,
    });
    expect(topKAccuracy([[1, 1, 1]], [1], 1).value).toBe(0);
    expect(topKAccuracy([[1, 1, 1]], [1], 2).value).toBe(1);
  });

  test("refuses NaN and classes out of range, naming the example", () => {
    expect(() =>
      topKAccuracy(
        [
          [1, 2],
          [1, Number.NaN],
        ],
        [0, 0],
        1,
      ),
    ).toThrowError("segment 2: TopK: the score of class 1 is NaN.");
    expect(() => topKAccuracy([[1, 2]], [2], 1)).toThrowError(
      expect.objectContaining({ code: "CLASS_RANGE" }),
    );
    expect(() => new TopK(0)).toThrowError(expect.objectContaining({ code: "OPTION_RANGE" }));
    expect(() => topKAccuracy([[1]], [], 1)).toThrowError(
      expect.objectContaining({ code: "SEGMENT_COUNT" }),
    );
  });
});

describe("calibrationError", () => {
  test("weighs the gap of each bin by its size", () => {
    // Two answers at 0.8, one right: gap 0.3. Two at 0.3, none right: gap 0.3. One at 1, right: none.
    const score = calibrationError([0.8, 0.8, 0.3, 0.3, 1], [true, false, false, false, true], {
      bins: 10,
    });
    expect(score.value).toBeCloseTo((2 * 0.3 + 2 * 0.3) / 5, 12);
    expect(score.maximum).toBeCloseTo(0.3, 12);
  });

  test("puts an edge into the bin below it", () => {
    const { bins } = calibrationError([0, 0.1, 0.7, 0.70001], [true, true, true, true], {
      bins: 10,
    });
    expect(bins.map(({ count }) => count)).toEqual([2, 0, 0, 0, 0, 0, 1, 1, 0, 0]);
    expect(bins[1]?.accuracy).toBeNaN();
  });

  test("refuses what is no confidence", () => {
    expect(() => calibrationError([0.5, 1.5], [true, true])).toThrowError(
      "segment 2: Calibration: the confidence is 1.5, expected 0 to 1.",
    );
    expect(() => calibrationError([0.5], [])).toThrowError(
      expect.objectContaining({ code: "SEGMENT_COUNT" }),
    );
  });
});
