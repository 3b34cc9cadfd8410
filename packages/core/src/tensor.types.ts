/**
 * The least of a tensor that the interfaces need. A `Tensor` or `Variable` of `@tensorflow/tfjs-core`
 * is one; `@seq/core` itself knows no tensor engine.
 */
export interface TensorLike {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly size: number;
  dispose(): void;
}
