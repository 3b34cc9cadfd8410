/** Products with 8-bit weights: the specification of `assembly/int8.ts`, the same bits. */

/** Rows of q and p are padded with zeros to a multiple of it. */
export const int8Padding = 16;
/** The largest magnitudes of quantized weights and inputs. */
const [weightSteps, inputSteps] = [127, 2047];

export interface QuantizedRows {
  /** `[rows, padded]`, -127..127. */
  readonly values: Int8Array;
  /** Of each row: weight ≈ scale * value. */
  readonly scales: Float32Array;
  readonly padded: number;
}

/** Rounds each row of a matrix to multiples of its largest magnitude / 127. */
export function quantizeRows(weight: Float32Array, rows: number, size: number): QuantizedRows {
  const padded = Math.ceil(size / int8Padding) * int8Padding;
  const values = new Int8Array(rows * padded);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const source = weight.subarray(row * size, (row + 1) * size);
    const scale = Math.fround(largestOf(source) / weightSteps);
    scales[row] = scale;
    if (scale === 0) continue;
    for (let k = 0; k < size; k++) {
      values[row * padded + k] = roundTiesToEven((source[k] as number) / scale);
    }
  }
  return { values, scales, padded };
}

/** y = x Wᵀ + bias for one row x: x rounded to 12 bits, then exact sums of whole numbers. */
export function referenceInt8Product(
  x: Float32Array,
  { values, scales, padded }: QuantizedRows,
  bias: Float32Array | null,
): Float32Array {
  const inputScale = Math.fround(largestOf(x) / inputSteps);
  const factor = inputScale === 0 ? 0 : Math.fround(1 / inputScale);
  const p = Float64Array.from(x, (value) => roundTiesToEven(Math.fround(value * factor)));
  return scales.map((scale, row) => {
    let sum = 0;
    for (let k = 0; k < p.length; k++)
      sum += (values[row * padded + k] as number) * (p[k] as number);
    const product = Math.fround(Math.fround(sum) * Math.fround(scale * inputScale));
    return bias ? product + (bias[row] as number) : product;
  });
}

function largestOf(values: Float32Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

function roundTiesToEven(value: number): number {
  const rounded = Math.round(value); // ties up
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
