/**
 * Initial weights, drawn from a seeded `Rng` on plain arrays.
 *
 * An initializer fills one matrix `[fanOut, fanIn]`. Cells apply it to the block of each gate by itself:
 * the fans are those of one gate, not of the packed matrix.
 */
import { checkNumber, type Rng } from "@seq/core";
import { orthogonalMatrix } from "./orthogonal.ts";

/** Fills a matrix of `rows` x `columns` (fan-out x fan-in), row-major. */
export type Initializer = (rows: number, columns: number, rng: Rng) => Float32Array;

/**
 * One initializer for all parameters of a cell, or one by the parameter's name; those left out keep the
 * cell's default.
 *
 * @example { weight_ih: xavierUniform(), weight_hh: orthogonalInitializer(), bias_ih: constantInitializer(0) }
 */
export type ParameterInitializers = Initializer | Readonly<Record<string, Initializer>>;

/** Every value the same. */
export function constantInitializer(value: number): Initializer {
  checkNumber("constantInitializer", "value", value);
  return (rows, columns) => new Float32Array(rows * columns).fill(value);
}

/** Uniform in [-bound, bound). torch.nn's recurrent layers use bound = 1 / sqrt(hiddenSize) for all. */
export function uniformInitializer(bound: number): Initializer {
  checkNumber("uniformInitializer", "bound", bound, { min: 0 });
  return (rows, columns, rng) =>
    filled(rows * columns, () => Math.fround((2 * rng.uniform() - 1) * bound));
}

/** Gaussian of mean 0. */
export function normalInitializer(standardDeviation: number): Initializer {
  checkNumber("normalInitializer", "standardDeviation", standardDeviation, { min: 0 });
  return (rows, columns, rng) => filled(rows * columns, () => rng.normal(0, standardDeviation));
}

/** Uniform with variance gain^2 * 2 / (fanIn + fanOut). @see Glorot & Bengio 2010, eq. 16 */
export function xavierUniform(gain = 1): Initializer {
  return (rows, columns, rng) =>
    uniformInitializer(gain * Math.sqrt(6 / (rows + columns)))(rows, columns, rng);
}

/** Gaussian with variance gain^2 * 2 / (fanIn + fanOut). @see Glorot & Bengio 2010 */
export function xavierNormal(gain = 1): Initializer {
  return (rows, columns, rng) =>
    normalInitializer(gain * Math.sqrt(2 / (rows + columns)))(rows, columns, rng);
}

/** Uniform with variance gain^2 / fanIn; gain sqrt(2) suits ReLU. @see He et al. 2015, eq. 10 */
export function kaimingUniform(gain: number = Math.SQRT2): Initializer {
  return (rows, columns, rng) =>
    uniformInitializer(gain * Math.sqrt(3 / columns))(rows, columns, rng);
}

/** Gaussian with variance gain^2 / fanIn; gain sqrt(2) suits ReLU. @see He et al. 2015, eq. 10 */
export function kaimingNormal(gain: number = Math.SQRT2): Initializer {
  return (rows, columns, rng) => normalInitializer(gain / Math.sqrt(columns))(rows, columns, rng);
}

/**
 * Orthogonal rows or columns (whichever are fewer), times a gain: a recurrent product that neither
 * grows nor shrinks. Costs O(rows * columns * min(rows, columns)).
 *
 * @see Saxe, McClelland & Ganguli 2013
 */
export function orthogonalInitializer(gain = 1): Initializer {
  return (rows, columns, rng) => {
    const matrix = orthogonalMatrix(rows, columns, rng);
    return Float32Array.from(matrix, (value) => value * gain);
  };
}

function filled(length: number, draw: () => number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = draw();
  return values;
}
