/** The specification of `elmanSequence`: h' = φ(W x + b + U h + b'), in float64. */
import { sigmoid } from "./activations.ts";
import type { ReferenceWeights } from "./gru.ts";
import { affine, type ReferenceSequence, referenceUnroll } from "./sequence.ts";

const activations = {
  tanh: Math.tanh,
  relu: (x: number) => Math.max(x, 0),
  sigmoid,
  identity: (x: number) => x,
};

/** @param h - `[B, H]`, flat. */
export function referenceElmanSequence(
  sequence: ReferenceSequence,
  h: ArrayLike<number>,
  { weightIh, weightHh, biasIh, biasHh }: ReferenceWeights,
  activation: keyof typeof activations = "tanh",
): { outputs: Float64Array; h: Float64Array } {
  const size = h.length / sequence.batch;
  const run = referenceUnroll(sequence, [h], (x, [h]) => {
    const fromX = affine(weightIh, x, biasIh, size);
    const fromH = affine(weightHh, h as Float64Array, biasHh, size);
    return [fromX.map((value, j) => activations[activation](value + (fromH[j] as number)))];
  });
  return { outputs: run.outputs, h: run.state[0] as Float64Array };
}
