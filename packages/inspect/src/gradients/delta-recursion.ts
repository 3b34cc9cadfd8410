/**
 * Backpropagation through time by hand: the recursion of lectures, in float64, for the Elman cell.
 *
 *   a_t = W x_t + b + U h_{t-1} + b'    h_t = φ(a_t)
 *   δ_t = ∂J/∂h_t = Uᵀ (δ_{t+1} ⊙ φ'(a_{t+1})) + ∂J_t/∂h_t
 *
 * The elementwise factor stands inside the product with Uᵀ, and a step that has a loss of its own adds its
 * local gradient; lecture slides that write δ_{t+1} Uᵀ ⊙ φ' differ from this for more than one unit.
 *
 * @see Werbos 1990; Rumelhart, Hinton & Williams 1986.
 */
import type { ElmanCell } from "@seq/cells";
import { ShapeError } from "@seq/core";
import type * as tf from "@tensorflow/tfjs-core";

export interface DeltaRecursion {
  /** δ_t for t = 0 (the initial state, all zeros) to T, each of `hiddenSize`. */
  readonly deltas: readonly Float64Array[];
  /** h_t for t = 0 to T. */
  readonly states: readonly Float64Array[];
  /** φ'(a_t) for t = 1 to T. */
  readonly slopes: readonly Float64Array[];
}

/**
 * @param xs - one sequence: x_1 to x_T, each of `inputSize`.
 * @param local - ∂J_t/∂h_t for t = 1 to T; `undefined` where a step has no loss.
 * @throws {ShapeError} `SHAPE_MISMATCH` when sizes contradict the cell.
 */
export function deltaRecursion(
  cell: ElmanCell,
  xs: readonly ArrayLike<number>[],
  local: readonly (ArrayLike<number> | undefined)[],
): DeltaRecursion {
  const { hiddenSize, inputSize } = cell;
  check("xs", xs, inputSize, "inputSize");
  check("local", local, hiddenSize, "hiddenSize");
  if (local.length !== xs.length) {
    throw new ShapeError(
      `deltaRecursion: ${local.length} local gradients for ${xs.length} steps; give one (or undefined) per step.`,
      { code: "SHAPE_MISMATCH" },
    );
  }
  const { states, slopes } = runForward(cell, xs);
  const u = valuesOf(cell, "weight_hh");
  const deltas: Float64Array[] = new Array(xs.length + 1);
  let delta = new Float64Array(hiddenSize);
  for (let t = xs.length; t >= 0; t--) {
    const own = Float64Array.from({ length: hiddenSize }, (_, k) => local[t - 1]?.[k] ?? 0);
    if (t < xs.length) {
      const slope = slopes[t] as Float64Array; // φ'(a_{t+1})
      for (let k = 0; k < hiddenSize; k++) {
        for (let row = 0; row < hiddenSize; row++) {
          own[k]! += u[row * hiddenSize + k]! * delta[row]! * slope[row]!;
        }
      }
    }
    delta = own;
    deltas[t] = own;
  }
  return { deltas, states, slopes };
}

function runForward(cell: ElmanCell, xs: readonly ArrayLike<number>[]) {
  const { hiddenSize, inputSize, nonlinearity } = cell;
  const [w, u] = [valuesOf(cell, "weight_ih"), valuesOf(cell, "weight_hh")];
  const [first, second] = [valuesOf(cell, "bias_ih"), valuesOf(cell, "bias_hh")];
  const { value, slope } = nonlinearities[nonlinearity];
  const states = [new Float64Array(hiddenSize)];
  const slopes: Float64Array[] = [];
  for (const x of xs) {
    const before = states.at(-1) as Float64Array;
    const a = Float64Array.from({ length: hiddenSize }, (_, row) => {
      let sum = (first[row] ?? 0) + (second[row] ?? 0);
      for (let k = 0; k < inputSize; k++) sum += w[row * inputSize + k]! * x[k]!;
      for (let k = 0; k < hiddenSize; k++) sum += u[row * hiddenSize + k]! * before[k]!;
      return sum;
    });
    states.push(a.map(value));
    slopes.push(a.map(slope));
  }
  return { states, slopes };
}

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));

/** φ and φ' as functions of a. */
const nonlinearities = {
  tanh: { value: Math.tanh, slope: (a: number) => 1 - Math.tanh(a) ** 2 },
  relu: { value: (a: number) => Math.max(0, a), slope: (a: number) => (a > 0 ? 1 : 0) },
  sigmoid: { value: sigmoid, slope: (a: number) => sigmoid(a) * (1 - sigmoid(a)) },
  identity: { value: (a: number) => a, slope: () => 1 },
} as const;

function valuesOf(cell: ElmanCell, name: string): ArrayLike<number> {
  const parameter = cell.parameters.get(name) as tf.Tensor | undefined;
  return parameter === undefined ? [] : parameter.dataSync();
}

function check(
  what: string,
  rows: readonly (ArrayLike<number> | undefined)[],
  size: number,
  option: string,
): void {
  for (const [i, row] of rows.entries()) {
    if (row !== undefined && row.length !== size) {
      throw new ShapeError(
        `deltaRecursion: ${what}[${i}] has ${row.length} values, expected ${size} (${option}).`,
        { code: "SHAPE_MISMATCH", details: { row: i } },
      );
    }
  }
}
