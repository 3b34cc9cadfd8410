/**
 * Packed gates: one matrix holds the blocks of all gates, one block of `hiddenSize` rows per gate.
 *
 * Libraries agree on packing and differ in the order. Here it is PyTorch's: i f g o for the LSTM, r z n
 * for the GRU. `reorderGates` converts the rest, on plain arrays.
 */
import { ShapeError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";

/** The gates of an LSTM (g is the candidate that Keras calls c and others j or c̃), in each library's order. */
export const lstmGateOrders = {
  torch: ["i", "f", "g", "o"],
  keras: ["i", "f", "g", "o"],
  onnx: ["i", "o", "f", "g"],
  tensorflow1: ["i", "g", "f", "o"],
} as const satisfies Record<string, readonly string[]>;

/** The gates of a GRU (n is the candidate that Keras calls h), in each library's order. */
export const gruGateOrders = {
  torch: ["r", "z", "n"],
  keras: ["z", "r", "n"],
  onnx: ["z", "r", "n"],
} as const satisfies Record<string, readonly string[]>;

/**
 * Cuts a packed array into one array per gate; views, nothing is copied.
 *
 * @throws {ShapeError} `GATES` when the length is no multiple of the number of gates.
 * @example splitGates(Float32Array.of(1, 2, 3, 4), ["z", "n"]) // Map { z -> [1, 2], n -> [3, 4] }
 */
export function splitGates(
  packed: Float32Array,
  order: readonly string[],
): Map<string, Float32Array> {
  const size = packed.length / order.length;
  if (!Number.isInteger(size)) {
    throw new ShapeError(
      `splitGates: ${packed.length} values do not divide into ${order.length} gates (${order.join(" ")}).`,
      { code: "GATES", details: { length: packed.length, order } },
    );
  }
  return new Map(order.map((gate, k) => [gate, packed.subarray(k * size, (k + 1) * size)]));
}

/**
 * Joins the arrays of gates in an order.
 *
 * @throws {ShapeError} `GATES` when a gate is missing or of another size.
 */
export function concatGates(
  gates: ReadonlyMap<string, Float32Array>,
  order: readonly string[],
): Float32Array {
  const size = gates.get(order[0] as string)?.length ?? 0;
  const packed = new Float32Array(size * order.length);
  order.forEach((name, k) => {
    const gate = gates.get(name);
    if (gate === undefined || gate.length !== size) {
      throw new ShapeError(
        `concatGates: gate ${name} has ${gate === undefined ? "no" : gate.length} values, expected ${size} (as gate ${order[0]}).`,
        { code: "GATES", details: { gate: name } },
      );
    }
    packed.set(gate, k * size);
  });
  return packed;
}

/**
 * The same packed weights in another order of gates. Works for `[gates * hidden, columns]` matrices and
 * for biases alike, since blocks stay whole.
 *
 * @example reorderGates(Float32Array.of(1, 2, 3), ["z", "r", "n"], ["r", "z", "n"]) // [2, 1, 3]
 */
export function reorderGates(
  packed: Float32Array,
  from: readonly string[],
  to: readonly string[],
): Float32Array {
  return concatGates(splitGates(packed, from), to);
}

/**
 * Weights that act on the concatenation [h, x], as some texts write them, from input and hidden weights:
 * W · [h, x] = weightHh h + weightIh x.
 *
 * @returns row-major `[rows, hiddenSize + inputSize]`.
 */
export function joinHiddenAndInput(
  weightHh: Float32Array,
  weightIh: Float32Array,
  rows: number,
): Float32Array {
  const hiddenSize = weightHh.length / rows;
  const inputSize = weightIh.length / rows;
  const joined = new Float32Array(rows * (hiddenSize + inputSize));
  for (let row = 0; row < rows; row++) {
    const start = row * (hiddenSize + inputSize);
    joined.set(weightHh.subarray(row * hiddenSize, (row + 1) * hiddenSize), start);
    joined.set(weightIh.subarray(row * inputSize, (row + 1) * inputSize), start + hiddenSize);
  }
  return joined;
}

/** The inverse of `joinHiddenAndInput`. */
export function splitHiddenAndInput(
  joined: Float32Array,
  rows: number,
  hiddenSize: number,
): { weightHh: Float32Array; weightIh: Float32Array } {
  const width = joined.length / rows;
  const inputSize = width - hiddenSize;
  const weightHh = new Float32Array(rows * hiddenSize);
  const weightIh = new Float32Array(rows * inputSize);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    weightHh.set(joined.subarray(start, start + hiddenSize), row * hiddenSize);
    weightIh.set(joined.subarray(start + hiddenSize, start + width), row * inputSize);
  }
  return { weightHh, weightIh };
}

/**
 * The matrices of each gate by themselves, as textbooks write them: `W_i`, `U_i`, `b_i`, ... from the packed
 * parameters of a cell (the two biases of torch added up).
 *
 * @returns copies; the caller disposes them.
 * @example gateMatrices(new LSTMCell(...)) // 4 W, 4 U and 4 b
 */
export function gateMatrices(cell: {
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  readonly gateOrder: readonly string[];
}): Map<string, tf.Tensor> {
  const { parameters, gateOrder } = cell;
  const matrices = new Map<string, tf.Tensor>();
  const cut = (letter: string, packed: tf.Tensor | undefined) => {
    if (packed === undefined) return;
    const parts = tf.split(packed, gateOrder.length, 0);
    gateOrder.forEach((gate, k) => {
      matrices.set(`${letter}_${gate}`, parts[k] as tf.Tensor);
    });
  };
  cut("W", parameters.get("weight_ih"));
  cut("U", parameters.get("weight_hh"));
  const [first, second] = [parameters.get("bias_ih"), parameters.get("bias_hh")];
  const bias = first && second ? tf.add(first, second) : undefined;
  cut("b", bias ?? first);
  bias?.dispose();
  return matrices;
}
