/** Argument checks shared by the ops: one clear line, naming the call and both shapes. */
import { OptionError, ShapeError } from "@seq/core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** A size, or a word that stands for any size: `checkShape("linear", "weight", w, ["out", 31])`. */
export type Expected = number | string;

/** @throws {ShapeError} `SHAPE_MISMATCH` */
export function checkShape(
  where: string,
  name: string,
  tensor: Tensor,
  expected: readonly Expected[],
): void {
  const fits =
    tensor.shape.length === expected.length &&
    expected.every((size, axis) => typeof size === "string" || tensor.shape[axis] === size);
  if (!fits) {
    throw new ShapeError(
      `${where}: ${name} has shape [${tensor.shape.join(", ")}], expected [${expected.join(", ")}].`,
      { code: "SHAPE_MISMATCH", details: { name, shape: tensor.shape, expected } },
    );
  }
}

/** @throws {ShapeError} `DTYPE_MISMATCH` */
export function checkFloat(where: string, name: string, tensor: Tensor): void {
  if (tensor.dtype !== "float32") {
    throw new ShapeError(`${where}: ${name} is ${tensor.dtype}, expected float32.`, {
      code: "DTYPE_MISMATCH",
      details: { name, dtype: tensor.dtype },
    });
  }
}

/** @throws {ShapeError} `DTYPE_MISMATCH` */
export function checkInt(where: string, name: string, tensor: Tensor): void {
  if (tensor.dtype !== "int32") {
    throw new ShapeError(`${where}: ${name} is ${tensor.dtype}, expected int32.`, {
      code: "DTYPE_MISMATCH",
      details: { name, dtype: tensor.dtype },
    });
  }
}

/**
 * Checks the lengths of a padded batch: one per row, each from 1 to `time`.
 *
 * @throws {ShapeError} `LENGTHS_MISMATCH`
 * @throws {OptionError} `OPTION_RANGE`
 */
export function checkLengths(
  where: string,
  lengths: Int32Array | undefined,
  batch: number,
  time: number,
): void {
  if (lengths === undefined) return;
  if (lengths.length !== batch) {
    throw new ShapeError(
      `${where}: lengths has ${lengths.length} entries, expected ${batch} (one per row of the batch).`,
      { code: "LENGTHS_MISMATCH", details: { lengths: lengths.length, batch } },
    );
  }
  lengths.forEach((length, row) => {
    if (length < 1 || length > time) {
      throw new OptionError(
        `${where}: lengths[${row}] is ${length}, expected from 1 to ${time} (the time axis).`,
        { code: "OPTION_RANGE", details: { option: `lengths[${row}]`, value: length } },
      );
    }
  });
}
