/**
 * A random orthogonal matrix, uniform over all of them: the Q of a Gaussian matrix by Householder
 * reflections in float64, its columns' signs set by the diagonal of R.
 *
 * Columns are stored one after the other, so every inner loop runs over adjacent numbers.
 * @see Golub & Van Loan, Matrix Computations, 5.2; Mezzadri 2007 for the signs.
 */
import type { Rng } from "@seq/core";

/**
 * @returns row-major `rows` x `columns` with orthonormal columns (rows >= columns) or rows.
 */
export function orthogonalMatrix(rows: number, columns: number, rng: Rng): Float64Array {
  const tall = Math.max(rows, columns);
  const wide = Math.min(rows, columns);
  const q = orthonormalColumns(tall, wide, rng); // column-major [tall, wide]
  if (rows < columns) return q; // its transpose, row-major [wide, tall]: the same numbers
  const matrix = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      matrix[row * columns + column] = q[column * rows + row] as number;
    }
  }
  return matrix;
}

/** Column-major `rows` x `columns`, rows >= columns. */
function orthonormalColumns(rows: number, columns: number, rng: Rng): Float64Array {
  const a = new Float64Array(rows * columns);
  for (let i = 0; i < a.length; i++) a[i] = rng.normal();

  // 1. Reflections: column k of `a` becomes the vector v_k (from row k on), R's diagonal is kept apart.
  const diagonal = new Float64Array(columns);
  for (let k = 0; k < columns; k++) {
    const v = a.subarray(k * rows + k, (k + 1) * rows);
    diagonal[k] = makeReflector(v);
    for (let j = k + 1; j < columns; j++) reflect(a.subarray(j * rows + k, (j + 1) * rows), v);
  }

  // 2. Q's columns: the reflections in reverse on the unit vectors.
  const q = new Float64Array(rows * columns);
  for (let j = 0; j < columns; j++) {
    const column = q.subarray(j * rows, (j + 1) * rows);
    column[j] = 1;
    for (let k = j; k >= 0; k--) {
      reflect(column.subarray(k), a.subarray(k * rows + k, (k + 1) * rows));
    }
    if ((diagonal[j] as number) < 0)
      for (let i = 0; i < rows; i++) column[i] = -(column[i] as number);
  }
  return q;
}

/** Turns x into the unit vector v whose reflection sends x to (r, 0, 0, ...); returns r. */
function makeReflector(x: Float64Array): number {
  let squared = 0;
  for (let i = 0; i < x.length; i++) squared += (x[i] as number) ** 2;
  const norm = Math.sqrt(squared);
  const first = x[0] as number;
  const r = first > 0 ? -norm : norm;
  x[0] = first - r;
  const length = Math.sqrt(squared - first * first + (first - r) ** 2);
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) / length;
  return r;
}

/** x - 2 v (v . x), in place. */
function reflect(x: Float64Array, v: Float64Array): void {
  let dot = 0;
  for (let i = 0; i < x.length; i++) dot += (x[i] as number) * (v[i] as number);
  const twice = 2 * dot;
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) - twice * (v[i] as number);
}
