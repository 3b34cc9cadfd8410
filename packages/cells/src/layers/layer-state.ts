/**
 * The state of a stack of layers: a list of cell states, layer by layer and within a layer forward before
 * backward (torch's order), or torch's form, one tensor per name with that list as its first axis.
 */
import { type Cell, type CellState, type LayerState, ShapeError } from "@seq/core";
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

/** The size of each tensor of a cell's state, by name. */
export type StateSizes = Readonly<Record<string, number>>;

export function stateSizesOf(cell: Cell<tf.Tensor>): StateSizes {
  const zeros = Object.entries<tf.Tensor>(cell.zeroState(1));
  for (const [, tensor] of zeros) tensor.dispose();
  return Object.fromEntries(zeros.map(([name, { shape }]) => [name, shape[1] as number]));
}

/**
 * Any form of initial state as a list, checked; inside the caller's tidy.
 *
 * @param sizes - of each cell's state.
 * @param batch - undefined when the given tensors have no batch axis.
 */
export function readInitialState<S extends CellState<tf.Tensor>>(
  where: string,
  given: InitialState<S>,
  sizes: readonly StateSizes[],
  batch: number | undefined,
): S[] {
  const leading = batch === undefined ? [] : [batch];
  const list = Array.isArray(given)
    ? (given as S[])
    : (readStacked(where, given as StackedState, sizes, leading) as S[]);
  if (list.length !== sizes.length) {
    throw new ShapeError(
      `${where}: initialState has ${list.length} states, expected ${sizes.length} (directions * layers).`,
      { code: "SHAPE_MISMATCH", details: { states: list.length, expected: sizes.length } },
    );
  }
  sizes.forEach((own, k) => {
    for (const name in own) {
      const tensor = (list[k] as S)[name] as tf.Tensor;
      checkTensor(where, `initialState[${k}].${name}`, tensor, [...leading, own[name] as number]);
    }
  });
  return batch === undefined ? list.map(addBatchAxis) : list;
}

function addBatchAxis<S extends CellState<tf.Tensor>>(state: S): S {
  const tensors = Object.entries<tf.Tensor>(state).map(([name, t]) => [name, tf.expandDims(t, 0)]);
  return Object.fromEntries(tensors) as S;
}

function readStacked(
  where: string,
  given: StackedState,
  sizes: readonly StateSizes[],
  leading: readonly number[],
): CellState<tf.Tensor>[] {
  const own = Object.entries(sizes[0] as StateSizes);
  for (const [name, size] of own) {
    const shape = [sizes.length, ...leading, size];
    checkTensor(where, `initialState.${name}`, given[name] as tf.Tensor, shape);
  }
  return unstackState(Object.fromEntries(own.map(([name]) => [name, given[name] as tf.Tensor])));
}
