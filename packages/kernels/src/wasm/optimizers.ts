/** Runs `assembly/optimizers.ts` on the memory of variables. */
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { offsetOf, Workspace } from "../backend/heap.ts";
import { heapMemory } from "../backend/tfjs.ts";
import type { UpdateName } from "../reference/optimizers.ts";
import { ownMemory } from "./own-memory.ts";
import { runRange } from "./ranges.ts";

/** Moves the parameter and its slots in place; nothing is allocated. */
export function updateInPlace(
  name: UpdateName,
  parameter: Variable,
  gradient: Tensor,
  slots: readonly (Variable | undefined)[],
  scalars: readonly number[],
): void {
  const offsets = [ownMemory(parameter), 0, 0, 0, 0];
  slots.forEach((slot, i) => {
    if (slot) offsets[2 + i] = ownMemory(slot);
  });
  offsets[1] = offsetOf(gradient);
  const { size } = parameter;
  runRange(name, { end: size, unit: 16, work: size * (2 + slots.length) }, offsets, scalars);
}

/** Values whose squares are summed at a time, as in the kernel. */
const normBlock = 1 << 16;
const blockSums = new Workspace();

/** Σ x² of one tensor, in float64: the sums of its blocks, added in order. */
export function sumOfSquares(tensor: Tensor): number {
  const blocks = Math.ceil(tensor.size / normBlock);
  const sums = blockSums.reserve(8 * blocks);
  const range = { end: blocks, work: tensor.size };
  runRange("sumOfSquaresBlocks", range, [offsetOf(tensor), tensor.size, sums]);
  return new Float64Array(heapMemory().buffer, sums, blocks).reduce((a, b) => a + b, 0);
}
