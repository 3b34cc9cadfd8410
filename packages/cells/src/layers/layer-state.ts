/**
 * The state of a stack of layers: a list of cell states, layer by layer and within a layer forward before
 * backward (torch's order), or torch's form, one tensor per name with that list as its first axis.
 */
import { type CellState, type LayerState, ShapeError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkTensor } from "../check.ts";
import { unstack } from "../tidy.ts";

/** torch's form: `{ h: [directions * layers, batch, size] }`. */
export type StackedState = { readonly [name: string]: tf.Tensor };

/** What layers take as initial state: either form. */
export type InitialState<S extends CellState<tf.Tensor>> = LayerState<S> | StackedState;

/**
 * torch's h_n (and c_n) of a list of cell states.
 *
 * @returns `{ h: [states, batch, size], ... }`; the caller disposes it.
 * @example stackState(lstm.forward(xs).finalState).h.shape // [directions * layers, batch, hidden]
 */
export function stackState<S extends CellState<tf.Tensor>>(
  states: LayerState<S>,
): { [K in keyof S]: tf.Tensor } {
  const names = Object.keys(states[0] as S);
  const stacked = names.map((name) => [name, tf.stack(states.map((s) => s[name] as tf.Tensor))]);
  return Object.fromEntries(stacked) as { [K in keyof S]: tf.Tensor };
}

/** The inverse of `stackState`; the caller disposes the result. */
export function unstackState(stacked: StackedState): CellState<tf.Tensor>[] {
  const names = Object.keys(stacked);
  const parts = names.map((name) => unstack(stacked[name] as tf.Tensor));
  const count = parts[0]?.length ?? 0;
  return Array.from({ length: count }, (_, k) =>
    Object.fromEntries(names.map((name, i) => [name, (parts[i] as tf.Tensor[])[k] as tf.Tensor])),
  );
}

/** Disposes every tensor of a list of cell states. */
export function disposeState(states: LayerState<CellState<tf.Tensor>>): void {
  for (const state of states) for (const tensor of Object.values(state)) tensor.dispose();
}

/**
 * Any form of initial state as a list, checked against zero states; inside the caller's tidy.
 *
 * @param unbatched - the given tensors have no batch axis.
 */
export function readInitialState<S extends CellState<tf.Tensor>>(
  where: string,
  given: InitialState<S>,
  zeros: readonly S[],
  unbatched: boolean,
): S[] {
  const list = Array.isArray(given)
    ? (given as S[])
    : readStacked(where, given as StackedState, zeros, unbatched);
  if (list.length !== zeros.length) {
    throw new ShapeError(
      `${where}: initialState has ${list.length} states, expected ${zeros.length} (directions * layers).`,
      { code: "SHAPE_MISMATCH", details: { states: list.length, expected: zeros.length } },
    );
  }
  return zeros.map((zero, k) => {
    const names = Object.keys(zero).map((name) => {
      const tensor = (list[k] as S)[name] as tf.Tensor;
      const expected = (zero[name] as tf.Tensor).shape.slice(unbatched ? 1 : 0);
      checkTensor(where, `initialState[${k}].${name}`, tensor, expected);
      return [name, unbatched ? tf.expandDims(tensor, 0) : tensor];
    });
    return Object.fromEntries(names) as S;
  });
}

function readStacked<S extends CellState<tf.Tensor>>(
  where: string,
  given: StackedState,
  zeros: readonly S[],
  unbatched: boolean,
): S[] {
  for (const [name, zero] of Object.entries(zeros[0] as S)) {
    const shape = zero.shape.slice(unbatched ? 1 : 0);
    checkTensor(where, `initialState.${name}`, given[name] as tf.Tensor, [zeros.length, ...shape]);
  }
  const names = Object.keys(zeros[0] as S);
  return unstackState(Object.fromEntries(names.map((n) => [n, given[n] as tf.Tensor]))) as S[];
}
