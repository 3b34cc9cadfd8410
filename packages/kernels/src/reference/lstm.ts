/** The specification of `lstmSequence`: the equations, one unit at a time, in float64. */
import { sigmoid } from "./activations.ts";
import { affine, type ReferenceSequence, referenceUnroll } from "./sequence.ts";

/** Flat row-major arrays of the shapes of `LstmWeights`. */
export interface ReferenceLstmWeights {
  readonly weightIh: ArrayLike<number>;
  readonly weightHh: ArrayLike<number>;
  readonly biasIh?: ArrayLike<number> | null;
  readonly biasHh?: ArrayLike<number> | null;
  readonly weightHr?: ArrayLike<number> | null;
}

/** @param state - h `[B, Out]` and c `[B, H]`, flat. */
export function referenceLstmSequence(
  sequence: ReferenceSequence,
  state: { readonly h: ArrayLike<number>; readonly c: ArrayLike<number> },
  weights: ReferenceLstmWeights,
): { outputs: Float64Array; h: Float64Array; c: Float64Array } {
  const size = state.c.length / sequence.batch;
  const { outputs, state: finals } = referenceUnroll(sequence, [state.h, state.c], (x, [h, c]) =>
    step(x, h as Float64Array, c as Float64Array, weights, size),
  );
  const [h, c] = finals as [Float64Array, Float64Array];
  return { outputs, h, c };
}

function step(
  x: Float64Array,
  h: Float64Array,
  c: Float64Array,
  { weightIh, weightHh, biasIh, biasHh, weightHr }: ReferenceLstmWeights,
  size: number,
): Float64Array[] {
  const fromX = affine(weightIh, x, biasIh, 4 * size);
  const fromH = affine(weightHh, h, biasHh, 4 * size);
  const gate = (index: number, unit: number) =>
    (fromX[index * size + unit] as number) + (fromH[index * size + unit] as number);
  const nextC = c.map(
    (old, j) => sigmoid(gate(1, j)) * old + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)),
  );
  const hidden = nextC.map((value, j) => sigmoid(gate(3, j)) * Math.tanh(value));
  return [weightHr ? affine(weightHr, hidden, null, h.length) : hidden, nextC];
}
