/**
 * Memory that only one variable sees. tfjs lets tensors share memory (a variable and the tensor it was made
 * from, a clone, a reshape); what is shared is copied once, so that a change in place never changes somebody
 * else's tensor.
 */
import { engine, type Variable } from "@tensorflow/tfjs-core";
import { allocate, floatsOf, offsetOf, sharersOf } from "../backend/heap.ts";

/** Byte offset of the variable's own memory. */
export function ownMemory(variable: Variable): number {
  if (sharersOf(variable) > 1) {
    const copy = allocate(variable.shape, variable.dtype);
    floatsOf(copy).set(floatsOf(variable));
    const tensor = engine().makeTensorFromTensorInfo(copy);
    variable.assign(tensor);
    tensor.dispose();
  }
  return offsetOf(variable);
}
