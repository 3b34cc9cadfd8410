/** Rows of ids of different lengths to one batch, padded at the end. */
import { OptionError, type SequenceBatch } from "@seq/core";

/**
 * Copies rows into one row-major `[batchSize, time]` array; `time` is the longest row's length. Cells beyond a
 * row's length hold `paddingId` (default 0) and count nowhere.
 *
 * @throws {OptionError} `OPTION_RANGE` when there are no rows, or all are empty.
 * @example padSequences([[5, 6, 7], [8]]) // ids 5 6 7 8 0 0, lengths 3 1
 */
export function padSequences(
  rows: readonly ArrayLike<number>[],
  options: { paddingId?: number } = {},
): SequenceBatch {
  const lengths = new Int32Array(rows.length);
  let time = 0;
  for (let i = 0; i < rows.length; i++) {
    const { length } = rows[i] as ArrayLike<number>;
    lengths[i] = length;
    if (length > time) time = length;
  }
  if (time === 0) {
    throw new OptionError(
      `padSequences: ${rows.length} rows without a single id, expected at least one id.`,
      { code: "OPTION_RANGE", details: { rows: rows.length } },
    );
  }
  const ids = new Int32Array(rows.length * time);
  const paddingId = options.paddingId ?? 0;
  if (paddingId !== 0) ids.fill(paddingId);
  for (let i = 0; i < rows.length; i++) ids.set(rows[i] as ArrayLike<number>, i * time);
  return { ids, lengths, batchSize: rows.length, time };
}
