/** The specification of `gruSequence`: the equations, one unit at a time, in float64. */
import { sigmoid } from "./activations.ts";
import { affine, type ReferenceSequence, referenceUnroll } from "./sequence.ts";

/** Flat row-major arrays of the shapes of `RecurrentWeights`. */
export interface ReferenceWeights {
  readonly weightIh: ArrayLike<number>;
  readonly weightHh: ArrayLike<number>;
  readonly biasIh?: ArrayLike<number> | null;
  readonly biasHh?: ArrayLike<number> | null;
}

/** @param h - `[B, H]`, flat. */
export function referenceGruSequence(
  sequence: ReferenceSequence,
  h: ArrayLike<number>,
  weights: ReferenceWeights,
  resetGate: "after-product" | "before-product" = "after-product",
): { outputs: Float64Array; h: Float64Array } {
  const size = h.length / sequence.batch;
  const run = referenceUnroll(sequence, [h], (x, [h]) => [
    step(x, h as Float64Array, weights, size, resetGate === "after-product"),
  ]);
  return { outputs: run.outputs, h: run.state[0] as Float64Array };
}

function step(
  x: Float64Array,
  h: Float64Array,
  { weightIh, weightHh, biasIh, biasHh }: ReferenceWeights,
  size: number,
  after: boolean,
): Float64Array {
  const fromX = affine(weightIh, x, biasIh, 3 * size);
  const fromH = affine(weightHh, h, biasHh, 3 * size);
  const at = (values: Float64Array, gate: number, unit: number) =>
    values[gate * size + unit] as number;
  const r = h.map((_, j) => sigmoid(at(fromX, 0, j) + at(fromH, 0, j)));
  const z = h.map((_, j) => sigmoid(at(fromX, 1, j) + at(fromH, 1, j)));
  const fromReset = affine(
    weightHh,
    h.map((value, j) => value * (r[j] as number)),
    biasHh,
    3 * size,
  );
  const n = h.map((_, j) =>
    Math.tanh(at(fromX, 2, j) + (after ? (r[j] as number) * at(fromH, 2, j) : at(fromReset, 2, j))),
  );
  return h.map((old, j) => (1 - (z[j] as number)) * (n[j] as number) + (z[j] as number) * old);
}
