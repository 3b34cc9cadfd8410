import { expect, test } from "vitest";
import { exactMatch } from "./exact-match.ts";

test("counts segments that equal any of their references", () => {
  const score = exactMatch(
    ["a", "b", "c"],
    [
      ["a", "x", "y"],
      ["z", "b", null],
    ],
  );
  expect(score).toMatchObject({ value: 2 / 3, matches: 2, segments: 3 });
  expect(score.signature).toBe("nrefs:var|case:mixed|space:exact|version:seq.0.1.0");
});

test("compares characters exactly unless asked to fold case or white space", () => {
  expect(exactMatch(["A  b "], ["a b"]).value).toBe(0);
  expect(exactMatch(["A  b "], ["a b"], { lowercase: true, normalizeWhitespace: true }).value).toBe(
    1,
  );
  expect(exactMatch(["a b"], ["a b"]).value).toBe(1);
});

test("refuses lists of different lengths", () => {
  expect(() => exactMatch(["a"], [])).toThrowError(
    expect.objectContaining({ code: "NO_REFERENCE" }),
  );
  expect(() => exactMatch(["a"], ["a", "b"])).toThrowError(
    expect.objectContaining({ code: "SEGMENT_COUNT" }),
  );
});
