import { OptionError } from "@seq/core";

/** @throws {OptionError} `TARGET_RANGE` for the first target that is neither a class nor `ignoreIndex`. */
export function checkTargets(
  where: string,
  targets: Int32Array,
  classes: number,
  ignoreIndex: number,
): void {
  const row = targets.findIndex((id) => id !== ignoreIndex && (id < 0 || id >= classes));
  if (row >= 0) throw targetError(where, targets[row] as number, row, classes, ignoreIndex);
}

/** The error for a target that is no class. */
export function targetError(
  where: string,
  target: number,
  row: number,
  classes: number,
  ignoreIndex: number,
): OptionError {
  return new OptionError(
    `${where}: targets[${row}] is ${target}, expected 0 to ${classes - 1} or ignoreIndex (${ignoreIndex}).`,
    { code: "TARGET_RANGE", details: { row, target, classes } },
  );
}
