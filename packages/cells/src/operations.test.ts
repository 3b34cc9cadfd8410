import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { refusal } from "../test/helpers.ts";
import { countOperations } from "./operations.ts";

describe("countOperations", () => {
  const lengths = [9, 8, 6, 4, 3, 2];

  test("the lectures' batch takes 32 and 26 packed, 54 and 48 padded, per output column", () => {
    expect(countOperations(lengths)).toEqual({ multiplications: 32, additions: 26 });
    expect(countOperations(lengths, 1, 9)).toEqual({ multiplications: 54, additions: 48 });
  });

  test("for all three columns it is 96 and 78 against 162 and 144", () => {
    expect(countOperations(lengths, 3)).toEqual({ multiplications: 96, additions: 78 });
    expect(countOperations(lengths, 3, 9)).toEqual({ multiplications: 162, additions: 144 });
  });

  test("equals counting a loop", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        (rows, columns) => {
          let [multiplications, additions] = [0, 0];
          for (const length of rows) {
            for (let column = 0; column < columns; column++) {
              for (let k = 0; k < length; k++) {
                multiplications++;
                if (k > 0) additions++;
              }
            }
          }
          expect(countOperations(rows, columns)).toEqual({ multiplications, additions });
        },
      ),
    );
  });

  test("refuses lengths beyond the padded one", () => {
    expect(refusal(() => countOperations([3, 5], 1, 4))).toBe(
      "LENGTHS countOperations: lengths[1] is 5, expected a whole number from 1 to 4 (time).",
    );
  });
});
