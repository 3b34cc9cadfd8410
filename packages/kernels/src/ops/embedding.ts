import { checkInteger, checkOptions } from "@seq/core";
import {
  customGrad,
  type GradSaveFunc,
  gather,
  mul,
  reshape,
  type Tensor,
  tensor1d,
  tidy,
  unsortedSegmentSum,
} from "@tensorflow/tfjs-core";
import { checkFloat, checkInt, checkShape } from "./check.ts";
import { hasKernel, runKernel } from "./dispatch.ts";
import { embeddingKernel } from "./kernel-names.ts";
import { tokenIdError } from "./token-id-error.ts";

export interface EmbeddingOptions {
  /** This row of the table gets no gradient; negative: counted from the end. */
  readonly paddingIndex?: number;
  /** Divides the gradient of a row by the number of times its id occurs in `ids`. */
  readonly scaleGradientByFrequency?: boolean;
}

/**
 * Rows of a table by id, as torch.nn.functional.embedding.
 *
 * @param weight - `[vocabSize, embeddingSize]`, float32.
 * @param ids - int32, any shape, each from 0 to vocabSize - 1.
 * @returns `[...ids.shape, embeddingSize]`; the caller disposes it.
 * @throws {OptionError} `TOKEN_ID_RANGE` when an id is outside the table, `OPTION_RANGE` when
 *   `paddingIndex` is (negative ones count from the end).
 * @example embedding(tensor2d([[1, 2], [3, 4]]), tensor1d([1, 1], "int32")) // [[3, 4], [3, 4]]
 */
export function embedding(weight: Tensor, ids: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkOptions("embedding", options, ["paddingIndex", "scaleGradientByFrequency"]);
  checkShape("embedding", "weight", weight, ["vocabSize", "embeddingSize"]);
  checkFloat("embedding", "weight", weight);
  checkInt("embedding", "ids", ids);
  const [vocabSize] = weight.shape as [number, number];
  const padding = paddingRow(options.paddingIndex, vocabSize);
  const byFrequency = options.scaleGradientByFrequency ?? false;
  if (hasKernel(embeddingKernel)) {
    const attributes = { vocabSize, padding, byFrequency };
    return runKernel(embeddingKernel, { weight, ids }, attributes)[0] as Tensor;
  }
  return composed(weight, ids, padding, byFrequency);
}

/** torch counts a negative index from the end. -1 here: no padding row. */
function paddingRow(index: number | undefined, vocabSize: number): number {
  if (index === undefined) return -1;
  const bounds = { min: -vocabSize, max: vocabSize - 1 };
  const checked = checkInteger("embedding", "paddingIndex", index, bounds);
  return checked < 0 ? checked + vocabSize : checked;
}

function composed(weight: Tensor, ids: Tensor, padding: number, byFrequency: boolean): Tensor {
  const [vocabSize, embeddingSize] = weight.shape as [number, number];
  const list = ids.dataSync() as Int32Array;
  const bad = list.findIndex((id) => id < 0 || id >= vocabSize);
  if (bad >= 0) throw tokenIdError(list[bad] as number, bad, vocabSize);
  const lookUp = customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const table = args[0] as Tensor;
    const value = reshape(gather(table, reshape(ids, [-1])), [...ids.shape, embeddingSize]);
    return { value, gradFunc: (dy: Tensor) => [tableGradient(dy)] };
  });
  return lookUp(weight);

  function tableGradient(dy: Tensor): Tensor {
    return tidy(() => {
      const rows = reshape(dy, [-1, embeddingSize]);
      const scales = gradientScales(list, vocabSize, padding, byFrequency);
      const scaled = scales ? mul(rows, reshape(tensor1d(scales), [-1, 1])) : rows;
      return unsortedSegmentSum(scaled, tensor1d(list, "int32"), vocabSize);
    });
  }
}

/** What each position's gradient is multiplied by, or nothing when that is 1 for all. */
function gradientScales(
  ids: Int32Array,
  vocabSize: number,
  padding: number,
  byFrequency: boolean,
): Float32Array | undefined {
  if (padding < 0 && !byFrequency) return undefined;
  const counts = new Int32Array(vocabSize);
  for (const id of ids) counts[id] = (counts[id] as number) + 1;
  return Float32Array.from(ids, (id) =>
    id === padding ? 0 : byFrequency ? 1 / (counts[id] as number) : 1,
  );
}
