import { describe, expect, test } from "vitest";
import { OptionError, SeqError, ShapeError } from "./errors.ts";
import { checkInteger, checkNumber, checkOneOf, checkOptions } from "./options.ts";

describe("option checks", () => {
  test("refuse unknown keys and name the known ones", () => {
    expect(() => checkOptions("train", { vocabsize: 10 }, ["vocabSize", "seed"])).toThrow(
      'train: unknown option "vocabsize"; expected one of vocabSize, seed.',
    );
    expect(() => checkOptions("train", { seed: 1 }, ["vocabSize", "seed"])).not.toThrow();
  });

  test("give the value back, or say what came and what was expected", () => {
    expect(checkInteger("f", "n", 3, { min: 1 })).toBe(3);
    expect(() => checkInteger("f", "n", 2.5, { min: 1 })).toThrow(
      "f: n is 2.5, expected a whole number of at least 1.",
    );
    expect(() => checkInteger("f", "n", "3", { max: 9 })).toThrow(
      'f: n is "3", expected a whole number of at most 9.',
    );
    expect(checkNumber("f", "x", 0.5, { min: 0, max: 1 })).toBe(0.5);
    expect(() => checkNumber("f", "x", Number.NaN)).toThrow(
      "f: x is NaN, expected a finite number",
    );
    expect(() => checkNumber("f", "x", 2, { min: 0, max: 1 })).toThrow(
      "f: x is 2, expected a finite number from 0 to 1.",
    );
    expect(checkOneOf("f", "c", "a", ["a", "b"])).toBe("a");
    expect(() => checkOneOf("f", "c", "z", ["a", "b"])).toThrow(
      'f: c is "z", expected one of "a", "b".',
    );
  });
});

describe("SeqError", () => {
  test("is known by its marker, also across copies of the package", () => {
    const error = new ShapeError("x", { code: "SHAPE_MISMATCH", details: { a: 1 }, cause: "why" });
    expect([error.name, error.code, error.details, error.cause]).toEqual([
      "ShapeError",
      "SHAPE_MISMATCH",
      { a: 1 },
      "why",
    ]);
    const fromOtherCopy = Object.assign(new Error("x"), { [Symbol.for("@seq/error")]: true });
    expect(SeqError.is(error)).toBe(true);
    expect(SeqError.is(fromOtherCopy)).toBe(true);
    expect(SeqError.is(new Error("x"))).toBe(false);
    expect(SeqError.is(null)).toBe(false);
    expect(error instanceof OptionError).toBe(false);
  });
});
