/** A table of vectors by id, drawn or given. */
import { newVariable, normalInitializer } from "@seq/cells";
import { type Rng, ShapeError } from "@seq/core";
import { embedding } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";

export class EmbeddingTable {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly weight: tf.Variable;

  /**
   * @param pretrained - `[vocabSize * size]`, row-major; it is copied and trained further.
   * @throws {ShapeError} `SHAPE_MISMATCH` when the pretrained values are of another size.
   */
  constructor(vocabSize: number, size: number, rng: Rng, pretrained?: Float32Array) {
    if (pretrained !== undefined && pretrained.length !== vocabSize * size) {
      throw new ShapeError(
        `EmbeddingTable: pretrained has ${pretrained.length} values, expected ${vocabSize} x ${size} = ${vocabSize * size}.`,
        { code: "SHAPE_MISMATCH", details: { vocabSize, size, values: pretrained.length } },
      );
    }
    // About unit length keeps the first products at the scale of the later ones.
    const initial = normalInitializer(1 / Math.sqrt(size));
    const values = pretrained ?? initial(vocabSize, size, rng);
    this.weight = newVariable(values, [vocabSize, size]);
    this.parameters = new Map([["weight", this.weight]]);
  }

  /** `[...shape, size]` */
  look(ids: Int32Array, shape: readonly number[]): tf.Tensor {
    return embedding(this.weight, tf.tensor(ids, [...shape], "int32"));
  }

  dispose(): void {
    this.weight.dispose();
  }
}
