/** The recurrent cells that encoder and decoder are built of, behind one interface. */

import { GRUCell, LSTMCell } from "@seq/cells";
import type { Rng } from "@seq/core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** `{ h }` for GRU, `{ h, c }` for LSTM; each `[batch, hiddenSize]`. */
export type RecurrentState = { readonly h: Tensor; readonly c?: Tensor };

export type RecurrentCell = LSTMCell | GRUCell;

export function createCell(
  kind: "lstm" | "gru",
  inputSize: number,
  hiddenSize: number,
  rng: Rng,
): RecurrentCell {
  return kind === "lstm"
    ? new LSTMCell({ inputSize, hiddenSize, rng })
    : new GRUCell({ inputSize, hiddenSize, rng });
}
