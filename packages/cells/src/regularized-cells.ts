/**
 * Cells under dropout of different kinds. Each function wraps a cell in another one with the same state,
 * for one run: the masks that are fixed over time belong to the wrapper.
 */
import { type Cell, type CellState, OptionError, type Rng } from "@seq/core";
import { dropout } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { RecurrentCell } from "./cells/recurrent-cell.ts";
import { tidy } from "./tidy.ts";

/**
 * Recurrent dropout: the hidden-to-hidden products read h under one mask for all time steps. The state
 * itself is kept whole (the GRU's z ⊙ h, for one). A cell without `stepWithHidden` reads the masked h
 * everywhere.
 *
 * @param mask - `[batch, outputSize]` of 0 and 1 / (1 - rate); not disposed.
 * @see Gal & Ghahramani 2016
 */
export function withRecurrentDropout<S extends CellState<tf.Tensor>>(
  cell: Cell<tf.Tensor, S>,
  mask: tf.Tensor,
): Cell<tf.Tensor, S> {
  return wrapCell(cell, (x, state) =>
    tidy(() => {
      const hidden = tf.mul(state["h"] as tf.Tensor, mask);
      if (cell instanceof RecurrentCell) return cell.stepWithHidden(x, state, hidden) as S;
      return cell.step(x, { ...state, h: hidden });
    }),
  );
}

/**
 * Zoneout: each value of the state keeps its old value with a probability, drawn anew at each step; out
 * of training the expectation, rate * old + (1 - rate) * new.
 *
 * @param rates - by name of the state: `{ h: 0.05, c: 0.5 }`; names left out have none.
 * @param rng - needed in training only.
 * @see Krueger et al. 2017, eq. 5
 */
export function withZoneout<S extends CellState<tf.Tensor>>(
  cell: Cell<tf.Tensor, S>,
  rates: Readonly<Record<string, number>>,
  rng: Rng | undefined,
): Cell<tf.Tensor, S> {
  return wrapCell(cell, (x, state) =>
    tidy(() => {
      const next = cell.step(x, state);
      const mixed = Object.keys(next).map((name) => {
        const [fresh, old] = [next[name] as tf.Tensor, state[name] as tf.Tensor];
        return [name, zoneOut(fresh, old, rates[name] ?? 0, rng)];
      });
      return Object.fromEntries(mixed) as S;
    }),
  );
}

function zoneOut(fresh: tf.Tensor, old: tf.Tensor, rate: number, rng: Rng | undefined): tf.Tensor {
  if (rate === 0) return fresh;
  if (rng === undefined) return tf.add(tf.mul(old, rate), tf.mul(fresh, 1 - rate));
  const keep = new Uint8Array(fresh.size);
  const threshold = rate * 2 ** 32;
  for (let i = 0; i < keep.length; i++) keep[i] = rng.nextUint32() < threshold ? 1 : 0;
  return tf.where(tf.tensor(keep, fresh.shape, "bool"), old, fresh);
}

/**
 * Weight drop: dropout on the hidden-to-hidden weights, one mask for the whole run.
 *
 * @returns a cell that owns nothing; its dropped weights are the caller's tidy's.
 * @throws {OptionError} `WEIGHT_DROP` for a cell without a parameter `weight_hh`.
 * @see Merity, Keskar & Socher 2018, section 2
 */
export function withWeightDrop<S extends CellState<tf.Tensor>>(
  cell: Cell<tf.Tensor, S>,
  rate: number,
  rng: Rng,
): Cell<tf.Tensor, S> {
  const weight = cell.parameters.get("weight_hh");
  if (!(cell instanceof RecurrentCell) || weight === undefined) {
    throw new OptionError(
      "weightDrop: the cell has no parameter weight_hh; expected a cell of this package with one.",
      { code: "WEIGHT_DROP", details: { parameters: [...cell.parameters.keys()] } },
    );
  }
  return cell.withParameters(new Map([["weight_hh", dropout(weight, rate, rng)]]));
}

/** A cell with another step; it owns nothing. */
function wrapCell<S extends CellState<tf.Tensor>>(
  cell: Cell<tf.Tensor, S>,
  step: (x: tf.Tensor, state: S) => S,
): Cell<tf.Tensor, S> {
  const { inputSize, hiddenSize, outputSize, parameters } = cell;
  return {
    inputSize,
    hiddenSize,
    outputSize,
    parameters,
    step,
    zeroState: (batchSize) => cell.zeroState(batchSize),
    dispose() {},
  };
}
