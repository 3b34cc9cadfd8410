/** Small sums of bias vectors, in a place of our own in the heap. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { floatsAt, floatsOf, Workspace } from "../backend/heap.ts";

const block = new Workspace();

/**
 * a + b, where b counts only in its first `count` values; 0 (no bias) when both are missing.
 *
 * @returns the offset; valid until the next call.
 */
export function biasSum(
  a: TensorInfo | undefined,
  b: TensorInfo | undefined,
  size: number,
  count = size,
): number {
  if (!a && !b) return 0;
  const at = block.reserve(size * 4);
  const sum = floatsAt(at, size);
  if (a) sum.set(floatsOf(a));
  else sum.fill(0);
  if (b) {
    const values = floatsOf(b);
    for (let i = 0; i < count; i++) sum[i] = (sum[i] as number) + (values[i] as number);
  }
  return at;
}
