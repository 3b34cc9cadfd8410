/** The recurrent cells that encoder and decoder are built of, behind one interface. */
import { GRUCell, LSTMCell } from "@seq/cells";
import type { Cell, Rng } from "@seq/core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";

/** `{ h }` for GRU, `{ h, c }` for LSTM; each `[batch, hiddenSize]`. */
export type RecurrentState = { readonly h: Tensor; readonly c?: Tensor };

export interface RecurrentCell extends Cell<Tensor, RecurrentState & Record<string, Tensor>> {
  readonly parameters: ReadonlyMap<string, Variable>;
}

export function createCell(
  kind: "lstm" | "gru",
  inputSize: number,
  hiddenSize: number,
  rng: Rng,
): RecurrentCell {
  const options = { inputSize, hiddenSize, rng };
  const cell = kind === "lstm" ? new LSTMCell(options) : new GRUCell(options);
  // Each takes the states that it gives; the union of both only loses that.
  return cell as unknown as RecurrentCell;
}
