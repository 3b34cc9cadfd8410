/**
 * The frame of all sequence references: any step over a padded batch, row by row, in float64.
 *
 * A row's true steps are 0 .. length - 1; reversed it starts at length - 1. Outputs stay at their own time and
 * are zero behind the length.
 */

export interface ReferenceSequence {
  readonly batch: number;
  readonly time: number;
  readonly inputSize: number;
  /** `[B, T, In]` */
  readonly x: ArrayLike<number>;
  readonly lengths?: ArrayLike<number>;
  readonly reverse?: boolean;
}

/** One step of one row: from its input and state vectors to the new state; the first is the output. */
export type ReferenceStep = (x: Float64Array, state: Float64Array[]) => Float64Array[];

/**
 * @param initial - state vectors of the whole batch, `[B, size]` each.
 * @returns outputs `[B, T, Out]` and the states at each row's true end, `[B, size]` each.
 */
export function referenceUnroll(
  { batch, time, inputSize, x, lengths, reverse = false }: ReferenceSequence,
  initial: readonly ArrayLike<number>[],
  step: ReferenceStep,
): { outputs: Float64Array; state: Float64Array[] } {
  const sizes = initial.map((values) => values.length / batch);
  const outputSize = sizes[0] as number;
  const outputs = new Float64Array(batch * time * outputSize);
  const finals = initial.map((values) => new Float64Array(values.length));
  for (let row = 0; row < batch; row++) {
    let state = initial.map((values, i) => rowOf(values, row, sizes[i] as number));
    const length = lengths ? (lengths[row] as number) : time;
    for (let k = 0; k < length; k++) {
      const place = row * time + (reverse ? length - 1 - k : k);
      state = step(rowOf(x, place, inputSize), state);
      outputs.set(state[0] as Float64Array, place * outputSize);
    }
    state.forEach((values, i) => {
      (finals[i] as Float64Array).set(values, row * (sizes[i] as number));
    });
  }
  return { outputs, state: finals };
}

/** Row `row` of a matrix with `size` columns. */
export function rowOf(matrix: ArrayLike<number>, row: number, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => matrix[row * size + i] as number);
}

/** W x + b for a row-major W `[rows, x.length]`. */
export function affine(
  weight: ArrayLike<number>,
  x: Float64Array,
  bias: ArrayLike<number> | null | undefined,
  rows: number,
): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let sum = bias ? (bias[i] as number) : 0;
    for (let j = 0; j < x.length; j++)
      sum += (weight[i * x.length + j] as number) * (x[j] as number);
    return sum;
  });
}
