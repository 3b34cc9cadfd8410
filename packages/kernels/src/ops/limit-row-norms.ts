import { checkNumber, OptionError } from "@seq/core";
import { type Tensor, tensor, tidy, type Variable } from "@tensorflow/tfjs-core";
import { checkShape } from "./check.ts";

/**
 * Scales down, in place, the rows of an embedding table that are longer than a norm, as torch's `max_norm`
 * does to the rows it is about to look up. Not recorded on the gradient tape. Costs one copy of the table.
 *
 * @param weight - `[vocabSize, embeddingSize]`.
 * @param ids - int32, any shape: the rows to check.
 * @param maxNorm - euclidean length.
 * @throws {OptionError} `TOKEN_ID_RANGE`, `OPTION_RANGE`
 */
export function limitRowNorms(weight: Variable, ids: Tensor, maxNorm: number): void {
  checkShape("limitRowNorms", "weight", weight, ["vocabSize", "embeddingSize"]);
  checkNumber("limitRowNorms", "maxNorm", maxNorm, { min: 0 });
  const [vocabSize, size] = weight.shape as [number, number];
  const values = (weight.dataSync() as Float32Array).slice();
  let changed = false;
  for (const id of new Set(ids.dataSync() as Int32Array)) {
    if (!(id >= 0 && id < vocabSize)) {
      throw new OptionError(`limitRowNorms: id ${id}, expected 0 to ${vocabSize - 1}.`, {
        code: "TOKEN_ID_RANGE",
        details: { id, vocabSize },
      });
    }
    const row = values.subarray(id * size, (id + 1) * size);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (norm <= maxNorm) continue;
    const scale = maxNorm / (norm + 1e-7); // torch's epsilon
    for (let i = 0; i < size; i++) row[i] = (row[i] as number) * scale;
    changed = true;
  }
  if (changed) tidy(() => weight.assign(tensor(values, weight.shape)));
}
