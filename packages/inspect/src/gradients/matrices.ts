/** The few operations on small square matrices that the closed forms need; float64, row-major `[size, size]`. */

export function multiply(a: ArrayLike<number>, b: ArrayLike<number>, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = a[i * size + k]!;
      for (let j = 0; j < size; j++) out[i * size + j]! += factor * b[k * size + j]!;
    }
  }
  return out;
}

export function identityMatrix(size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) out[i * size + i] = 1;
  return out;
}

export function frobeniusNorm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

/** The largest singular value: the most that the matrix stretches a vector. By power iteration on AᵀA. */
export function spectralNorm(matrix: ArrayLike<number>, size: number): number {
  const scale = frobeniusNorm(matrix);
  if (scale === 0 || !Number.isFinite(scale)) return scale;
  let vector = Float64Array.from({ length: size }, (_, i) => 1 + i / size);
  let norm = 0;
  for (let round = 0; round < 1000; round++) {
    const image = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) image[i]! += (matrix[i * size + j]! / scale) * vector[j]!;
    }
    const back = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) back[j]! += (matrix[i * size + j]! / scale) * image[i]!;
    }
    const length = frobeniusNorm(back);
    if (length === 0) return 0;
    const before = norm;
    norm = Math.sqrt(length);
    vector = back.map((value) => value / length);
    if (Math.abs(norm - before) <= 1e-14 * norm) break;
  }
  return norm * scale;
}

/**
 * The largest absolute eigenvalue, ρ = lim ‖Aⁿ‖^(1/n) (Gelfand), by squaring the matrix and keeping its scale
 * apart: n doubles each round, so complex pairs need no care.
 */
export function spectralRadius(matrix: ArrayLike<number>, size: number): number {
  let power: Float64Array = Float64Array.from(matrix);
  let logScale = 0; // of the power
  let exponent = 1;
  for (let round = 0; round < 40; round++) {
    const norm = frobeniusNorm(power);
    if (norm === 0) return 0;
    power = power.map((value) => value / norm);
    logScale += Math.log(norm);
    if (round === 39) break;
    power = multiply(power, power, size);
    logScale *= 2;
    exponent *= 2;
  }
  return Math.exp(logScale / exponent);
}
