/** Layer normalisation of rows in float64: the specification of `assembly/layer-norm.ts`. */
export function referenceLayerNorm(
  x: ArrayLike<number>,
  gain: ArrayLike<number> | null,
  bias: ArrayLike<number> | null,
  { size, epsilon }: { readonly size: number; readonly epsilon: number },
): Float64Array {
  const y = Float64Array.from(x);
  for (let start = 0; start < y.length; start += size) {
    const row = y.subarray(start, start + size);
    const mean = row.reduce((a, b) => a + b, 0) / size;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / size;
    for (let k = 0; k < size; k++) {
      const normal = (row[k]! - mean) / Math.sqrt(variance + epsilon);
      row[k] = normal * (gain?.[k] ?? 1) + (bias?.[k] ?? 0);
    }
  }
  return y;
}
