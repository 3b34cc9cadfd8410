/**
 * A cell over a sequence, step by step: the plain version of what the fused ops compute, for any cell.
 *
 * Cost: `time` steps. A row that has ended keeps its state and gives zeros, so its final state is the one
 * at its true end, in either direction.
 */
import { type Cell, type CellState, checkOptions } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import type { SequenceCell, SequenceResult } from "./cells/recurrent-cell.ts";
import { checkBoolean, checkLengths, checkTensor } from "./check.ts";
import { tidy, unstack } from "./tidy.ts";

export interface UnrollOptions<S> {
  /** True length of each row, 1..time; padding is at the end. Default: all `time`. */
  readonly lengths?: ArrayLike<number>;
  /** Reads each row from its true end to its start; outputs stay at their own time. Default false. */
  readonly reverse?: boolean;
  /** The state before the first step; default zeros. Not disposed. */
  readonly initialState?: S;
}

/**
 * Runs a cell step by step. Any object with the interface `Cell` of `@seq/core` will do.
 *
 * @param xs - `[batch, time, inputSize]`, float32; not disposed. What pads hold does not matter.
 * @returns `outputs` `[batch, time, outputSize]`, zero beyond lengths, and `finalState`; the caller
 *   disposes both.
 * @throws {ShapeError} `SHAPE_MISMATCH`, `LENGTHS`
 * @example const { outputs, finalState } = unroll(cell, xs, { lengths: [3, 1] });
 */
export function unroll<S extends CellState<tf.Tensor>>(
  cell: Cell<tf.Tensor, S>,
  xs: tf.Tensor,
  options: UnrollOptions<S> = {},
): SequenceResult<S> {
  return tidy(() => unrollInScope("unroll", cell, xs, options));
}

/** `unroll` inside the caller's tidy, so that what the cell makes on the way stays until its end. */
export function unrollInScope<S extends CellState<tf.Tensor>>(
  where: string,
  cell: Cell<tf.Tensor, S>,
  xs: tf.Tensor,
  options: UnrollOptions<S>,
): SequenceResult<S> {
  const run = checkRun(where, cell, xs, options);
  return stepThrough(cell, run, options.initialState ?? cell.zeroState(run.batch));
}

/**
 * Runs a cell over a sequence the fastest way it has: its fused op, or else `unroll`. Same arguments,
 * same results to rounding.
 */
export function runSequence<S extends CellState<tf.Tensor>>(
  cell: Cell<tf.Tensor, S>,
  xs: tf.Tensor,
  options: UnrollOptions<S> = {},
): SequenceResult<S> {
  const fused = (cell as Partial<SequenceCell<S>>).runFused;
  if (fused === undefined) return unroll(cell, xs, options);
  const run = checkRun("runSequence", cell, xs, options);
  return tidy(() => {
    const state = options.initialState ?? cell.zeroState(run.batch);
    const { lengths, reverse } = run;
    if (lengths === undefined) return fused(run.xs, state, { reverse });
    return fused(run.xs, state, { lengths, reverse });
  });
}

interface Run {
  readonly xs: tf.Tensor3D;
  readonly batch: number;
  readonly time: number;
  readonly lengths: Int32Array | undefined;
  readonly reverse: boolean;
}

function checkRun<S>(
  where: string,
  cell: { readonly inputSize: number },
  xs: tf.Tensor,
  options: UnrollOptions<S>,
): Run {
  checkOptions(where, options, ["lengths", "reverse", "initialState"]);
  checkTensor(where, "xs", xs, ["batch", "time", cell.inputSize], "inputSize");
  const [batch, time] = xs.shape as [number, number, number];
  const lengths =
    options.lengths === undefined ? undefined : checkLengths(where, options.lengths, batch, time);
  const reverse = checkBoolean(where, "reverse", options.reverse ?? false);
  return { xs: xs as tf.Tensor3D, batch, time, lengths, reverse };
}

/** The loop; inside the caller's tidy. */
function stepThrough<S extends CellState<tf.Tensor>>(
  cell: Cell<tf.Tensor, S>,
  { xs, time, lengths, reverse }: Run,
  initial: S,
): SequenceResult<S> {
  const steps = unstack(lengths === undefined ? xs : clearPads(xs, lengths), 1);
  const shortest = lengths === undefined ? time : Math.min(...lengths);
  const outputs: tf.Tensor[] = new Array(time);
  let state = initial;
  for (let k = 0; k < time; k++) {
    const t = reverse ? time - 1 - k : k;
    const next = cell.step(steps[t] as tf.Tensor, state);
    if (lengths === undefined || t < shortest) {
      outputs[t] = next["h"] as tf.Tensor;
      state = next;
    } else {
      const alive = aliveAt(lengths, t);
      const output = next["h"] as tf.Tensor;
      outputs[t] = tf.where(alive, output, tf.zerosLike(output));
      state = chooseState(alive, next, state);
    }
  }
  return { outputs: tf.stack(outputs, 1) as tf.Tensor3D, finalState: state };
}

/** Zeros where pads are, so that what they hold (NaN, say) reaches neither values nor gradients. */
function clearPads(xs: tf.Tensor3D, lengths: Int32Array): tf.Tensor3D {
  return tf.where(aliveMask(lengths, xs.shape[1]), xs, tf.zerosLike(xs));
}

/** `[batch, time, 1]`, boolean: which steps are real. */
export function aliveMask(lengths: Int32Array, time: number): tf.Tensor3D {
  const mask = new Uint8Array(lengths.length * time);
  lengths.forEach((length, row) => {
    mask.fill(1, row * time, row * time + length);
  });
  return tf.tensor3d(mask, [lengths.length, time, 1], "bool");
}

/** `[batch, 1]`: which rows are longer than t. */
function aliveAt(lengths: Int32Array, t: number): tf.Tensor2D {
  const mask = Uint8Array.from(lengths, (length) => (length > t ? 1 : 0));
  return tf.tensor2d(mask, [lengths.length, 1], "bool");
}

function chooseState<S extends CellState<tf.Tensor>>(alive: tf.Tensor, next: S, held: S): S {
  const names = Object.keys(next);
  const chosen = names.map((name) => [
    name,
    tf.where(alive, next[name] as tf.Tensor, held[name] as tf.Tensor),
  ]);
  return Object.fromEntries(chosen) as S;
}
