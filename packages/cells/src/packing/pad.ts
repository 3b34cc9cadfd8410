/** Padding and its inverse with the semantics and the refusals of `torch.nn.utils.rnn`. */
import { checkInteger, checkOptions, OptionError, ShapeError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkAlive, checkBoolean, shapeText } from "../check.ts";
import type { PackedSequence } from "./packed-sequence.ts";
import { fillRow, selectRows } from "./rows.ts";

export interface PadOptions {
  /** True (default, unlike torch): the result is `[batch, time, ...]`; false: `[time, batch, ...]`. */
  readonly batchFirst?: boolean;
  /** What pads hold; default 0. */
  readonly paddingValue?: number;
}

export interface PadPackedOptions extends PadOptions {
  /** Pad to this time instead of to the longest sequence. */
  readonly totalLength?: number;
}

/**
 * One tensor from sequences of different lengths, padded at the end.
 *
 * @param sequences - each `[length, ...features]`; a length of 0 is allowed; not disposed.
 * @returns `[batch, longest, ...features]`; the caller disposes it.
 * @throws {ShapeError} `EMPTY_BATCH`, `SHAPE_MISMATCH` when features differ.
 * @see torch.nn.utils.rnn.pad_sequence
 * @example padSequence([tf.tensor1d([1, 2]), tf.tensor1d([3])]) // [[1, 2], [3, 0]]
 */
export function padSequence(sequences: readonly tf.Tensor[], options: PadOptions = {}): tf.Tensor {
  const where = "padSequence";
  checkOptions(where, options, ["batchFirst", "paddingValue"]);
  const features = checkSequences(where, sequences);
  const lengths = sequences.map((sequence) => sequence.shape[0] as number);
  let start = 0;
  const starts = lengths.map((length) => (start += length) - length);
  return tf.tidy(() => {
    const filled = sequences.filter((sequence) => sequence.size > 0);
    const time = Math.max(...lengths);
    if (filled.length === 0) return emptyPads(sequences.length, time, features, options);
    const joined = filled.length === 1 ? (filled[0] as tf.Tensor) : tf.concat(filled);
    const offsetOf = (row: number, t: number) =>
      t < (lengths[row] as number) ? (starts[row] as number) + t : fillRow;
    return spread(where, joined, features, sequences.length, time, offsetOf, options);
  });
}

/**
 * The padded batch of a packed one, rows in the caller's order.
 *
 * @returns `padded` `[batch, time, ...features]` (the caller disposes it) and the lengths.
 * @throws {OptionError} `TOTAL_LENGTH` when `totalLength` is below the longest sequence.
 * @see torch.nn.utils.rnn.pad_packed_sequence
 */
export function padPackedSequence(
  packed: PackedSequence,
  options: PadPackedOptions = {},
): { padded: tf.Tensor; lengths: Int32Array } {
  const where = "padPackedSequence";
  checkOptions(where, options, ["batchFirst", "paddingValue", "totalLength"]);
  checkAlive(where, "packed.data", packed.data);
  const time = checkTotalLength(where, options.totalLength, packed.time);
  const { lengths } = packed;
  const placeOf = placeInPacked(packed);
  const offsetOf = (row: number, t: number) =>
    t < (lengths[row] as number) ? placeOf(row, t) : fillRow;
  const features = packed.data.shape.slice(1);
  const padded = tf.tidy(() =>
    spread(where, packed.data, features, packed.batchSize, time, offsetOf, options),
  );
  return { padded, lengths };
}

/**
 * The sequences of a packed batch, each with its own length, in the caller's order.
 *
 * @returns tensors `[length, ...features]`; the caller disposes them.
 * @see torch.nn.utils.rnn.unpack_sequence
 */
export function unpackSequence(packed: PackedSequence): tf.Tensor[] {
  checkAlive("unpackSequence", "packed.data", packed.data);
  const { lengths, data } = packed;
  const placeOf = placeInPacked(packed);
  const features = data.shape.slice(1);
  return tf.tidy(() => {
    const rows: tf.Tensor2D = tf.reshape(data, [data.shape[0] as number, -1]);
    return Array.from(lengths, (length, row) => {
      const index = Int32Array.from({ length }, (_, t) => placeOf(row, t));
      return tf.reshape(selectRows(rows, index), [length, ...features]);
    });
  });
}

/** Where step t of a row of the caller's batch lies in `packed.data`. */
function placeInPacked(packed: PackedSequence): (row: number, t: number) => number {
  const { batchSizes, unsortedIndices } = packed;
  const starts = new Int32Array(packed.time);
  for (let t = 1; t < packed.time; t++) {
    starts[t] = (starts[t - 1] as number) + (batchSizes[t - 1] as number);
  }
  return (row, t) =>
    (starts[t] as number) + (unsortedIndices === null ? row : (unsortedIndices[row] as number));
}

/** The feature shape that all sequences share. */
export function checkSequences(where: string, sequences: readonly tf.Tensor[]): number[] {
  if (sequences.length === 0) {
    throw new ShapeError(`${where}: received no sequences, expected at least one.`, {
      code: "EMPTY_BATCH",
    });
  }
  sequences.forEach((sequence, i) => {
    checkAlive(where, `sequences[${i}]`, sequence);
    const first = (sequences[0] as tf.Tensor).shape.slice(1);
    const same = sequence.rank > 0 && shapeText(sequence.shape.slice(1)) === shapeText(first);
    if (!same) {
      throw new ShapeError(
        `${where}: sequences[${i}] has shape ${shapeText(sequence.shape)}, expected ${shapeText(["length", ...first])} (as sequences[0]).`,
        { code: "SHAPE_MISMATCH", details: { index: i, shape: sequence.shape } },
      );
    }
  });
  return (sequences[0] as tf.Tensor).shape.slice(1);
}

/** Lays rows out as `[batch, time]` or `[time, batch]`; runs inside the caller's tidy. */
function spread(
  where: string,
  data: tf.Tensor,
  features: readonly number[],
  batchSize: number,
  time: number,
  offsetOf: (row: number, t: number) => number,
  options: PadOptions,
): tf.Tensor {
  const batchFirst = checkBoolean(where, "batchFirst", options.batchFirst ?? true);
  const index = new Int32Array(batchSize * time);
  for (let row = 0; row < batchSize; row++) {
    for (let t = 0; t < time; t++) {
      index[batchFirst ? row * time + t : t * batchSize + row] = offsetOf(row, t);
    }
  }
  const columns = features.reduce((product, size) => product * size, 1);
  const rows = selectRows(tf.reshape(data, [-1, columns]), index, options.paddingValue ?? 0);
  return tf.reshape(rows, layout(batchFirst, batchSize, time, features));
}

function emptyPads(
  batchSize: number,
  time: number,
  features: readonly number[],
  { batchFirst = true, paddingValue = 0 }: PadOptions,
): tf.Tensor {
  return tf.fill(layout(batchFirst, batchSize, time, features), paddingValue);
}

function layout(
  batchFirst: boolean,
  batchSize: number,
  time: number,
  features: readonly number[],
): number[] {
  return batchFirst ? [batchSize, time, ...features] : [time, batchSize, ...features];
}

function checkTotalLength(where: string, totalLength: number | undefined, longest: number): number {
  if (totalLength === undefined) return longest;
  checkInteger(where, "totalLength", totalLength, { min: 1 });
  if (totalLength < longest) {
    throw new OptionError(
      `${where}: totalLength is ${totalLength}, expected at least ${longest} (the longest sequence).`,
      { code: "TOTAL_LENGTH", details: { totalLength, longest } },
    );
  }
  return totalLength;
}
