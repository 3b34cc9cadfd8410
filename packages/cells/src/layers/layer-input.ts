/** The forms of input that layers take, all brought to `[batch, time, features]` and back. */
import { type CellState, OptionError, ShapeError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkAlive, checkLengths, checkTensor, shapeText } from "../check.ts";
import { packPaddedSequence } from "../packing/pack.ts";
import { PackedSequence } from "../packing/packed-sequence.ts";
import { padPackedSequence } from "../packing/pad.ts";

export interface LayerInput {
  /** `[batch, time, inputSize]` */
  readonly xs: tf.Tensor3D;
  readonly lengths: Int32Array | undefined;
  readonly batch: number;
  readonly unbatched: boolean;
  /** Outputs in the form of the input (for packed input: the packed rows). */
  restore(outputs: tf.Tensor3D): tf.Tensor;
  restoreState<S extends CellState<tf.Tensor>>(state: S): S;
}

/** Inside the caller's tidy. */
export function readInput(
  where: string,
  input: tf.Tensor | PackedSequence,
  inputSize: number,
  batchFirst: boolean,
  lengths: ArrayLike<number> | undefined,
): LayerInput {
  if (input instanceof PackedSequence) return readPacked(where, input, inputSize, lengths);
  checkAlive(where, "input", input);
  if (input.rank === 2) return readUnbatched(where, input, inputSize, lengths);
  const axes = batchFirst ? ["batch", "time", inputSize] : ["time", "batch", inputSize];
  if (input.rank !== 3) {
    throw new ShapeError(
      `${where}: input has shape ${shapeText(input.shape)}, expected ${shapeText(axes)}, or ${shapeText(["time", inputSize])} unbatched.`,
      { code: "SHAPE_MISMATCH", details: { shape: input.shape } },
    );
  }
  checkTensor(where, "input", input, axes, "inputSize");
  const swap = (tensor: tf.Tensor): tf.Tensor =>
    batchFirst ? tensor : tf.transpose(tensor, [1, 0, 2]);
  const xs = swap(input) as tf.Tensor3D;
  const [batch, time] = xs.shape;
  return {
    xs,
    lengths: lengths === undefined ? undefined : checkLengths(where, lengths, batch, time),
    batch,
    unbatched: false,
    restore: swap,
    restoreState: (state) => state,
  };
}

function readUnbatched(
  where: string,
  input: tf.Tensor,
  inputSize: number,
  lengths: ArrayLike<number> | undefined,
): LayerInput {
  checkTensor(where, "input", input, ["time", inputSize], "unbatched, inputSize");
  const xs = tf.expandDims(input, 0) as tf.Tensor3D;
  const checked =
    lengths === undefined ? undefined : checkLengths(where, lengths, 1, xs.shape[1] as number);
  return {
    xs,
    lengths: checked,
    batch: 1,
    unbatched: true,
    restore: (outputs) => tf.squeeze(outputs, [0]),
    restoreState: (state) =>
      Object.fromEntries(
        Object.entries<tf.Tensor>(state).map(([name, tensor]) => [name, tf.squeeze(tensor, [0])]),
      ) as typeof state,
  };
}

function readPacked(
  where: string,
  input: PackedSequence,
  inputSize: number,
  lengths: ArrayLike<number> | undefined,
): LayerInput {
  if (lengths !== undefined) {
    throw new OptionError(`${where}: packed input has its own lengths; leave out lengths.`, {
      code: "LENGTHS_GIVEN_TWICE",
    });
  }
  checkTensor(where, "input.data", input.data, ["tokens", inputSize], "inputSize");
  const { padded, lengths: own } = padPackedSequence(input);
  return {
    xs: padded as tf.Tensor3D,
    lengths: own,
    batch: input.batchSize,
    unbatched: false,
    restore: (outputs) =>
      packPaddedSequence(outputs, own, { enforceSorted: input.sortedIndices === null }).data,
    restoreState: (state) => state,
  };
}
