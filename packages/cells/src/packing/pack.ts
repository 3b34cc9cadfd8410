/** Packing with the semantics and the refusals of `torch.nn.utils.rnn`. */
import { checkOptions, OptionError, ShapeError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkAlive, checkBoolean, checkLengths, shapeText } from "../check.ts";
import { batchSizesOf, PackedSequence } from "./packed-sequence.ts";
import { checkSequences } from "./pad.ts";
import { selectRows } from "./rows.ts";

export interface PackOptions {
  /**
   * True (default): refuse lengths that do not fall, as torch does. False: sort them here and remember
   * the order.
   */
  readonly enforceSorted?: boolean;
}

export interface PackPaddedOptions extends PackOptions {
  /** True (default, unlike torch): input is `[batch, time, ...]`; false: `[time, batch, ...]`. */
  readonly batchFirst?: boolean;
}

/**
 * Packs a padded batch. Pads are dropped, and their gradient is 0.
 *
 * @param input - `[batch, time, ...features]`; not disposed.
 * @param lengths - one per row, from 1 to time (torch does not check the upper bound).
 * @returns owned by the caller; dispose it.
 * @throws {ShapeError} `SHAPE_MISMATCH`, `LENGTHS`
 * @throws {OptionError} `NOT_SORTED` when `enforceSorted` and the lengths do not fall.
 * @see torch.nn.utils.rnn.pack_padded_sequence
 * @example packPaddedSequence(tf.tensor2d([[4, 0, 0], [1, 2, 6], [3, 5, 0]]), [1, 3, 2], { enforceSorted: false })
 * // data [1, 3, 4, 2, 5, 6], batchSizes [3, 2, 1], sortedIndices [1, 2, 0]
 */
export function packPaddedSequence(
  input: tf.Tensor,
  lengths: ArrayLike<number>,
  options: PackPaddedOptions = {},
): PackedSequence {
  const where = "packPaddedSequence";
  checkOptions(where, options, ["enforceSorted", "batchFirst"]);
  const batchFirst = checkBoolean(where, "batchFirst", options.batchFirst ?? true);
  checkAlive(where, "input", input);
  if (input.rank < 2) {
    throw new ShapeError(
      `${where}: input has shape ${shapeText(input.shape)}, expected ${batchFirst ? "[batch, time, ...]" : "[time, batch, ...]"}.`,
      { code: "SHAPE_MISMATCH", details: { shape: input.shape } },
    );
  }
  const [first, second, ...features] = input.shape as [number, number, ...number[]];
  const [batchSize, time] = batchFirst ? [first, second] : [second, first];
  if (lengths.length === 0) throw emptyError(where);
  const checked = checkLengths(where, lengths, batchSize, time);
  const offsetOf = batchFirst
    ? (row: number, t: number) => row * time + t
    : (row: number, t: number) => t * batchSize + row;
  return pack(where, input, features, checked, offsetOf, options);
}

/**
 * Packs sequences of different lengths.
 *
 * @param sequences - each `[length, ...features]` with length at least 1; not disposed.
 * @throws {ShapeError} on an empty list, a length of 0, features that differ.
 * @throws {OptionError} `NOT_SORTED`
 * @see torch.nn.utils.rnn.pack_sequence
 */
export function packSequence(
  sequences: readonly tf.Tensor[],
  options: PackOptions = {},
): PackedSequence {
  const where = "packSequence";
  checkOptions(where, options, ["enforceSorted"]);
  const features = checkSequences(where, sequences);
  const lengths = Int32Array.from(sequences, (sequence) => sequence.shape[0] as number);
  checkLengths(where, lengths, sequences.length, Number.MAX_SAFE_INTEGER);
  const starts = new Int32Array(lengths.length);
  for (let row = 1; row < lengths.length; row++) {
    starts[row] = (starts[row - 1] as number) + (lengths[row - 1] as number);
  }
  const joined = sequences.length === 1 ? (sequences[0] as tf.Tensor) : tf.concat([...sequences]);
  const packed = pack(
    where,
    joined,
    features,
    lengths,
    (row, t) => (starts[row] as number) + t,
    options,
  );
  if (sequences.length > 1) joined.dispose();
  return packed;
}

/** Sorts if asked, then gathers row by row: step 0 of all sequences, step 1 of all, ... */
function pack(
  where: string,
  input: tf.Tensor,
  features: readonly number[],
  lengths: Int32Array,
  offsetOf: (row: number, t: number) => number,
  options: PackOptions,
): PackedSequence {
  const enforceSorted = checkBoolean(where, "enforceSorted", options.enforceSorted ?? true);
  if (enforceSorted) checkFalling(where, lengths);
  const order = sortedByLength(lengths);
  const sortedLengths = order.map((row) => lengths[row] as number);
  const batchSizes = batchSizesOf(sortedLengths);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const index = new Int32Array(total);
  let place = 0;
  batchSizes.forEach((size, t) => {
    for (let k = 0; k < size; k++) index[place++] = offsetOf(order[k] as number, t);
  });
  const data = tf.tidy(() => {
    const columns = features.reduce((product, size) => product * size, 1);
    const rows: tf.Tensor2D = tf.reshape(input, [-1, columns]);
    return tf.reshape(selectRows(rows, index), [total, ...features]);
  });
  return new PackedSequence(data, batchSizes, enforceSorted ? null : order);
}

/** Rows by falling length; equal lengths keep their order. */
function sortedByLength(lengths: Int32Array): Int32Array {
  const rows = Array.from(lengths, (_, row) => row);
  rows.sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b);
  return Int32Array.from(rows);
}

function checkFalling(where: string, lengths: Int32Array): void {
  for (let row = 1; row < lengths.length; row++) {
    if ((lengths[row] as number) > (lengths[row - 1] as number)) {
      throw new OptionError(
        `${where}: lengths[${row}] = ${lengths[row]} follows ${lengths[row - 1]}, expected falling lengths; sort the batch or pass enforceSorted: false.`,
        { code: "NOT_SORTED", details: { row } },
      );
    }
  }
}

function emptyError(where: string): ShapeError {
  return new ShapeError(`${where}: the batch is empty, expected at least one sequence.`, {
    code: "EMPTY_BATCH",
  });
}
