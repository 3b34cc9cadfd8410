/** Runs `assembly/optimizers.ts` on the memory of variables. */
import { engine, type Tensor, type Variable } from "@tensorflow/tfjs-core";
import { allocate, floatsOf, offsetOf } from "../backend/heap.ts";
import { kernelExports } from "../backend/module.ts";
import { wasmBackend } from "../backend/tfjs.ts";
import type { UpdateName } from "../reference/optimizers.ts";

/** Offsets (0 for a slot that is not there), the count, the scalars. */
type UpdateKernel = (...numbers: number[]) => void;

/** Moves the parameter and its slots in place; nothing is allocated. */
export function updateInPlace(
  name: UpdateName,
  parameter: Variable,
  gradient: Tensor,
  slots: readonly (Variable | undefined)[],
  scalars: readonly number[],
): void {
  const offsets = [ownMemory(parameter), 0];
  for (const slot of slots) offsets.push(slot ? ownMemory(slot) : 0);
  offsets[1] = offsetOf(gradient);
  const kernel = kernelExports<Record<UpdateName, UpdateKernel>>()[name];
  kernel(...offsets, parameter.size, ...scalars);
}

/**
 * Byte offset of memory that only this variable sees. tfjs lets tensors share memory (a variable and the
 * tensor it was made from, a clone, a reshape); what is shared is copied once, so that an update in place
 * never changes somebody else's tensor.
 */
function ownMemory(variable: Variable): number {
  const data = wasmBackend().dataIdMap.get(variable.dataId);
  if (data !== undefined && data.refCount > 1) {
    const copy = allocate(variable.shape, variable.dtype);
    floatsOf(copy).set(floatsOf(variable));
    const tensor = engine().makeTensorFromTensorInfo(copy);
    variable.assign(tensor);
    tensor.dispose();
  }
  return offsetOf(variable);
}

/** Values whose squares are summed at a time: the sum of a gradient is the sum of its blocks, in order. */
const normBlock = 1 << 16;

/** Σ x² of one tensor, in float64. */
export function sumOfSquares(tensor: Tensor): number {
  const kernel = kernelExports<{ sumOfSquares(x: number, count: number): number }>();
  const offset = offsetOf(tensor);
  let sum = 0;
  for (let from = 0; from < tensor.size; from += normBlock) {
    sum += kernel.sumOfSquares(offset + 4 * from, Math.min(normBlock, tensor.size - from));
  }
  return sum;
}
