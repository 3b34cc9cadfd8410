/** Attention in float64: the specification of `assembly/attention.ts`. Arrays are flat, row-major. */

export interface AttentionSizes {
  readonly batch: number;
  /** Q */
  readonly queries: number;
  /** T */
  readonly times: number;
  /** D: size of queries and keys. */
  readonly size: number;
  /** V */
  readonly valueSize: number;
}

export interface AttentionInputs {
  /** `[B, Q, D]` */
  readonly q: ArrayLike<number>;
  /** `[B, T, D]` */
  readonly k: ArrayLike<number>;
  /** `[B, T, V]` */
  readonly v: ArrayLike<number>;
  /** `[D]`: additive, score = u·tanh(q + k); without it scale q·k. */
  readonly u?: ArrayLike<number>;
  readonly scale?: number;
  /** True number of keys of each row. */
  readonly lengths?: ArrayLike<number>;
}

/** context `[B, Q, V]` and weights `[B, Q, T]`, 0 beyond the lengths. */
export function referenceAttention(
  { q, k, v, u, scale = 1, lengths }: AttentionInputs,
  { batch, queries, times, size, valueSize }: AttentionSizes,
): { context: Float64Array; weights: Float64Array } {
  const context = new Float64Array(batch * queries * valueSize);
  const weights = new Float64Array(batch * queries * times);
  for (let b = 0; b < batch; b++) {
    const length = lengths ? (lengths[b] as number) : times;
    for (let i = 0; i < queries; i++) {
      const row = b * queries + i;
      const scores = Array.from({ length }, (_, t) => {
        let score = 0;
        for (let d = 0; d < size; d++) {
          const a = q[row * size + d] as number;
          const c = k[(b * times + t) * size + d] as number;
          score += u ? (u[d] as number) * Math.tanh(a + c) : scale * a * c;
        }
        return score;
      });
      const largest = Math.max(...scores);
      const exps = scores.map((score) => Math.exp(score - largest));
      const sum = exps.reduce((x, y) => x + y, 0);
      exps.forEach((e, t) => {
        const weight = e / sum;
        weights[row * times + t] = weight;
        for (let d = 0; d < valueSize; d++) {
          context[row * valueSize + d]! += weight * (v[(b * times + t) * valueSize + d] as number);
        }
      });
    }
  }
  return { context, weights };
}
