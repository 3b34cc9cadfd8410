/** The three cells that experiments compare, by name; any other cell by a function of one's own. */
import { ElmanCell, GRUCell, LSTMCell, orthogonalInitializer } from "@seq/cells";
import type { Rng } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import type { AnyCell } from "./train-readout.ts";

/** Makes a fresh cell for each run; the experiment disposes it. */
export type CellFactory = (request: { inputSize: number; hiddenSize: number; rng: Rng }) => AnyCell;

/** Elman (tanh), GRU and LSTM as `@seq/cells` makes them by default. */
export const standardCells: Readonly<Record<"Elman" | "GRU" | "LSTM", CellFactory>> = {
  Elman: (request) => new ElmanCell(request),
  GRU: (request) => new GRUCell(request),
  LSTM: (request) => new LSTMCell(request),
};

/** An Elman cell whose recurrent matrix is orthogonal times a factor: all eigenvalues of that absolute value. */
export function elmanOfRadius(
  radius: number,
  nonlinearity: "tanh" | "relu" | "identity" = "tanh",
): CellFactory {
  return ({ inputSize, hiddenSize, rng }) => {
    const cell = new ElmanCell({ inputSize, hiddenSize, rng, nonlinearity });
    scaleRecurrentWeights(cell, radius, rng);
    return cell;
  };
}

function scaleRecurrentWeights(cell: ElmanCell, radius: number, rng: Rng): void {
  const weight = cell.parameters.get("weight_hh");
  if (weight === undefined) return;
  const [rows, columns] = weight.shape as [number, number];
  const values = orthogonalInitializer(radius)(rows, columns, rng);
  tf.tidy(() => weight.assign(tf.tensor2d(values, [rows, columns])));
}
