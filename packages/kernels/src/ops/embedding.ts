import { OptionError } from "@seq/core";
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
import { checkShape } from "./check.ts";

export interface EmbeddingOptions {
  /** This row of the table gets no gradient. */
  readonly paddingIndex?: number;
  /** Divides the gradient of a row by the number of times its id occurs in `ids`. */
  readonly scaleGradientByFrequency?: boolean;
}

/**
 * Rows of a table by id, as torch.nn.functional.embedding.
 *
 * @param weight - `[vocabSize, embeddingSize]`.
 * @param ids - int32, any shape, each from 0 to vocabSize - 1.
 * @returns `[...ids.shape, embeddingSize]`.
 * @throws {OptionError} `TOKEN_ID_RANGE` when an id is outside the table.
 */
export function embedding(weight: Tensor, ids: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkShape("embedding", "weight", weight, ["vocabSize", "embeddingSize"]);
  const [vocabSize, embeddingSize] = weight.shape as [number, number];
  const list = ids.dataSync() as Int32Array;
  for (let i = 0; i < list.length; i++) {
    const id = list[i] as number;
    if (!(id >= 0 && id < vocabSize)) {
      throw new OptionError(
        `embedding: id ${id} at position ${i}, expected 0 to ${vocabSize - 1}.`,
        {
          code: "TOKEN_ID_RANGE",
          details: { id, position: i, vocabSize },
        },
      );
    }
  }
  const lookUp = customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const table = args[0] as Tensor;
    const value = reshape(gather(table, reshape(ids, [-1])), [...ids.shape, embeddingSize]);
    return { value, gradFunc: (dy: Tensor) => [tableGradient(dy)] };
  });
  return lookUp(weight);

  function tableGradient(dy: Tensor): Tensor {
    return tidy(() => {
      const rows = reshape(dy, [-1, embeddingSize]);
      const scales = gradientScales(list, vocabSize, options);
      const scaled = scales ? mul(rows, reshape(tensor1d(scales), [-1, 1])) : rows;
      return unsortedSegmentSum(scaled, tensor1d(list, "int32"), vocabSize);
    });
  }
}

/** What each id's gradient is multiplied by, or nothing when that is 1 for all. */
function gradientScales(
  ids: Int32Array,
  vocabSize: number,
  { paddingIndex, scaleGradientByFrequency = false }: EmbeddingOptions,
): Float32Array | undefined {
  if (paddingIndex === undefined && !scaleGradientByFrequency) return undefined;
  const counts = new Int32Array(vocabSize);
  for (const id of ids) counts[id] = (counts[id] as number) + 1;
  return Float32Array.from(ids, (id) =>
    id === paddingIndex ? 0 : scaleGradientByFrequency ? 1 / (counts[id] as number) : 1,
  );
}
