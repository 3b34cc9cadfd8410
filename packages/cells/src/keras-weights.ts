/**
 * Weights of Keras layers to and from the packed form used here (PyTorch's), on plain arrays.
 *
 * Keras stores `kernel` `[input, gates * hidden]` and `recurrent_kernel` `[hidden, gates * hidden]`, the
 * transposes of ours. LSTM: the same order, i f c o (its c is our g). GRU: z r h, ours r z n; `reset_after=True`
 * (its default) is our resetGate "after-product" with a bias `[2, 3 * hidden]`, else one bias `[3 * hidden]`.
 */
import { ShapeError } from "@seq/core";
import { gruGateOrders, reorderGates } from "./gates.ts";

export type KerasKind = "SimpleRNN" | "LSTM" | "GRU";

/** What `layer.get_weights()` of Keras gives, flattened row-major. */
export interface KerasWeights {
  /** `[inputSize, gates * hiddenSize]` */
  readonly kernel: Float32Array;
  /** `[hiddenSize, gates * hiddenSize]` */
  readonly recurrentKernel: Float32Array;
  /** `[gates * hiddenSize]`, or `[2, gates * hiddenSize]` for a GRU with `reset_after`. */
  readonly bias?: Float32Array;
}

/** The packed form, under torch's names. */
export interface PackedWeights {
  /** `[gates * hiddenSize, inputSize]` */
  readonly weight_ih: Float32Array;
  /** `[gates * hiddenSize, hiddenSize]` */
  readonly weight_hh: Float32Array;
  /** `[gates * hiddenSize]` */
  readonly bias_ih?: Float32Array;
  /** `[gates * hiddenSize]` */
  readonly bias_hh?: Float32Array;
}

function gateCount(kind: KerasKind): number {
  return { SimpleRNN: 1, LSTM: 4, GRU: 3 }[kind];
}

/**
 * @param hiddenSize - Keras' `units`.
 * @throws {ShapeError} `KERAS_WEIGHTS` when a length does not fit.
 * @example fromKeras("LSTM", { kernel, recurrentKernel, bias }, 64) // weight_ih, weight_hh, bias_ih, bias_hh
 */
export function fromKeras(
  kind: KerasKind,
  weights: KerasWeights,
  hiddenSize: number,
): PackedWeights {
  const rows = gateCount(kind) * hiddenSize;
  checkLength("fromKeras", "recurrentKernel", weights.recurrentKernel, hiddenSize * rows);
  if (weights.kernel.length % rows !== 0) {
    throw misfit("fromKeras", "kernel", weights.kernel.length, `a multiple of ${rows}`);
  }
  const order = (packed: Float32Array) =>
    kind === "GRU" ? swapGru(packed, "keras", "torch") : packed;
  const matrices = {
    weight_ih: order(transpose(weights.kernel, weights.kernel.length / rows, rows)),
    weight_hh: order(transpose(weights.recurrentKernel, hiddenSize, rows)),
  };
  const { bias } = weights;
  if (bias === undefined) return matrices;
  const two = kind === "GRU" && bias.length === 2 * rows;
  checkLength("fromKeras", "bias", bias, two ? 2 * rows : rows);
  return {
    ...matrices,
    bias_ih: order(bias.slice(0, rows)),
    bias_hh: two ? order(bias.slice(rows)) : new Float32Array(rows),
  };
}

/**
 * The inverse of `fromKeras`. Where Keras has one bias (all but a GRU with `reset_after`), it is the sum of
 * the two.
 *
 * @param resetAfter - for a GRU: true (default) for resetGate "after-product". With "before-product" the
 *   two biases act alike and are summed.
 */
export function toKeras(
  kind: KerasKind,
  weights: PackedWeights,
  hiddenSize: number,
  resetAfter = true,
): KerasWeights {
  const rows = gateCount(kind) * hiddenSize;
  checkLength("toKeras", "weight_hh", weights.weight_hh, hiddenSize * rows);
  const order = (packed: Float32Array) =>
    kind === "GRU" ? swapGru(packed, "torch", "keras") : packed;
  const inputSize = weights.weight_ih.length / rows;
  const matrices = {
    kernel: transpose(order(weights.weight_ih), rows, inputSize),
    recurrentKernel: transpose(order(weights.weight_hh), rows, hiddenSize),
  };
  const { bias_ih: first, bias_hh: second } = weights;
  if (first === undefined || second === undefined) return matrices;
  checkLength("toKeras", "bias_ih", first, rows);
  checkLength("toKeras", "bias_hh", second, rows);
  if (kind === "GRU" && resetAfter) {
    const bias = new Float32Array(2 * rows);
    bias.set(order(first));
    bias.set(order(second), rows);
    return { ...matrices, bias };
  }
  return { ...matrices, bias: order(first.map((value, i) => value + (second[i] as number))) };
}

function swapGru(
  packed: Float32Array,
  from: "keras" | "torch",
  to: "keras" | "torch",
): Float32Array {
  return reorderGates(packed, gruGateOrders[from], gruGateOrders[to]);
}

/** `[rows, columns]` to `[columns, rows]`. */
function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = matrix[row * columns + column] as number;
    }
  }
  return out;
}

function checkLength(where: string, name: string, values: Float32Array, expected: number): void {
  if (values.length !== expected) throw misfit(where, name, values.length, String(expected));
}

function misfit(where: string, name: string, length: number, expected: string): ShapeError {
  return new ShapeError(`${where}: ${name} has ${length} values, expected ${expected}.`, {
    code: "KERAS_WEIGHTS",
    details: { name, length },
  });
}
