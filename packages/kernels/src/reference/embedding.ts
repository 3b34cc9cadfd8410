/** Rows of a table by id, and the gradient of the table, in float64: the specification of `assembly/embedding.ts`. */

export function referenceEmbedding(
  table: ArrayLike<number>,
  ids: ArrayLike<number>,
  width: number,
): Float64Array {
  const out = new Float64Array(ids.length * width);
  for (let i = 0; i < out.length; i++) {
    const id = ids[Math.floor(i / width)] as number;
    out[i] = table[id * width + (i % width)] as number;
  }
  return out;
}

export interface ReferenceGradientOptions {
  /** This row gets no gradient; -1: every row does. */
  readonly padding: number;
  /** Divides a row's gradient by the number of times its id occurs. */
  readonly byFrequency: boolean;
}

export function referenceEmbeddingGradient(
  rows: ArrayLike<number>,
  ids: ArrayLike<number>,
  vocabSize: number,
  width: number,
  { padding, byFrequency }: ReferenceGradientOptions,
): Float64Array {
  const out = new Float64Array(vocabSize * width);
  const counts = new Map<number, number>(); // id -> occurrences
  for (const id of Array.from(ids)) counts.set(id, (counts.get(id) ?? 0) + 1);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    if (id === padding || id < 0 || id >= vocabSize) continue;
    const factor = byFrequency ? 1 / (counts.get(id) as number) : 1;
    for (let k = 0; k < width; k++)
      out[id * width + k]! += factor * (rows[i * width + k] as number);
  }
  return out;
}
