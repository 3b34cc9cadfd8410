/** Where the time of a training step goes: kernels, calls, tensors. */
import { Rng, type SequenceModel } from "@seq/core";
import { dispose, profile, type Tensor } from "@tensorflow/tfjs-core";
import type { TrainingData } from "../data/training-data.types.ts";
import { computeGradients, tensorsIn } from "./compute-gradients.ts";
import { trainableParameters } from "./training-step.ts";

export interface KernelProfile {
  readonly kernel: string;
  readonly calls: number;
  readonly milliseconds: number;
}

export interface StepProfile {
  /** By time, the slowest first. */
  readonly kernels: readonly KernelProfile[];
  /** Time in all kernels; what a step takes beyond it is JavaScript between them. */
  readonly kernelMilliseconds: number;
  /** Time of forward and backward pass as a whole, with the profiler's own cost. */
  readonly milliseconds: number;
  /** Bytes of tensors at their most. */
  readonly peakBytes: number;
}

/** Forward and backward pass of the next batch under tfjs's profiler; model and data are as before. */
export async function profileStep<Batch>(
  model: SequenceModel<Batch, Tensor>,
  data: TrainingData<Batch>,
): Promise<StepProfile> {
  const trainable = trainableParameters(model.parameters);
  const cursor = data.cursor();
  const { batch } = await data.next();
  await data.seek(cursor);
  const context = { training: true, rng: new Rng(0) };
  const begin = performance.now();
  let milliseconds = 0;
  const { kernels, peakBytes } = await profile(() => {
    const { gradients, state } = computeGradients(model, trainable, batch, context);
    dispose([...gradients.values(), ...tensorsIn(state)]);
    milliseconds = performance.now() - begin;
    return {};
  });
  const byName = new Map<string, { calls: number; milliseconds: number }>();
  for (const { name, kernelTimeMs } of kernels) {
    const time = await kernelTimeMs;
    const sums = byName.get(name) ?? { calls: 0, milliseconds: 0 };
    // A backend without a clock answers with a text.
    const known = typeof time === "number" ? time : 0;
    byName.set(name, { calls: sums.calls + 1, milliseconds: sums.milliseconds + known });
  }
  const rows = [...byName].map(([kernel, sums]) => ({ kernel, ...sums }));
  rows.sort((a, b) => b.milliseconds - a.milliseconds || (a.kernel < b.kernel ? -1 : 1));
  const kernelMilliseconds = rows.reduce((sum, row) => sum + row.milliseconds, 0);
  return { kernels: rows, kernelMilliseconds, milliseconds, peakBytes };
}
