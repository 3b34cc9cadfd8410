import { expect, test } from "vitest";
import { formatFixed, formatScore, scoreToJson } from "./format.ts";

test("rounds an exact half to the even digit as Python does", () => {
  // Values printed by Python 3.11: f"{x:.2f}" and f"{x:.1f}".
  expect([0.125, 0.375, 2.5, -0.125, 1.005].map((x) => formatFixed(x, 2))).toEqual([
    "0.12",
    "0.38",
    "2.50",
    "-0.12",
    "1.00",
  ]);
  expect([0.25, 0.35, 0.75, 100].map((x) => formatFixed(x, 1))).toEqual([
    "0.2",
    "0.3",
    "0.8",
    "100.0",
  ]);
  expect([0.5, 1.5, 2.5].map((x) => formatFixed(x, 0))).toEqual(["0", "2", "2"]);
});

test("shows a confidence interval as the reference tool does", () => {
  const score = { name: "X", value: 12.345, signature: "a:b|version:1" };
  const confidence = { mean: 12.3, halfWidth: 1.25 };
  expect(formatScore(score, { confidence })).toBe("X|a:b|version:1 = 12.35 (μ = 12.30 ± 1.25)");
  expect(scoreToJson(score, { digits: 1, confidence })).toEqual({
    name: "X",
    score: 12.3,
    signature: "a:b|version:1",
    confidence_mean: 12.3,
    confidence_var: 1.2,
    confidence: "μ = 12.3 ± 1.2",
    a: "b",
    version: "1",
  });
});
