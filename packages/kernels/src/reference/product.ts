/** The specification of products: plain float64 loops. */

/**
 * C = op(A) op(B), row-major; `transposeA` means A is stored [k, m], `transposeB` that B is stored [n, k].
 *
 * @example referenceProduct([1, 2], [3, 4], { m: 1, n: 1, k: 2 }) // [11]
 */
export function referenceProduct(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  {
    m,
    n,
    k,
    transposeA = false,
    transposeB = false,
  }: { m: number; n: number; k: number; transposeA?: boolean; transposeB?: boolean },
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) {
        const x = a[transposeA ? l * m + i : i * k + l] as number;
        const y = b[transposeB ? j * k + l : l * n + j] as number;
        sum += x * y;
      }
      c[i * n + j] = sum;
    }
  }
  return c;
}

/** y = x Wᵀ + b for N rows of x. */
export function referenceLinear(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  { rows, inputSize, outputSize }: { rows: number; inputSize: number; outputSize: number },
): Float64Array {
  const y = referenceProduct(x, weight, { m: rows, n: outputSize, k: inputSize, transposeB: true });
  if (bias) for (let i = 0; i < y.length; i++) y[i]! += bias[i % outputSize] as number;
  return y;
}
