/** Weights for a vocabulary that grew or shrank: rows of embeddings and output layers are added or dropped. */
import { checkInteger, OptionError, type Rng } from "@seq/core";
import { decodeTensors, encodeTensors, type TensorValues } from "./weights.ts";

/**
 * A safetensors file with other numbers of rows in some tensors. Rows that stay keep their values and places; new rows
 * are drawn around the mean of the old rows with the old rows' spread, column by column, so that new tokens begin as
 * average ones (Hewitt 2021) and not alike.
 *
 * @param rows - new numbers of rows by name: embeddings `[V, E]`, output weights `[V, H]` and biases `[V]`.
 * @throws {OptionError} `NO_SUCH_TENSOR`
 * @example resizeRows(bytes, { "embedding.weight": 12_004, "output.bias": 12_004 }, new Rng(1))
 */
export function resizeRows(
  bytes: Uint8Array,
  rows: Readonly<Record<string, number>>,
  rng: Rng,
): Uint8Array {
  const tensors = decodeTensors("resizeRows", bytes);
  for (const [name, count] of Object.entries(rows)) {
    checkInteger("resizeRows", name, count, { min: 1 });
    const found = tensors.get(name);
    if (found === undefined || found.shape.length === 0) {
      throw new OptionError(
        `resizeRows: no tensor "${name}" with rows; the file has ${[...tensors.keys()].join(", ")}.`,
        { code: "NO_SUCH_TENSOR", details: { name } },
      );
    }
    tensors.set(name, resize(found, count, rng));
  }
  return encodeTensors(tensors);
}

function resize({ shape, values }: TensorValues, rows: number, rng: Rng): TensorValues {
  const [old = 0, ...rest] = shape;
  const width = rest.reduce((a, b) => a * b, 1);
  const resized = new Float32Array(rows * width);
  resized.set(values.subarray(0, Math.min(old, rows) * width));
  for (let column = 0; column < width; column++) {
    let [sum, squares] = [0, 0];
    for (let row = 0; row < old; row++) {
      const value = values[row * width + column] as number;
      sum += value;
      squares += value * value;
    }
    const mean = old === 0 ? 0 : sum / old;
    const spread = old === 0 ? 0 : Math.sqrt(Math.max(0, squares / old - mean * mean));
    for (let row = old; row < rows; row++) resized[row * width + column] = rng.normal(mean, spread);
  }
  return { shape: [rows, ...rest], values: resized };
}
