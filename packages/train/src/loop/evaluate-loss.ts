/** The mean loss of a model over held-out batches. */
import type { SequenceModel } from "@seq/core";
import { dispose, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { TrainingData } from "../data/training-data.types.ts";
import { tensorsIn } from "./compute-gradients.ts";

/**
 * Mean over all targets of one epoch, in nats, with dropout off; state is carried where the data says so. The data
 * stands at the beginning of its next epoch afterwards; without shuffling, each call sees the same batches.
 *
 * @example evaluation: { every: 500, run: () => evaluateLoss(model, validation) }
 */
export async function evaluateLoss<Batch>(
  model: SequenceModel<Batch, Tensor>,
  data: TrainingData<Batch>,
): Promise<{ loss: number; perplexity: number; targets: number }> {
  let sum = 0;
  let targets = 0;
  let state: unknown;
  for (;;) {
    const item = await data.next();
    const previous = item.continues ? state : undefined;
    const context =
      previous === undefined ? { training: false } : { training: false, state: previous };
    const result = tidy(() => {
      const loss = model.loss(item.batch, context);
      const value = loss.mean.dataSync()[0] as number;
      sum += value * loss.targets;
      targets += loss.targets;
      // Returned, so that `tidy` leaves its tensors alone.
      return { state: (loss.state ?? null) as Tensor };
    });
    const kept = new Set(tensorsIn(result.state));
    dispose(tensorsIn(state).filter((tensor) => !kept.has(tensor)));
    state = result.state;
    if (item.endsEpoch) break;
  }
  dispose(tensorsIn(state));
  const loss = sum / targets;
  return { loss, perplexity: Math.exp(loss), targets };
}
