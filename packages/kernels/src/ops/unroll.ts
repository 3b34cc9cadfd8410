/**
 * Any one-step function over a padded batch, by composition of tfjs ops: what the fused sequence kernels
 * compute, on backends that have none.
 */
import {
  reshape,
  slice,
  stack,
  type Tensor,
  tensor2d,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { SequenceOptions } from "./recurrent.types.ts";

/**
 * @param x - `[B, T, In]`
 * @param step - from `[B, In]` and the state's tensors to the new state; the first is the output.
 * @returns outputs `[B, T, Out]`, zero beyond lengths, and the state at each row's true end.
 */
export function unrollSteps(
  x: Tensor,
  initial: readonly Tensor[],
  { lengths, reverse = false }: SequenceOptions,
  step: (x: Tensor, state: readonly Tensor[]) => Tensor[],
): { outputs: Tensor; state: Tensor[] } {
  const [batch, time, size] = x.shape as [number, number, number];
  const outputs: Tensor[] = [];
  let state = [...initial];
  for (let k = 0; k < time; k++) {
    const t = reverse ? time - 1 - k : k;
    const xt = reshape(slice(x, [0, t, 0], [batch, 1, size]), [batch, size]);
    if (lengths === undefined || lengths.every((length) => length > t)) {
      state = step(xt, state);
      outputs[t] = state[0] as Tensor;
    } else {
      const alive = tensor2d(
        Int32Array.from(lengths, (length) => (length > t ? 1 : 0)),
        [batch, 1],
        "bool",
      );
      // Whatever pads hold (NaN, say) must reach neither values nor gradients.
      const next = step(where(alive, xt, zerosLike(xt)), state);
      const output = next[0] as Tensor;
      outputs[t] = where(alive, output, zerosLike(output));
      const held = state;
      state = next.map((tensor, i) => where(alive, tensor, held[i] as Tensor));
    }
  }
  return { outputs: stack(outputs, 1), state };
}

/** Columns `[from, from + count)` of a matrix. */
export function columns(matrix: Tensor, from: number, count: number): Tensor {
  return slice(matrix, [0, from], [matrix.shape[0] as number, count]);
}
