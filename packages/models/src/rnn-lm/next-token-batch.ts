import { OptionError, type SequenceBatch } from "@seq/core";

/** A batch of sequences as inputs and, one step later, targets. */
export interface NextTokenBatch {
  /** `[batchSize, time]`, one step shorter than the sequences. */
  readonly inputs: Int32Array;
  readonly batchSize: number;
  readonly time: number;
  /** Inputs of each row, at least 1 (a row without target still runs its first input). */
  readonly lengths: Int32Array;
  /** Where inputs have a target: `row * time + t`, ascending. */
  readonly positions: Int32Array;
  /** The id after each of those. */
  readonly targets: Int32Array;
}

/** @throws {OptionError} `NO_TARGETS` when no row has two ids. */
export function nextTokenBatch(batch: SequenceBatch): NextTokenBatch {
  const { ids, batchSize, time: width } = batch;
  const time = width - 1;
  const targetCount = batch.lengths.reduce((sum, length) => sum + Math.max(0, length - 1), 0);
  if (targetCount === 0) {
    throw new OptionError(
      "language model loss: no row of the batch has two ids, so there is nothing to predict; leave such batches out.",
      { code: "NO_TARGETS", details: { batchSize, time: width } },
    );
  }
  const inputs = new Int32Array(batchSize * time);
  const lengths = new Int32Array(batchSize);
  const positions = new Int32Array(targetCount);
  const targets = new Int32Array(targetCount);
  let k = 0;
  for (let row = 0; row < batchSize; row++) {
    const steps = batch.lengths[row]! - 1;
    lengths[row] = Math.max(1, steps);
    for (let t = 0; t < lengths[row]!; t++) inputs[row * time + t] = ids[row * width + t]!;
    for (let t = 0; t < steps; t++, k++) {
      positions[k] = row * time + t;
      targets[k] = ids[row * width + t + 1]!;
    }
  }
  return { inputs, batchSize, time, lengths, positions, targets };
}
