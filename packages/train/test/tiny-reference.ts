/** The loss of `TinyLanguageModel` in float64 and plain loops, for central differences. */
import type { SequenceBatch } from "@seq/core";

export type Weights = ReadonlyMap<string, Float64Array>;

/** Mean over all targets; x_t is the embedding of token t, h_t = tanh(Wi x_t + Wh h_{t-1} + b). */
export function referenceLoss(weights: Weights, batch: SequenceBatch, hiddenSize: number): number {
  const get = (name: string) => weights.get(name) as Float64Array;
  const [e, wi, wh, b] = ["embedding", "weightIh", "weightHh", "bias"].map(get) as Float64Array[];
  const [v, c] = [get("output.weight"), get("output.bias")];
  let total = 0;
  let count = 0;
  for (let row = 0; row < batch.batchSize; row++) {
    let h = new Float64Array(hiddenSize);
    for (let t = 0; t + 1 < batch.lengths[row]!; t++) {
      const id = batch.ids[row * batch.time + t]!;
      h = h.map((_, i) => {
        let a = b![i]!;
        for (let j = 0; j < hiddenSize; j++) {
          a += wi![i * hiddenSize + j]! * e![id * hiddenSize + j]!;
          a += wh![i * hiddenSize + j]! * h[j]!;
        }
        return Math.tanh(a);
      });
      const logits = Array.from(c, (bias, k) => {
        let a = bias;
        for (let j = 0; j < hiddenSize; j++) a += v[k * hiddenSize + j]! * h[j]!;
        return a;
      });
      const largest = Math.max(...logits);
      const normaliser = logits.reduce((s, logit) => s + Math.exp(logit - largest), 0);
      const target = batch.ids[row * batch.time + t + 1]!;
      total += Math.log(normaliser) + largest - logits[target]!;
      count++;
    }
  }
  return total / count;
}
