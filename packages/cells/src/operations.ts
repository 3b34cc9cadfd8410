/**
 * What padding costs, in multiplications and additions: the count behind packing.
 *
 * The worked example of the lectures multiplies a padded batch of lengths [9, 8, 6, 4, 3, 2], as a 6 x 9
 * matrix, with a matrix of 3 columns. Its figures 54 and 48 (padded) against 32 and 26 (packed) hold for one
 * column of the result; for all three they are 162 and 144 against 96 and 78.
 */
import { checkInteger } from "@seq/core";
import { checkLengths } from "./check.ts";

export interface OperationCount {
  readonly multiplications: number;
  readonly additions: number;
}

/**
 * Operations of rows of different lengths times a matrix: a row of n numbers takes n multiplications and
 * n - 1 additions per column.
 *
 * @param lengths - true lengths of the rows.
 * @param columns - of the matrix; default 1: the count per output column.
 * @param paddedLength - count every row as this long; default the true lengths.
 * @throws {ShapeError} `LENGTHS`
 * @example countOperations([9, 8, 6, 4, 3, 2]) // { multiplications: 32, additions: 26 }
 */
export function countOperations(
  lengths: ArrayLike<number>,
  columns = 1,
  paddedLength?: number,
): OperationCount {
  checkInteger("countOperations", "columns", columns, { min: 1 });
  const longest = paddedLength ?? Number.MAX_SAFE_INTEGER;
  checkLengths("countOperations", lengths, lengths.length, longest);
  let multiplications = 0;
  for (let row = 0; row < lengths.length; row++) {
    multiplications += paddedLength ?? (lengths[row] as number);
  }
  return {
    multiplications: columns * multiplications,
    additions: columns * (multiplications - lengths.length),
  };
}
