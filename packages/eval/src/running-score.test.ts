import { expect, test } from "vitest";
import { Bleu } from "./bleu.ts";
import { RunningScore } from "./running-score.ts";

test("sums that were sent elsewhere come back as statistics", () => {
  const far = new RunningScore(new Bleu());
  far.add("a b c d", ["a b c d"]);
  const here = new RunningScore(new Bleu());
  here.addStatistics(far.statistics, far.segments);
  expect(here.score().value).toBeCloseTo(100, 10);
});

test("refuses to merge what does not belong together, and to score nothing", () => {
  const one = new RunningScore(new Bleu());
  expect(() => one.score()).toThrowError("BLEU: no segments to score.");
  expect(() => one.merge(new RunningScore(new Bleu({ lowercase: true })))).toThrowError(
    expect.objectContaining({ code: "METRIC_MISMATCH" }),
  );
  expect(() => one.addStatistics(new Float64Array(3), 1)).toThrowError(
    expect.objectContaining({ code: "STATISTICS_SIZE" }),
  );
});
