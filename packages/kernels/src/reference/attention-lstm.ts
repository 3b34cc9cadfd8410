/** The specification of `attentionLstmSequence`, in float64. */
import { type ReferenceLstmWeights, referenceLstmSequence } from "./lstm.ts";
import { rowOf } from "./sequence.ts";

export interface ReferenceDecoder {
  readonly batch: number;
  readonly time: number;
  readonly sources: number;
  readonly embeddingSize: number;
  readonly size: number;
  readonly lengths?: ArrayLike<number>;
  /** Multiplies the scores. Default 1. */
  readonly scale?: number;
}

/** Flat row-major arrays: x `[B, T, E]`, h and c `[B, H]`, keys `[B, S, H]`. */
export function referenceAttentionLstm(
  { batch, time, sources, embeddingSize, size, lengths, scale = 1 }: ReferenceDecoder,
  values: Record<"x" | "h" | "c" | "keys", ArrayLike<number>>,
  weights: ReferenceLstmWeights,
) {
  const outputs = new Float64Array(batch * time * size);
  const contexts = new Float64Array(batch * time * size);
  const attentionWeights = new Float64Array(batch * time * sources);
  const finalH = new Float64Array(batch * size);
  const finalC = new Float64Array(batch * size);
  for (let row = 0; row < batch; row++) {
    let h = rowOf(values.h, row, size);
    let c = rowOf(values.c, row, size);
    const length = lengths ? (lengths[row] as number) : sources;
    const keys = Array.from({ length }, (_, s) => rowOf(values.keys, row * sources + s, size));
    for (let t = 0; t < time; t++) {
      const place = row * time + t;
      const alpha = softmax(keys.map((key) => scale * dot(h, key)));
      const context = h.map((_, d) =>
        keys.reduce((sum, key, s) => sum + (alpha[s] as number) * (key[d] as number), 0),
      );
      const x = Float64Array.of(...rowOf(values.x, place, embeddingSize), ...context);
      const step = { batch: 1, time: 1, inputSize: x.length, x };
      ({ h, c } = referenceLstmSequence(step, { h, c }, weights));
      outputs.set(h, place * size);
      contexts.set(context, place * size);
      attentionWeights.set(alpha, place * sources);
    }
    finalH.set(h, row * size);
    finalC.set(c, row * size);
  }
  return { outputs, contexts, attentionWeights, h: finalH, c: finalC };
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

function softmax(scores: number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
